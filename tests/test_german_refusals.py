"""What forms refuse in German has no English left: each answer is compared with itself in English."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from tests.english_left import english_left, texts_of
from tests.matrix import world
from tests.matrix.routes import routes

_SECRET = "a" * 3
# Wrong answers to the forms, by their routes. Each form is posted empty too.
_WRONG = {
    "workspace:sign-in": {"email": "nobody@acme.example", "password": _SECRET},
    "workspace:administrator-invite": {"email": "nobody", "role": "viewer"},
    "workspace:end-user-add": {"full_name": "x" * 999, "email": "nobody"},
    "workspace:end-user-import": {"file": "PK\x03\x04"},
    "authentication:provider-create": {"name": "x" * 999, "vendor": "none", "enforcement": "none", "domains": "a b"},
    "authentication:provider-edit": {
        "name": "IdP",
        "vendor": "okta",
        "enforcement": "selected_domains",
        "domains": "a..b",
    },
    "authentication:provider-connect": {"has_metadata_url": "yes", "metadata_url": "ftp://idp.example"},
    "provisioning:mappings-add": {"name": "x" * 999, "environment": "none", "group": "none"},
    "workspace:account-password": {"current": _SECRET, "password": _SECRET, "repeated": "b"},
    "workspace:api-token-create": {"name": "x" * 999, "where": "some", "ends": "on", "expires_on": "2001-01-01"},
}


@pytest.mark.django_db
def test_no_refusal_of_a_form_has_english_left():
    (acme, things), (globex, _) = (world.make(slug) for slug in ("acme", "globex"))
    open_browser = world.browsers(acme, globex)["owner"]
    left, seen = {}, set()
    for route in (route for route in routes() if route.name in _WRONG):
        address = route.address(things)
        for data in ({}, _WRONG[route.name]):
            both = []
            for language in ("en", "de"):
                file = {"file": SimpleUploadedFile("a.csv", data["file"].encode())} if "file" in data else {}
                with transaction.atomic():
                    response = open_browser().post(address, data | file, headers={"Accept-Language": language})
                    transaction.set_rollback(True)
                both.append(texts_of(response.content.decode()))
            seen |= {route.name} if both[0] else set()
            if texts := english_left(*both):
                left[address, bool(data)] = texts
    assert seen == set(_WRONG)
    assert left == {}
