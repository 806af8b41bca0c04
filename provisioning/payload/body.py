"""Reads request bodies, and refuses what no client may send in any dialect (security.md C7). Writes JSON."""

import json
import math
import re
from collections.abc import Iterable
from itertools import chain
from typing import TypeGuard

from provisioning.payload import errors
from provisioning.payload.resources import Document

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
# Ten thousand members with four attributes each fit. An object of ours has about thirty names.
MAX_PARTS, MAX_NAMES = 60_000, 1_000
MAX_DIGITS = 20
_ALL_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTENT_TYPES = {"", "application/scim+json", "application/json"}


def check_headers(content_type: str, content_encoding: str) -> None:
    """Refuse a body that is not plain JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _CONTENT_TYPES:
        raise errors.ScimError(415, "Send the body as application/scim+json or application/json.")
    if content_encoding.strip().lower() not in {"", "identity"}:
        raise errors.ScimError(415, "Send the body without a Content-Encoding.")


def parse(content: bytes) -> Document:
    """Return the JSON object of a body. Raises ScimError."""
    if len(content) > MAX_BYTES:
        raise errors.too_large("Send at most 1 MB in one request.")
    try:
        text = content.decode("utf-8-sig")  # RFC 8259 lets readers ignore a byte order mark.
    except UnicodeDecodeError:
        raise errors.invalid_syntax("Send the body in UTF-8.") from None
    value = loads(text)
    if not isinstance(value, dict):
        raise errors.invalid_syntax("Send one JSON object.")
    return value


def loads(text: str) -> object:
    """Read strict JSON: no repeated names, no NaN, no deep nesting, no text that a database cannot hold."""
    if has_many_parts(text):
        raise errors.too_large(f"Send at most {MAX_PARTS:,} values in one request.")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_short if has_long_numbers(text) else None,
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise errors.invalid_syntax(f"This is not valid JSON: {error}.") from None
    _check_depth(value)
    if "\\u" in text:
        _check_text(value)
    return value


def is_json_text(value: object) -> TypeGuard[str]:
    """Say whether a value is a text that holds an object or a list: some clients send JSON so."""
    return isinstance(value, str) and value.lstrip().startswith(("[", "{"))


def has_many_parts(text: str) -> bool:
    """Say whether a text may hold more values than a client needs. They are counted before they are parsed."""
    return sum(map(text.count, "{[,")) > MAX_PARTS


def _unique(pairs: list[tuple[str, object]]) -> Document:
    """Refuse a name that stands twice. Names are case-insensitive: `userName` and `username` are the same."""
    if len(pairs) > MAX_NAMES:
        raise errors.too_large(f"Send at most {MAX_NAMES:,} attributes in one object.")
    if len(pairs) > 1 and len({name.lower() for name, _ in pairs}) < len(pairs):
        raise errors.invalid_syntax("An attribute stands twice in one object. Send each name once.")
    return dict(pairs)


def _refuse_constant(name: str) -> None:
    raise errors.invalid_syntax(f"{name} is not a JSON number.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise errors.invalid_syntax("A number is too large.")
    return number


def has_long_numbers(text: str) -> bool:
    """Say whether there are more digits in a row than a number may have. Reading n digits takes n² steps."""
    return b"0" * (MAX_DIGITS + 1) in text.encode("utf-8", "replace").translate(_ALL_ZEROS)


def _short(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise errors.invalid_syntax(f"Send numbers of at most {MAX_DIGITS} digits.")
    return int(text)


def _check_depth(value: object) -> None:
    level = _nested([value])
    for _ in range(MAX_DEPTH):
        level = _nested(chain.from_iterable(item.values() if isinstance(item, dict) else item for item in level))
        if not level:
            return
    raise _too_deep()


def _nested(values: Iterable[object]) -> list[dict[str, object] | list[object]]:
    # It sees every value of a body: a union of types would take three times as long as a tuple.
    return [value for value in values if isinstance(value, (dict, list))]


def _too_deep() -> errors.ScimError:
    return errors.invalid_syntax(f"Nest objects and lists at most {MAX_DEPTH} deep.")


def _check_text(value: object) -> None:
    """Refuse NUL and half surrogate pairs, which escapes can spell. Raw UTF-8 in JSON cannot."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if _UNSTORABLE.search(item):
                raise errors.invalid_syntax(
                    "A text holds a character that cannot be stored (NUL or half a surrogate pair)."
                )
        elif isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list):
            waiting += item
