"""Sentences of this package. They are in English, with what it takes to show them in another language."""


class Text(str):
    """A sentence. `template` and `values` are what it was made of."""

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, **values: object) -> "Text":
        """Return the sentence of a template with named places: `Text("At line %(line)s.", line=3)`."""
        text = str.__new__(cls, template % values if values else template)
        text.template, text.values = template, values
        return text


class TextError(Exception):
    """A refusal in sentences."""

    def __init__(self, *texts: Text) -> None:
        super().__init__(" ".join(texts))
        self.texts = texts
