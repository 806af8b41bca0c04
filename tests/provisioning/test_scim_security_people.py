"""security.md C5, C9 and C11: administrators, being active or not, and sessions."""

import pytest
from django.test import Client
from django.utils import timezone

from authentication.actions.passwords import request_password_reset
from authentication.models import EndUserSession
from tests import factories
from tests.authentication.end_users import environments, is_signed_in, provider, signed_in
from tests.factories import PASSWORD
from tests.provisioning.refusals import has_access, is_refused, person, switch
from tests.scim import USER, Scim, okta_user
from workspace.actions.end_users import set_password
from workspace.events import SYSTEM
from workspace.models import Administrator, Environment, OutgoingMail, User
from workspace.visits import Visit

pytestmark = pytest.mark.django_db


# C5


@pytest.fixture
def dev() -> Environment:
    return environments()[0]


@pytest.fixture
def okta(dev) -> Scim:
    """A connection of a provider that may enforce SSO in DEV."""
    use = provider(dev)
    token = factories.scim_token(use)
    return Scim(use.connection, token)


def test_c5_administrators_and_operators_are_out_of_reach(okta, dev):
    owner = factories.administrator(dev.workspace)
    operator = User.objects.create_superuser("operator@acme.example", PASSWORD)
    console = factories.sign_in(Client(), owner)
    before = sorted(map(str, [*User.objects.values(), *Administrator.objects.values()]))
    for name in (owner.user.email, operator.email):
        pk = okta.post("/Users", {"userName": name, "displayName": "Taken over"}).body["id"]
        okta.put(f"/Users/{pk}", {"userName": name, "displayName": "x", "emails": [{"value": "new@example.com"}]})
        okta.patch(f"/Users/{pk}", switch(False))
        assert okta.delete(f"/Users/{pk}").status == 204
    assert sorted(map(str, [*User.objects.values(), *Administrator.objects.values()])) == before
    assert console.get(f"/workspaces/{dev.workspace.slug}/", follow=True).status_code == 200


@pytest.mark.parametrize("address", ["ada@example.com", "new@example.com"])
def test_c5_an_address_from_an_identity_provider_never_feeds_a_password_reset(okta, dev, address):
    pk = okta.user()
    set_password(end_user=person(), password=PASSWORD, by=SYSTEM)
    change = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@example.com"}
    assert okta.patch(f"/Users/{pk}", change).status == 200
    request_password_reset(environment=dev, email=address, visit=Visit(), now=timezone.now())
    assert not OutgoingMail.objects.exists()


# C9

OFF = [False, "False", "false", "FALSE", " false ", 0, "0"]
ON = [True, "True", "true", 1, "1"]
DOUBTFUL = ["no", "off", "inactive", "Falsch", 2, -1, 0.0, [], {}, [False, False], "null", "0.0"]
FORMS = {
    "a path": switch,
    "another case": lambda value: {"Op": "Replace", "PATH": "ACTIVE", "value": value},
    "the URN": lambda value: {"op": "add", "path": f"{USER}:active", "value": value},
    "no path": lambda value: {"op": "replace", "value": {"active": value}},
    "no path and the URN": lambda value: {"op": "replace", "value": {f"{USER}:active": value}},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_c9_off_is_off_on_is_on_and_doubt_is_refused(scim, form):
    pk = scim.user()
    for off in OFF:
        assert scim.patch(f"/Users/{pk}", form(off)).status == 200
        assert not has_access()
        for doubtful in DOUBTFUL:
            assert is_refused(scim.patch(f"/Users/{pk}", form(doubtful)), 400, "invalidValue"), doubtful
        assert not has_access()
        for on in ON:
            assert scim.patch(f"/Users/{pk}", form(on)).status == 200
            assert has_access()
    for doubtful in DOUBTFUL:
        assert is_refused(scim.patch(f"/Users/{pk}", form(doubtful)), 400, "invalidValue"), doubtful
        assert is_refused(scim.put(f"/Users/{pk}", okta_user(active=doubtful)), 400, "invalidValue"), doubtful
    assert has_access()


# C11


@pytest.fixture
def ada(okta) -> str:
    """The SCIM id of somebody with a password."""
    pk = okta.user()
    set_password(end_user=person(), password=PASSWORD, by=SYSTEM)
    return pk


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PATCH", {"Operations": [{"op": "Replace", "path": "active", "value": "False"}]}),
        ("PUT", okta_user(active=False)),
        ("DELETE", None),
    ],
)
def test_c11_deprovisioning_ends_every_session(okta, ada, dev, method, body):
    browsers = [signed_in(dev, person()) for _ in range(2)]
    assert okta.call(method, f"/Users/{ada}", body).status in {200, 204}
    assert not any(is_signed_in(browser, dev) for browser in browsers)
    if method != "DELETE":
        assert okta.patch(f"/Users/{ada}", switch(True)).status == 200
        assert not any(is_signed_in(browser, dev) for browser in browsers)


def test_c11_a_request_that_is_refused_ends_no_session(okta, ada, dev):
    browser = signed_in(dev, person())
    refused = okta.patch(f"/Users/{ada}", switch(False), {"op": "remove", "path": "userName"})
    assert is_refused(refused, 400, "mutability")
    assert is_signed_in(browser, dev)
    assert EndUserSession.objects.get().ended_at is None
