"""Texts that people read and that nobody marked for translation: `python -m tests.translation [PATH…]` lists them."""

import ast
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import Lexer, TokenType

from workspace.template_loader import tidied

# What is the same in every language, longest first: products, and the words of SAML, SCIM and HTTP.
_NAMES = [
    *('emails[type eq "work"].value', 'emails[type eq "home"].value', 'emails[type eq "other"].value'),
    *("Microsoft Entra ID", "Google Workspace", "name.formatted", "AuthnRequests", "displayName", "externalId"),
    *("RelayState", "JumpCloud", "OneLogin", "Keycloak", "nickName", "userName", "PingOne", "NameID", "Okta", "AD FS"),
    *("SAML", "SCIM", "ms"),
]
# English: pages of operators, the API, what SCIM answers, commands, jobs, and programs of their own.
ENGLISH = re.compile(
    r"/(admin|api|management|migrations|demo|practice_idp|scim|payload|search|effects|records)/"
    r"|/(admin|jobs|gallery|health|installation_health|operators|bootstrap|settings|installation|key_ring|outbox|start|scheduling)\.(py|html)$"
    r"|/authentication/models/(saml|service_provider|sessions)\.py$|/provisioning/models/connections\.py$"
)

PROJECT = Path(__file__).resolve().parent.parent
_WORDS = re.compile(r"[A-Za-z]{2,}")
_READ_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt"}
# Elements whose content is no language.
_NOT_READ = {"script", "style", "code", "kbd", "pre"}
# What a tag shows of its arguments: `{% include … with title="…" %}`, `{% badge "…" %}`, `{{ value|default:"…" }}`.
_SHOWN = re.compile(
    r"(?:\b(?:title|hint|subtitle|label|text|action|submit|parent_label|names_label|empty|name|effect|badge|word|caption)="
    r"|(?:badge|sort_header)\s+|\|(?:default|add|yesno|default_if_none):)\"([^\"]*[A-Za-z]{2,}[^\"]*)\""
)
# Arguments that people read, by the name of what is called. A number is a position, a text a keyword.
_SINKS: dict[str, tuple[int | str, ...]] = {
    "ActionError": (1,),
    "ConflictError": (1,),
    "ValidationError": (0,),
    "add_error": (1,),
    "success": (1,),
    "error": (1,),
    "info": (1,),
    "warning": (1,),
    "PermissionDenied": (0,),
    "Http404": (0,),
}
_FIELD_WORDS = {"label", "help_text", "empty_label", "subject", "verbose_name", "missing", "what"}


def _is_language(text: str) -> bool:
    """Say whether a text has words of a language: not only names and what programs read."""
    words = re.sub(r"[\w-]+=\"[^\"]*\"|" + "|".join(map(re.escape, _NAMES)), "", text).strip(" ·")
    return _WORDS.search(words) is not None and re.fullmatch(r"-?[a-z]+([_-][a-z]+)*", words) is None


class _Texts(HTMLParser):
    """The texts and read attributes of a page's source."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _NOT_READ:
            self._inside.append(tag)
        self.found += [(self.getpos()[0], f'{name}="{value}"') for name, value in attrs
                       if name in _READ_ATTRIBUTES and value and _is_language(value)]  # fmt: skip

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self._inside and _is_language(data.strip()):
            self.found.append((self.getpos()[0], " ".join(data.split())))


def in_template(path: Path) -> Iterator[tuple[int, str]]:
    """Return the unmarked texts of a template, each with its line."""
    source, is_marked, is_comment = [], False, False
    for token in Lexer(tidied(path.read_text(), is_mail=path.suffix == ".txt")).tokenize():
        name = (token.contents.split(maxsplit=1) or [""])[0] if token.token_type == TokenType.BLOCK else ""
        is_comment = {"comment": True, "endcomment": False}.get(name, is_comment)
        is_marked = {"blocktranslate": True, "endblocktranslate": False}.get(name, is_marked)
        is_read = not is_comment and not is_marked and name not in ("translate", "blocktranslate")
        if token.token_type in (TokenType.BLOCK, TokenType.VAR) and is_read:
            yield from ((token.lineno or 0, each) for each in _SHOWN.findall(token.contents) if _is_language(each))
        elif token.token_type == TokenType.TEXT:
            is_read = is_read and not is_comment
            source.append(token.contents if is_read else "\n" * token.contents.count("\n"))
    texts = _Texts()
    texts.feed("".join(source) if path.suffix == ".html" else f"<p>{''.join(source)}</p>")
    yield from texts.found


def in_module(path: Path) -> Iterator[tuple[int, str]]:
    """Return the unmarked texts of a Python module: what refusals, messages, forms and choices say."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from ((each.lineno, text) for each in _read_by(node) if (text := _unmarked(each)))
        elif isinstance(node, ast.ClassDef) and any("Choices" in ast.unparse(base) for base in node.bases):
            labels = [each.value.elts[-1] for each in node.body
                      if isinstance(each, ast.Assign) and isinstance(each.value, ast.Tuple)]  # fmt: skip
            yield from ((each.lineno, text) for each in labels if (text := _unmarked(each)))


def _read_by(call: ast.Call) -> Iterator[ast.expr]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    is_logger = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value).endswith("logger")
    for place in () if is_logger else _SINKS.get(name, ()):
        if isinstance(place, int) and place < len(call.args):
            yield call.args[place]
    for keyword in call.keywords:
        if keyword.arg in _FIELD_WORDS:
            yield keyword.value
        elif keyword.arg in ("error_messages", "choices") and isinstance(keyword.value, ast.Dict):
            yield from keyword.value.values


def _unmarked(value: ast.expr) -> str:
    """Return the text of an expression that is not marked; empty if there is none, or a name says what it is."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value if _is_language(value.value) else ""
    if isinstance(value, ast.JoinedStr):
        words = "".join(str(each.value) for each in value.values if isinstance(each, ast.Constant))
        return ast.unparse(value) if _WORDS.search(words) else ""
    if isinstance(value, ast.BinOp):
        return _unmarked(value.left) or _unmarked(value.right)
    if isinstance(value, ast.IfExp):
        return _unmarked(value.body) or _unmarked(value.orelse)
    return ""


def unmarked(paths: list[Path]) -> list[str]:
    """Return the unmarked texts below these paths, as "path:line text"."""
    found = []
    for path in sorted(each for start in paths for each in ([start] if start.is_file() else start.rglob("*"))):
        read = {".html": in_template, ".txt": in_template, ".py": in_module}.get(path.suffix)
        if read and not ENGLISH.search(f"/{path.relative_to(PROJECT).as_posix()}"):
            found += [f"{path.relative_to(PROJECT)}:{line} {text[:100]}" for line, text in read(path)]
    return found


if __name__ == "__main__":
    places = [Path(each).resolve() for each in sys.argv[1:]]
    for line in unmarked(
        places or [PROJECT / each for each in ("workspace", "authentication", "provisioning", "templates")]
    ):
        print(line)
