"""HTTP responses of SCIM, and what a failure becomes (RFC 7644 section 3.12)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpResponse

from provisioning.payload import errors
from workspace.refusals import ActionError, ConflictError

CONTENT_TYPE = "application/scim+json"


def resource(document: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(json.dumps(document), content_type=CONTENT_TYPE, status=status, headers=headers)


def empty(headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(status=204, content_type=CONTENT_TYPE, headers=headers)


def error(failure: errors.ScimError) -> HttpResponse:
    return resource(failure.to_dict(), failure.status, failure.headers)


@contextmanager
def scim_errors() -> Iterator[None]:
    """Turns what the layers below refuse, or cannot do now, into SCIM errors."""
    try:
        yield
    except ConflictError as refusal:
        raise errors.uniqueness(refusal.message) from None
    except ActionError as refusal:
        raise errors.invalid_value(refusal.message) from None
    except IntegrityError:
        raise errors.uniqueness("Another request changed the same at the same time. Read it, then try again.") from None
    except (OperationalError, InterfaceError):
        raise errors.unavailable() from None
    except RequestDataTooBig:
        raise errors.too_large("Send at most 1 MB in one request.") from None
    except SuspiciousOperation:
        raise errors.invalid_syntax("The request is malformed: it has too many parameters.") from None
