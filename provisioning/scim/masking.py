"""Masking of secrets in what the request log keeps."""

import json
import re
from typing import Any

MAX_LENGTH = 16 * 1024
MASK = "••••••"
_SECRET_NAME = re.compile(r"password|token|secret|authorization", re.IGNORECASE)
_SECRET_PAIR = re.compile(
    r'("[^"]*(?:password|token|secret|authorization)[^"]*"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]]+)', re.I
)
_TOKEN = re.compile(r"scim_[a-z0-9]+_[\w-]+")


def masked_request(body: bytes) -> str:
    """The body as the log may keep it: values of secret attributes masked, also in PATCH operations."""
    text = body.decode("utf-8", "replace").replace("\0", "�")
    try:
        text = json.dumps(_masked(json.loads(text)), ensure_ascii=False)
    except (ValueError, RecursionError):
        text = _SECRET_PAIR.sub(rf'\1"{MASK}"', text)
    return masked_text(text.encode("utf-8", "replace").decode())


def masked_text(text: str) -> str:
    """Text without our tokens, cut to the length that the log keeps."""
    if len(text) > MAX_LENGTH:
        text = f"{text[:MAX_LENGTH]} … ({len(text):,} characters)"
    return _TOKEN.sub(f"scim_{MASK}", text)


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    hides_value = any(name.lower() == "path" and _SECRET_NAME.search(str(path)) for name, path in value.items())
    return {
        name: MASK if _SECRET_NAME.search(name) or (hides_value and name.lower() == "value") else _masked(item)
        for name, item in value.items()
    }
