"""HTTP responses of SCIM, and the SCIM error that each failure becomes (RFC 7644 section 3.12)."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, IntegrityError, InterfaceError
from django.http import HttpResponse

from provisioning.payload import errors
from provisioning.payload.masking import masked_text
from workspace import outage
from workspace.refusals import ActionError, ConflictError

CONTENT_TYPE = "application/scim+json"


def document(content: Mapping[str, object], status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """A response with a SCIM document."""
    return text(json.dumps(content), status, headers)


def text(content: str, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """A response with a SCIM document as JSON."""
    return HttpResponse(content.encode(), content_type=CONTENT_TYPE, status=status, headers=headers)


def empty(headers: dict[str, str] | None = None) -> HttpResponse:
    """A response without a body."""
    return HttpResponse(status=204, content_type=CONTENT_TYPE, headers=headers)


def error(failure: errors.ScimError) -> HttpResponse:
    """A response with the RFC's error document. What was sent may be quoted in it, but no token."""
    content = failure.to_dict()
    return document(content | {"detail": masked_text(str(content["detail"]))}, failure.status, failure.headers)


def failed(request_id: str, status: int = 500) -> HttpResponse:
    """The response to a request at which the program failed."""
    return error(errors.ScimError(status, f"The request failed. Tell us its id: {request_id}."))


@contextmanager
def scim_errors() -> Iterator[None]:
    """Raise ScimError for what actions refuse, and for what the database and Django refuse."""
    try:
        yield
    except ConflictError as refusal:
        raise errors.uniqueness(refusal.message) from None
    except ActionError as refusal:
        raise errors.invalid_value(refusal.message) from None
    except IntegrityError:
        raise errors.uniqueness("Another request changed the same at the same time. Read it, then try again.") from None
    except (DatabaseError, InterfaceError) as failure:
        if not outage.is_outage(failure):
            raise
        outage.note(failure)
        raise errors.unavailable(outage.reason(failure)) from None
    except RequestDataTooBig:
        raise errors.too_large("Send at most 1 MB in one request.") from None
    except SuspiciousOperation:
        raise errors.invalid_syntax("The request is malformed: it has too many parameters.") from None
