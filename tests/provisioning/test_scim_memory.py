"""What a request leaves in memory: nothing that waits for the garbage collector."""

import gc
import json
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.test import RequestFactory

from provisioning.scim.base import ScimView
from provisioning.scim.request_log import Entry
from tests.scim import PATCH_OP, Scim, okta_user


def garbage(scim: Scim, method: str, path: str, body: Any, status: int) -> list[Any]:
    """Return the requests, views and rows of the log that only the garbage collector frees."""
    content = "" if body is None else json.dumps(body)
    kind, token = "application/scim+json", {"authorization": f"Bearer {scim.token}"}
    environ = RequestFactory().generic(method, scim.base + path, content, content_type=kind, headers=token).environ
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        response = WSGIHandler()(environ, lambda *_: bytes)
        assert response.status_code == status
        response.close()
        del response
        gc.collect()
        found = [each for each in gc.garbage if isinstance(each, (WSGIRequest, ScimView, Entry))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    return found


def patch(**operation: object) -> dict[str, object]:
    return {"schemas": [PATCH_OP], "Operations": [operation]}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/Users?count=100", None, 200),
        ("GET", '/Users?filter=userName+eq+"ada@example.com"', None, 200),
        ("GET", "/Users/{user}", None, 200),
        ("HEAD", "/Users/{user}", None, 405),
        ("POST", "/Users", okta_user("new"), 201),
        ("PUT", "/Users/{user}", okta_user("ada", displayName="Ada L."), 200),
        ("PATCH", "/Users/{user}", patch(op="replace", path="active", value=False), 200),
        ("PATCH", "/Groups/{group}", patch(op="remove", path="members"), 204),
        ("POST", "/Users", {"userName": ""}, 400),
        ("GET", "/Users/unknown", None, 404),
    ],
)
def test_a_request_and_its_body_are_freed_when_it_is_answered(scim, method, path, body, status):
    user = scim.user("ada")
    there = path.format(user=user, group=scim.group(members=[user]))
    assert garbage(scim, method, there, body, status) == []
