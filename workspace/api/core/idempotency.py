"""Idempotency-Key: a repeated request gets the answer of the first one, and changes nothing."""

import hashlib
import json
from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from workspace.api.core.calls import Call
from workspace.api.core.problems import Problem
from workspace.crypto import UnsealError, seal, unseal
from workspace.db.transactions import naming_conflicts
from workspace.models import IdempotentRequest

_LONGEST = 255
# Of an answer, what is kept beside its body.
_HEADERS = ("Content-Type", "ETag", "Location")


class _TakenError(Exception):
    """Another request with the same key was first."""


def once(request: HttpRequest, call: Call, change: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the response of a change, which is one transaction with the kept answer.

    Of two requests with the same key at once, the second waits and gets the answer of the first. An error is not kept:
    nothing was changed, so the request may be repeated.
    """
    key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
    if not key:
        with transaction.atomic():
            return change()
    if len(key) > _LONGEST or not key.isprintable():
        raise Problem(
            400, "wrong_idempotency_key", f"Send an Idempotency-Key of at most {_LONGEST} letters and digits."
        )
    fingerprint = _fingerprint(request)
    try:
        with transaction.atomic():
            return _known(call, key, fingerprint) or _kept(call, key, fingerprint, change)
    except _TakenError:
        with transaction.atomic():
            return _known(call, key, fingerprint) or _kept(call, key, fingerprint, change)


def _fingerprint(request: HttpRequest) -> str:
    parts = (request.method or "", request.get_full_path())
    return hashlib.sha256("\0".join(parts).encode() + b"\0" + request.body).hexdigest()


def _known(call: Call, key: str, fingerprint: str) -> HttpResponse | None:
    """Return the answer that was given to the key; None if it is new."""
    found = call.token.idempotent_requests.filter(key=key).first()
    if found is None:
        return None
    if found.created_at < call.now - IdempotentRequest.KEPT:
        found.delete()
        return None
    if found.fingerprint != fingerprint:
        detail = "This Idempotency-Key was sent with another request in the last 24 hours. Send a new key."
        raise Problem(422, "idempotency_key_reused", detail)
    return _opened(found.sealed_answer)


def _kept(call: Call, key: str, fingerprint: str, change: Callable[[], HttpResponse]) -> HttpResponse:
    # Stored first, so that an equal request waits for this transaction.
    row = IdempotentRequest(token=call.token, key=key, fingerprint=fingerprint)
    with naming_conflicts(IdempotentRequest, lambda _: _TakenError()):
        row.save()
    response = change()
    headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
    row.sealed_answer = seal(json.dumps([response.status_code, headers, response.content.decode()]))
    row.save()
    return response


def _opened(sealed: str) -> HttpResponse:
    try:
        status, headers, content = json.loads(unseal(sealed) if sealed else "[]")
    except (UnsealError, ValueError):
        detail = "This request was done. Its answer was deleted with personal data in it, or its key was replaced."
        raise Problem(409, "answer_deleted", detail) from None
    return HttpResponse(content, status=status, headers={**headers, "Idempotency-Replayed": "true"})
