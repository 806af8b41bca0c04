"""Stands in for pysaml2's module of XML schemas, and loads it when something validates a document.

pysaml2 reads all schemas of SAML when it is imported, which takes each process 11 MB and a quarter of its start.
Responses to us go through `authentication.saml.gate` instead.
"""

import importlib
import sys
from functools import cache
from threading import Lock
from typing import Any

_NAME = "saml2.xml.schema"
_loading = Lock()


class XMLSchemaError(Exception):
    """The document does not fit the schema."""


def validate(doc: str, validator: Any = None) -> None:
    """Validate a document. Raises XMLSchemaError."""
    with _loading:
        real = _real()
    try:
        real.validate(doc, validator)
    except real.XMLSchemaError as error:
        raise XMLSchemaError(*error.args) from error


@cache
def _real() -> Any:
    del sys.modules[_NAME]
    return importlib.import_module(_NAME)


def install() -> None:
    """Let pysaml2 import this module for its own, unless that one is loaded already."""
    sys.modules.setdefault(_NAME, sys.modules[__name__])
