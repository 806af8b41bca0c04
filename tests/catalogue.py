"""The catalogue of a language, and the texts that the code marks, read without the programs of gettext."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.template.base import Lexer, TokenType
from django.utils.text import smart_split
from django.utils.translation import trim_whitespace

from tests.translation import ENGLISH, PROJECT
from workspace.template_loader import tidied

CATALOGUE = PROJECT / "workspace" / "locale" / "de" / "LC_MESSAGES" / "django.po"
# What marks a text in Python, and the places of context, text and plural among the arguments.
_MARKS: dict[str, tuple[int | None, int, int | None]] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), (None, 0, None)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), (0, 1, None)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (None, 0, 1)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), (0, 1, 2)),
    **dict.fromkeys(("count", "about", "counted"), (None, 1, 2)),
    "Sentence": (None, 0, None),
}
_QUOTED = re.compile(r"_\(\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\s*\)")
_LINE = re.compile(r"(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d)\])?\s+(\".*\")$")
# A text as the catalogue finds it: its context and itself.
Key = tuple[str, str]


@dataclass
class Entry:
    """A text with its translations."""

    context: str = ""
    text: str = ""
    plural: str = ""
    translations: dict[int, str] = field(default_factory=dict)
    is_fuzzy: bool = False

    @property
    def key(self) -> Key:
        return self.context, self.text


def entries(path: Path = CATALOGUE) -> list[Entry]:
    """Return the entries of a .po file, the header first."""
    return [_entry(block) for block in re.split(r"\n\s*\n", path.read_text()) if "msgid" in block]


def _entry(block: str) -> Entry:
    found, place = Entry(is_fuzzy=bool(re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE))), ("", 0)
    for line in block.splitlines():
        if match := _LINE.match(line):
            place = match[1], int(match[2] or 0)
        elif not line.startswith('"'):
            continue
        text = ast.literal_eval(match[3] if match else line)
        match place:
            case "msgctxt", _:
                found.context += text
            case "msgid", _:
                found.text += text
            case "msgid_plural", _:
                found.plural += text
            case "msgstr", number:
                found.translations[number] = found.translations.get(number, "") + text
    return found


def marked(places: list[Path]) -> Iterator[tuple[Path, Key]]:
    """Return the texts that Python and templates below these places mark."""
    for path in sorted(each for place in places for each in place.rglob("*")):
        read = {".html": _in_template, ".txt": _in_template, ".py": _in_module}.get(path.suffix)
        if read and not ENGLISH.search(f"/{path.relative_to(PROJECT).as_posix()}"):
            yield from ((path, key) for key in read(path))


def _in_module(path: Path) -> Iterator[Key]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        context_at, text_at, _plural_at = _MARKS.get(name, (None, -1, None))
        texts = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
        text = texts[text_at] if 0 <= text_at < len(texts) else None
        if isinstance(text, str) and text:
            yield str(texts[context_at]) if context_at is not None else "", text


def _in_template(path: Path) -> Iterator[Key]:
    block: list[str] | None = None
    is_trimmed, context = False, ""
    for token in Lexer(tidied(path.read_text(), is_mail=path.suffix == ".txt")).tokenize():
        words = list(smart_split(token.contents)) if token.token_type == TokenType.BLOCK else [""]
        if words[0] == "blocktranslate":
            block, is_trimmed = [], "trimmed" in words
            context = _context(words)
        elif words[0] in ("plural", "endblocktranslate") and block is not None:
            text = "".join(block)
            yield context, trim_whitespace(text) if is_trimmed else text
            # Of a plural only the text of one is a key.
            block = None
        elif block is not None and token.token_type == TokenType.VAR:
            block.append(f"%({token.contents})s")
        elif block is not None and token.token_type == TokenType.TEXT:
            block.append(token.contents.replace("%", "%%"))
        elif words[0] == "translate" and words[1][0] in "\"'":
            yield (
                (ast.literal_eval(words[words.index("context") + 1]) if "context" in words else ""),
                _literal(words[1]),
            )
        if token.token_type in (TokenType.BLOCK, TokenType.VAR):
            yield from (("", _literal(each)) for each in _QUOTED.findall(token.contents))


def _context(words: list[str]) -> str:
    return _literal(words[words.index("context") + 1]) if "context" in words else ""


def _literal(quoted: str) -> str:
    return quoted[1:-1].replace('\\"', '"').replace("\\'", "'")
