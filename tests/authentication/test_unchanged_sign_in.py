"""The everyday sign-in is stored by one statement, as the whole way stores it, or left to the whole way."""

import json
import re
from itertools import islice, product
from types import SimpleNamespace

import pytest

from authentication.actions import saml_sign_in
from authentication.actions.policies import switch_saml
from authentication.models import (
    AuthnRequest,
    ConsumedMessage,
    EndUserSession,
    EnvironmentProvider,
    SamlIdentity,
    SignInAttempt,
)
from tests.authentication.end_users import environments, person
from tests.authentication.ways import ADA, Way, way
from tests.idp import PERSISTENT
from tests.provisioning.stored import rolled_back
from workspace import metrics
from workspace.actions.end_users import deactivate_end_user
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, EnvironmentAccess, GroupMembership, Workspace

pytestmark = pytest.mark.django_db
GROUPS = "workspace_end_user_groups"
TABLES = [
    *(SignInAttempt, EndUserSession, AuthnRequest, ConsumedMessage, SamlIdentity),
    *(ChangeEvent, EndUser, EnvironmentAccess, GroupMembership),
]
# What is drawn anew or read from a clock.
OWN = {"id", "at", "created_at", "updated_at", "last_seen_at", "last_sign_in_at", "consumed_at", "expires_at"}
OWN |= {"digest", "sealed_name_id", "nonce_digest", "message_id", "subject_id", "active_since", "request_id"}


@pytest.fixture
def okta() -> Way:
    """A provider that has signed Ada in, with two groups that it made."""
    okta = way(environments()[1], method="jit")
    EnvironmentProvider.objects.update(syncs_groups=True)
    assert okta.sign_in(attributes={GROUPS: ["A", "B"]}).status_code == 302
    return okta


@pytest.fixture
def done(monkeypatch) -> list[bool]:
    """Whether each sign-in from now on was the everyday one."""
    done = []

    def noting(*args):
        arrival = everyday(*args)
        done.append(arrival is not None)
        return arrival

    everyday = saml_sign_in.sign_in_unchanged
    monkeypatch.setattr(saml_sign_in, "sign_in_unchanged", noting)
    return done


def stored() -> str:
    """All rows, without what is drawn anew or read from a clock. Ids are numbered as they come."""
    found = [
        {name: value for name, value in row.items() if name not in OWN}
        for table in TABLES
        for row in table._base_manager.order_by("pk").values()
    ]
    known: dict[str, str] = {}
    text = json.dumps(found, default=str, indent=0)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", lambda match: known.setdefault(match[0], f"<{len(known)}>"), text)


def both_ways(monkeypatch, sign_in):
    """The status of a sign-in, which stores the same by the whole way alone."""

    def outcome():
        return sign_in().status_code, stored()

    with rolled_back():
        status, rows = outcome()
    with rolled_back(), monkeypatch.context() as patched:
        patched.setattr(saml_sign_in, "sign_in_unchanged", lambda *args: None)
        assert outcome() == (status, rows)
    return status


def switched_off(okta):
    okta.environment_provider.is_enabled = False
    okta.environment_provider.save()


def without_saml(okta):
    switch_saml(environment=okta.environment, is_enabled=False, by=SYSTEM)


def domain_of_another(okta):
    other = way(okta.environment, name="Ping", idp=okta.idp).environment_provider
    other.enforcement, other.domains = "selected_domains", ["acme.example"]
    other.save()


def deactivated(okta):
    deactivate_end_user(end_user=EndUser.objects.get(), by=SYSTEM)


def without_access(okta):
    EnvironmentAccess.objects.all().delete()


def without_access_and_jit(okta):
    without_access(okta)
    EnvironmentProvider.objects.update(method="manual")


def workspace_removed(okta):
    Workspace.objects.update(removed_at="2026-01-01T00:00Z")


def nothing(okta):
    pass


def remembered(okta):
    """Another NameID means Ada."""
    EndUser.objects.update(email="other@acme.example", email_key="other@acme.example")
    named = {"name_id_format": PERSISTENT, "attributes": {"email": ["other@acme.example"], GROUPS: ["A", "B"]}}
    assert okta.sign_in("u-1", **named).status_code == 302


def somebody_else(okta):
    person(okta.environment, name="Bo Lund", password="")


