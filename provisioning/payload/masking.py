"""Masks secrets in what the request log keeps."""

import json
import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from provisioning.payload.body import MAX_DIGITS, has_long_numbers, has_many_parts, is_json_text
from provisioning.payload.resources import Document
from workspace.json_text import text_of

MAX_LENGTH = 16 * 1024
MASK = "••••••"
_SECRETS = ("password", "token", "secret", "authorization")
_SECRET = re.compile("|".join(_SECRETS))
# Text that is not parsed does not show whose `value` it holds, nor where an object ends. Escapes may spell any name.
_SECRET_PAIR = re.compile(
    rf'((?:{"|".join(_SECRETS)}|value|\\u)[^"]*"\s*:\s*)(\\*"(?:[^"\\]|\\.)*"?|[\[{{].*|[^\s,}}\]]+)',
    re.IGNORECASE | re.DOTALL,
)
# A value that begins like an object or a list: JSON in a text.
_JSON_IN_TEXT = re.compile(r'"\s*[\[{]')
_TOKEN = re.compile(r"scim_[a-z0-9]+_[\w-]+")


def masked_request(body: bytes, parsed: Document | None = None) -> str:
    """Return a body for the log, with the values of secret attributes masked, also in PATCH operations.

    `parsed` is what the body holds, where that is known.
    """
    if not body:
        return ""
    text = body.decode("utf-8-sig", "replace").replace("\0", "�")
    masked, is_whole = _masked_json(text, parsed)
    masked = masked.encode("utf-8", "replace").decode()
    return _cut(masked, len(masked) if is_whole else len(text))


def masked_query(query: str) -> str:
    """Return a query string for the log, without the values of parameters that name secrets, as a filter may."""
    if not _is_secret(unquote_plus(query)):
        return masked_text(query)
    parts = (
        f"{part.partition('=')[0]}={MASK}" if _is_secret(unquote_plus(part)) else part for part in query.split("&")
    )
    return masked_text("&".join(parts))


def masked_text(text: str) -> str:
    """Return a text without our tokens, cut to the length that the log keeps."""
    return _cut(text, len(text))


def _cut(text: str, length: int) -> str:
    if length > MAX_LENGTH:
        text = f"{text[:MAX_LENGTH]} … ({length:,} characters)"
    return _TOKEN.sub(f"scim_{MASK}", text)


def _masked_json(text: str, parsed: Document | None = None) -> tuple[str, bool]:
    """Return the text without its secrets, and whether it is whole: the log keeps only so much."""
    copy = _Copy(is_harmless=_is_harmless(text))
    try:
        value = _parsed(text) if parsed is None else parsed
        fits = copy.is_harmless and len(text) <= MAX_LENGTH // 2
        return text_of(value if fits else copy.of(value)), copy.left > 0
    except (ValueError, RecursionError):
        return _SECRET_PAIR.sub(rf'\1"{MASK}"', text[:MAX_LENGTH]), len(text) <= MAX_LENGTH


def _parsed(text: str) -> object:
    if has_many_parts(text):
        raise ValueError
    return json.loads(text, parse_int=_number if has_long_numbers(text) else None)


def _is_harmless(text: str) -> bool:
    """Say whether JSON names no secret. Escapes may spell any name."""
    folded = text.casefold()  # in which a pattern would search for longer
    return "\\" not in text and not any(name in folded for name in _SECRETS) and not _JSON_IN_TEXT.search(text)


def _number(text: str) -> int | str:
    """Leave a number that is too long as text: the request was refused for it."""
    return int(text) if len(text.lstrip("-")) <= MAX_DIGITS else text


@dataclass
class _Copy:
    """Copies JSON values without their secrets, as far as the log has room.

    The whole body is parsed first: a part that the log cuts off may show that a part before it is a secret.
    """

    is_harmless: bool
    left: int = MAX_LENGTH

    def of(self, value: object) -> object:
        self.left -= len(value) + 2 if isinstance(value, str) else 2
        if isinstance(value, list):
            return [self.of(item) for item in value if self.left > 0]
        if isinstance(value, dict):
            return self._object(value)
        if is_json_text(value):
            return _masked_json(value)[0]  # some clients send JSON in a text
        return value

    def _object(self, value: Document) -> Document:
        if self.is_harmless:
            return {name: self.of(item) for name, item in value.items() if self.left > 0}
        hides_value = any(name.lower() == "path" and _is_secret(str(path)) for name, path in value.items())
        return {
            name: MASK
            if _is_secret(name) or (hides_value and name.lower() == "value") or _compares_secret(name, item)
            else self.of(item)
            for name, item in value.items()
            if self.left > 0
        }


def _compares_secret(name: str, item: object) -> bool:
    """Say whether this is a filter that compares a secret with a text."""
    return name.lower() in {"filter", "path"} and '"' in str(item) and _is_secret(str(item))


def _is_secret(name: str) -> bool:
    return _SECRET.search(name.casefold()) is not None
