"""Stands in for requests in the modules of pysaml2 that import it, and loads it when one of them asks somebody.

With urllib3 it takes each process 4.5 MB. Our own requests go through `workspace.outgoing` instead.
"""

import importlib
import importlib.metadata
import sys
from typing import Any

_NAME = "requests"
_IMPORTERS = ("saml2.entity", "saml2.httpbase", "saml2.mdstore")

__version__ = importlib.metadata.version(_NAME)  # which pysaml2 reads at its import


def __getattr__(name: str) -> Any:
    return getattr(importlib.import_module(_NAME), name)


def install() -> None:
    """Let pysaml2 import this module for requests, unless that one is loaded already. Others import the real one."""
    if _NAME in sys.modules:
        return
    sys.modules[_NAME] = sys.modules[__name__]
    try:
        for importer in _IMPORTERS:
            importlib.import_module(importer)
    finally:
        del sys.modules[_NAME]