SAME = {GROUPS: ["B", "A"]}
# More than a sign-in may name.
SPELLINGS = ["B", *("A" + "".join(unseen) for unseen in islice(product("\u200b\u200c\u200d\u2060", repeat=5), 1000))]


@pytest.mark.parametrize(
    ("before", "who", "attributes", "is_everyday"),
    [
        (nothing, ADA, SAME, True),
        (nothing, ADA.upper(), {GROUPS: [" a", "B", "b"]}, True),
        (nothing, ADA, {}, True),
        (remembered, "u-1", SAME, True),
        (nothing, ADA, {GROUPS: ["A", "B", "C"]}, False),
        (nothing, ADA, {GROUPS: ["A"]}, False),
        (nothing, ADA, {GROUPS: SPELLINGS}, False),
        (nothing, "new@acme.example", SAME, False),
        (nothing, "u-2", {"email": [ADA], **SAME}, False),
        (remembered, "u-2", {"email": ["other@acme.example"], **SAME}, False),
        (somebody_else, "bo.lund@acme.example", SAME, False),
        (deactivated, ADA, SAME, False),
        (without_access, ADA, SAME, False),
        (without_access_and_jit, ADA, SAME, False),
        (switched_off, ADA, SAME, False),
        (without_saml, ADA, SAME, False),
        (domain_of_another, ADA, SAME, False),
        (workspace_removed, ADA, SAME, False),
    ],
)
def test_both_ways_store_the_same(okta, monkeypatch, done, before, who, attributes, is_everyday):
    request, form = okta.begin(), {"name_id_format": PERSISTENT} if "@" not in who else {}
    before(okta)
    xml = okta.idp.respond(okta.answer(request, who, attributes=attributes, **form))
    done.clear()
    both_ways(monkeypatch, lambda: okta.post(xml))
    assert done == [is_everyday]


def test_an_assertion_and_a_request_count_once(okta, monkeypatch, done):
    first, second = okta.begin(), okta.begin()
    replayed = okta.idp.respond(okta.answer(second, attributes=SAME, assertion_id=f"_assertion-{first}"))
    assert okta.post(okta.idp.respond(okta.answer(first, attributes=SAME))).status_code == 302
    assert both_ways(monkeypatch, lambda: okta.post(replayed)) == 403
    assert done == [True, False]
    assert okta.post(replayed).status_code == 403
    assert SignInAttempt.objects.latest("id").reason == "replayed"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_unknown", [False, True], ids=["everyday", "whole"])
def test_prometheus_counts_each_attempt_once_and_none_that_was_rolled_back(okta, monkeypatch, is_unknown):
    counted: list[tuple[str, str]] = []
    monkeypatch.setattr(metrics, "metrics", SimpleNamespace(count_sign_in=lambda *each: counted.append(each)))
    who = "new@acme.example" if is_unknown else ADA
    first, second = okta.begin(), okta.begin()
    assert okta.post(okta.idp.respond(okta.answer(first, who, attributes=SAME))).status_code == 302
    assert counted == [("succeeded", "")]
    replayed = okta.idp.respond(okta.answer(second, who, attributes=SAME, assertion_id=f"_assertion-{first}"))
    assert okta.post(replayed).status_code == 403
    assert counted == [("succeeded", ""), ("refused", "replayed")]


@pytest.mark.django_db(transaction=True)
def test_a_request_that_another_post_has_just_used_is_gone(okta, monkeypatch, done):
    """The other one comes after this request was read."""
    request = okta.begin()
    xml = okta.idp.respond(okta.answer(request, attributes=SAME))
    read = saml_sign_in.read_claims

    def meanwhile(*args):
        AuthnRequest.objects.use_up(request, args[-1])
        return read(*args)

    counted: list[tuple[str, str]] = []
    monkeypatch.setattr(metrics, "metrics", SimpleNamespace(count_sign_in=lambda *each: counted.append(each)))
    monkeypatch.setattr(saml_sign_in, "read_claims", meanwhile)
    sessions = EndUserSession.objects.count()
    assert okta.post(xml).status_code == 403
    assert (done, SignInAttempt.objects.latest("id").reason) == ([False], "request_gone")
    assert EndUserSession.objects.count() == sessions
    assert counted == [("refused", "request_gone")]
