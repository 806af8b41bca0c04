"""Template tags that span several lines, so no line has to be long; and values that are isolated by themselves."""

import re
from collections.abc import Iterable

from django.template.base import Origin
from django.template.loaders.filesystem import Loader as FilesystemLoader
from django.utils.text import smart_split

_TAG = re.compile(r"{[%{].*?[%}]}", re.DOTALL)
_LINE_END = re.compile(r"\s*\n\s*")
# Means nothing in HTML. In a list it would come again with every row.
_INDENTATION = re.compile(r"\n[ \t]+")
# A translated block, a template tag or comment, a value, and where an HTML tag begins and ends.
_TOKEN = re.compile(
    r"(?P<opening>{%\s*blocktranslate.*?%})(?P<inside>.*?){%\s*endblocktranslate\s*%}"
    r"|{[%#].*?[%#]}|{{(?P<value>.*?)}}|<[a-zA-Z/!]|>",
    re.DOTALL,
)


class Loader(FilesystemLoader):
    """A loader of `templates/`.

    It joins each tag into one line, because Django's lexer reads no others. It adds a filter to each value that stands
    in text, so a name is in `<bdi>` wherever it needs to be. Values in the attributes of an HTML tag stay as they are.
    It drops the indentation of HTML.
    """

    def get_contents(self, origin: Origin) -> str:
        is_mail = origin.name.endswith(".txt")
        source = tidied(super().get_contents(origin), is_mail=is_mail)
        return isolate_values(source, "in_plain_text" if is_mail else "in_html")


def tidied(source: str, *, is_mail: bool) -> str:
    """Return a template's source with each tag in one line, and HTML without its indentation."""
    joined = _TAG.sub(lambda tag: _LINE_END.sub(" ", tag[0]), source)
    return joined if is_mail else _INDENTATION.sub("\n", joined)


def isolate_values(source: str, name: str) -> str:
    """Return a template's source with a filter of this name at each value that stands outside HTML tags."""
    is_text = True

    def replaced(token: re.Match[str]) -> str:
        nonlocal is_text
        text = token[0]
        if text == ">" or text.startswith("<"):
            is_text = text == ">"
        if not is_text:
            return text
        if opening := token["opening"]:
            return _bound(opening, _names_in_text(token["inside"]), name) + text[len(opening) :]
        return f"{{{{{token['value'].rstrip()}|{name} }}}}" if token["value"] else text

    return _TOKEN.sub(replaced, source)


def _names_in_text(inside: str) -> list[str]:
    """Return the names of a translated block's values that stand outside HTML tags."""
    names, is_text = list[str](), True
    for token in _TOKEN.finditer(inside):
        if token[0] == ">" or token[0].startswith("<"):
            is_text = token[0] == ">"
        elif is_text and token["value"]:
            names.append(token["value"].strip())
    return names


def _bound(tag: str, names: Iterable[str], filter_name: str) -> str:
    """Return a `{% blocktranslate %}` that binds these names with the filter, because none may stand in the block.

    `count` binds a number, which needs none. What `asvar` names may come to stand in an attribute, without elements.
    """
    parts = list(smart_split(tag))
    filter_name = "in_plain_text" if "asvar" in parts else filter_name
    free = dict.fromkeys(names)
    for at, part in enumerate(parts):
        bound, is_bound, _ = part.partition("=")
        if is_bound and bound in free:
            del free[bound]
            parts[at] = part if parts[at - 1] == "count" else f"{part}|{filter_name}"
    if free:
        place = parts.index("with") if "with" in parts else len(parts) - 1
        parts[place : place + ("with" in parts)] = ["with", *(f"{each}={each}|{filter_name}" for each in free)]
    return " ".join(parts)
