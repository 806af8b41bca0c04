"""JSON as text, as `json.dumps` writes it. That makes an encoder for each value, in as long as a small value takes."""

import json
from collections.abc import Callable
from json import encoder
from typing import Any


def _dumps(spelled: Callable[[str], str]) -> Callable[[object], str]:
    """Return a function that writes JSON, with texts as this one spells them."""
    parts: Any = encoder.c_make_encoder(  # type: ignore[attr-defined] # the stubs lack it
        None, json.JSONEncoder().default, spelled, None, ": ", ", ", False, False, True
    )
    return lambda value: "".join(parts(value, 0))


# With escapes for all but ASCII.
ascii_of = _dumps(encoder.encode_basestring_ascii)
# With letters as they are: the form that PostgreSQL gives stored documents.
text_of = _dumps(encoder.encode_basestring)
