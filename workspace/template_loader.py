"""Template tags that span several lines, so no line has to be long; and values that are isolated by themselves."""

import re

from django.template.base import Origin
from django.template.loaders.filesystem import Loader as FilesystemLoader

_TAG = re.compile(r"{[%{].*?[%}]}", re.DOTALL)
_LINE_END = re.compile(r"\s*\n\s*")
# Means nothing in HTML. In a list it would come again with every row.
_INDENTATION = re.compile(r"\n[ \t]+")
# A template tag or comment, a value, and where an HTML tag begins and ends.
_TOKEN = re.compile(r"{[%#].*?[%#]}|{{(?P<value>.*?)}}|<[a-zA-Z/!]|>", re.DOTALL)


class Loader(FilesystemLoader):
    """A loader of `templates/`.

    It joins each tag into one line, because Django's lexer reads no others. It adds a filter to each value that stands
    in text, so a name is in `<bdi>` wherever it needs to be. Values in the attributes of an HTML tag stay as they are.
    It drops the indentation of HTML.
    """

    def get_contents(self, origin: Origin) -> str:
        joined = _TAG.sub(lambda tag: _LINE_END.sub(" ", tag[0]), super().get_contents(origin))
        if origin.name.endswith(".txt"):
            return isolate_values(joined, "in_plain_text")
        return isolate_values(_INDENTATION.sub("\n", joined), "in_html")


def isolate_values(source: str, name: str) -> str:
    """Return a template's source with a filter of this name at each value that stands outside HTML tags."""
    is_text = True

    def replaced(token: re.Match[str]) -> str:
        nonlocal is_text
        if token[0] == ">" or token[0].startswith("<"):
            is_text = token[0] == ">"
        return f"{{{{{token['value'].rstrip()}|{name} }}}}" if is_text and token["value"] else token[0]

    return _TOKEN.sub(replaced, source)
