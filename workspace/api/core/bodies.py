"""Bodies of requests: strict JSON, one object, as `fields.Strict` reads it."""

import json
import math
import re
from collections.abc import Iterator
from typing import NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from workspace.api.core.problems import Problem, wrong

_DEEPEST = 20
_MOST_DIGITS = 20
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def read(request: HttpRequest) -> dict[str, object]:
    """Return the JSON object of a request; an empty one if there is no body. Raises Problem."""
    try:
        content = request.body
    except RequestDataTooBig:
        raise Problem(413, "too_large", "Send at most 2 MB in one request.") from None
    if not content:
        return {}
    _check_type(request)
    try:
        value = _parsed(content.decode())
    except UnicodeDecodeError:
        raise _malformed("Send the body in UTF-8.") from None
    if not isinstance(value, dict):
        raise _malformed("Send one JSON object.")
    for pointer, text in _texts(value):
        if _UNSTORABLE.search(text):
            detail = "A text holds a character that cannot be stored: NUL, or half of a surrogate pair."
            raise wrong(pointer.removeprefix("/"), "unstorable", detail)
    return value


def _check_type(request: HttpRequest) -> None:
    if request.content_type != "application/json":
        raise Problem(415, "unsupported_media_type", "Send the body as Content-Type: application/json.")
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Problem(415, "unsupported_media_type", "Send the body without a Content-Encoding.")


def _parsed(text: str) -> object:
    try:
        value = json.loads(
            text, object_pairs_hook=_once, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_short
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise _malformed(f"This is not valid JSON: {error}.") from None
    level = [value]
    for _ in range(_DEEPEST + 1):
        level = [child for each in level for child in _children(each)]
        if not level:
            return value
    raise _too_deep()


def _children(value: object) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _malformed(f"{json.dumps(twice)} stands twice in one object. Send each name once.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise _malformed(f"{name} is not a JSON number.")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise _malformed("A number is too large.")
    return number


def _short(text: str) -> int:
    # Reading n digits takes n² steps.
    if len(text) > _MOST_DIGITS:
        raise _malformed(f"Send numbers of at most {_MOST_DIGITS} digits.")
    return int(text)


def _texts(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a value with a JSON pointer to it; of a name, to what it names."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for name, each in value.items():
            at = f"{pointer}/{escaped(name)}"
            yield at, name
            yield from _texts(each, at)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, f"{pointer}/{index}")


def escaped(name: str) -> str:
    """Return a name as it stands in a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _malformed(detail: str) -> Problem:
    return Problem(400, "malformed", detail)


def _too_deep() -> Problem:
    return _malformed(f"Nest objects and lists at most {_DEEPEST} deep.")
