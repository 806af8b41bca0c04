"""What a sign-in through an identity provider changes of people and groups: product.md's table."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from authentication.actions import group_sync, jit
from authentication.models import ConsumedMessage, EndUserSession, EnvironmentProvider, SignInAttempt
from authentication.provenance import source_of
from authentication.saml.attributes import AssertedProfile
from tests import factories
from tests.authentication.end_users import OKTA, OKTA_ACTOR, environments, person
from tests.authentication.ways import ADA, Way, connect, way
from tests.idp import PERSISTENT
from workspace.actions.end_users import deactivate_end_user
from workspace.actions.groups import create_group
from workspace.actions.members import change_members
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, Environment, GroupMembership
from workspace.visits import Visit

pytestmark = pytest.mark.django_db
Method = EnvironmentProvider.Method
GROUPS = "workspace_end_user_groups"
AT_ONCE = 6


@pytest.fixture
def places() -> list[Environment]:
    return environments()


@pytest.fixture
def just_in_time(places) -> Way:
    return way(places[1], method=Method.JIT)


@pytest.fixture
def syncing(just_in_time) -> Way:
    EnvironmentProvider.objects.update(syncs_groups=True)
    just_in_time.environment_provider.refresh_from_db(fields=["syncs_groups"])
    return just_in_time


def reason() -> str:
    return SignInAttempt.objects.latest("id").reason


def groups_of(end_user: EndUser) -> set[str]:
    return set(end_user.memberships.values_list("group__name", flat=True))


def sources(rows: Any) -> list[tuple[str, str, str]]:
    return list(rows.values_list("source_kind", "source_id", "source_name"))


# People. --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [Method.MANUAL, Method.SCIM])
def test_an_unknown_person_is_refused_without_jit_by_a_sentence_that_helps(places, method):
    response = way(places[1], method=method).sign_in()
    assert response.status_code == 403 and "not provisioned here yet" in response.content.decode()
    assert (reason(), SignInAttempt.objects.get().email) == ("not_provisioned", ADA)
    assert not EndUser.objects.exists()


@pytest.mark.parametrize("method", [Method.MANUAL, Method.SCIM])
def test_a_known_person_without_access_is_refused_without_jit(places, method):
    person(places[0], name="Ada Winter", password="")
    assert way(places[1], method=method).sign_in().status_code == 403
    assert reason() == "no_access"


@pytest.mark.parametrize("method", Method.values)
def test_a_known_person_with_access_signs_in_unchanged_whatever_the_method(places, method):
    ada = person(places[1], name="Ada Winter", password="")
    before, events = sources(ada.accesses.all()), ChangeEvent.objects.about(ada.pk).count()
    theirs = way(places[1], method=method)
    theirs.sign_in(attributes={"workspace_end_user_name": ["Somebody Else"]})
    assert theirs.is_in() and EndUser.objects.get().full_name == "Ada Winter"
    assert sources(ada.accesses.all()) == before and ChangeEvent.objects.about(ada.pk).count() == events


def test_jit_makes_an_unknown_person_and_lets_them_in(just_in_time):
    just_in_time.sign_in(attributes={"workspace_end_user_name": ["Ada Winter"]})
    ada = EndUser.objects.get()
    assert just_in_time.is_in() and (ada.full_name, ada.email) == ("Ada Winter", ADA)
    assert sources(ada.accesses.all()) == [("jit", str(just_in_time.environment_provider.pk), "Okta")]
    event = ChangeEvent.objects.get(action="end_user.created")
    assert (event.actor_kind, event.actor_id, event.actor_name) == (
        "connection",
        str(just_in_time.environment_provider.pk),
        "Okta",
    )
    assert event.request_id == str(SignInAttempt.objects.get().pk)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("A" * 251, "A" * 250),
        ("A" * 250, "A" * 250),
        ("A" * 249 + " B", "A" * 249),
        ("A" * 248 + " " * 5 + "BC", "A" * 248 + " B"),
        ("A" * 249 + "e\u0301", "A" * 249),
        ("A" * 249 + "👩\u200d🚀", "A" * 249),
        ("A" * 248 + "👩\u200d🚀", "A" * 248),
        ("A" * 249 + "👍🏽", "A" * 249),
        ("A" * 249 + "🇩🇪", "A" * 249),
        ("A" * 247 + "🇩🇪🇫🇷", "A" * 247 + "🇩🇪"),
        ("A" * 249 + "\u1112\u1161\u11ab", "A" * 249),
        ("A" * 249 + "\U0001d11e\U0001d11e", "A" * 249 + "\U0001d11e"),
        ("ﷺ" * 60, "ﷺ" * 27),
    ],
)
def test_a_name_that_is_too_long_is_cut_between_characters(just_in_time, sent, kept):
    just_in_time.sign_in(attributes={"workspace_end_user_name": [sent]})
    assert just_in_time.is_in() and EndUser.objects.get().full_name == kept


def test_what_cannot_be_taken_over_is_named_with_the_reason(just_in_time):
    just_in_time.sign_in("ada@" + "a" * 300 + ".example")
    (note,) = SignInAttempt.objects.get().notes
    assert note.startswith("Enter an email address like ada@example.com. “ada@aaa") and note.endswith("aaa” was sent.")


def test_jit_makes_a_person_whose_name_is_not_said(just_in_time):
    just_in_time.sign_in()
    assert EndUser.objects.get().full_name == ADA


@pytest.mark.parametrize(("said", "name"), [("Eve\u202elive", "Evelive"), ("\u2066\u2069", ADA)])
def test_a_name_that_turns_text_round_refuses_nobody_and_loses_what_turns(just_in_time, said, name):
    just_in_time.sign_in(attributes={"workspace_end_user_name": [said]})
    assert just_in_time.is_in() and EndUser.objects.get().full_name == name


def test_a_group_that_turns_text_round_is_the_one_without_it(places, syncing):
    create_group(environment=places[1], name="Sales", by=SYSTEM)
    syncing.sign_in(attributes={GROUPS: ["Sa\u202eles", "Dev\u2067s"]})
    assert groups_of(EndUser.objects.get()) == {"Sales", "Devs"}


def test_jit_lets_somebody_of_another_environment_in_and_leaves_the_profile(places, just_in_time):
    ada = person(places[0], name="Ada Winter", password="")
    just_in_time.sign_in(attributes={"workspace_end_user_name": ["Somebody Else"]})
    assert just_in_time.is_in() and EndUser.objects.get().full_name == "Ada Winter"
    assert set(ada.accesses.values_list("environment__slug", "source_kind")) == {("dev", "manual"), ("test", "jit")}


def test_jit_makes_nobody_of_another_workspace_known_here(just_in_time):
    factories.end_user(environments("globex")[1])
    just_in_time.sign_in("ada.winter@globex.example")
    assert EndUser.objects.filter(email="ada.winter@globex.example").count() == 2


def test_jit_does_not_bring_back_who_was_deactivated(places, just_in_time):
    deactivate_end_user(end_user=person(places[0], name="Ada Winter", password=""), by=SYSTEM)
    assert just_in_time.sign_in().status_code == 403
    assert reason() == "deactivated" and not EndUser.objects.get().accesses.filter(environment=places[1]).exists()


@pytest.mark.parametrize(
    ("email", "attributes", "expected"),
    [
        ("not an address", {}, "no_email"),
        ("ada@" + "a" * 300 + ".example", {}, "unusable_profile"),
    ],
)
def test_a_refusal_changes_nobody_and_nothing(syncing, email, attributes, expected):
    before = ChangeEvent.objects.count()
    assert syncing.sign_in(email, attributes={GROUPS: ["A"], **attributes}).status_code == 403
    assert reason() == expected
    assert not EndUser.objects.exists() and ChangeEvent.objects.count() == before
    assert not ConsumedMessage.objects.exists() and not EndUserSession.objects.exists()


def test_the_attributes_of_the_provider_count(just_in_time):
    provider = just_in_time.environment_provider.identity_provider
    provider.name_attribute, provider.email_attribute = "who", "where"
    provider.save()
    sent = {"who": ["Ada W"], "where": [ADA], "email": ["x@y.example"], "displayName": ["Nobody"]}
    just_in_time.sign_in("u-1", name_id_format=PERSISTENT, attributes=sent)
    assert (EndUser.objects.get().full_name, EndUser.objects.get().email) == ("Ada W", ADA)


def test_who_was_made_by_another_request_a_moment_ago_is_let_in(places, just_in_time):
    ada = person(places[0], name="Ada Winter", password="")
    welcomed = jit.welcome(just_in_time.environment_provider, None, AssertedProfile(ADA, "Ada", None), Visit())
    assert (welcomed.end_user, welcomed.is_new, welcomed.is_let_in) == (ada, False, True)


# Groups. --------------------------------------------------------------------------------------------------------------


def test_memberships_follow_the_assertion(syncing):
    for sent, held in [(["A", "B"], {"A", "B"}), (["B", "C"], {"B", "C"}), (["b", " B "], {"B"}), ([], set())]:
        syncing.sign_in(attributes={GROUPS: sent})
        assert groups_of(EndUser.objects.get()) == held
    group = syncing.environment.groups.get(name="A")
    assert (group.source_kind, group.source_id, group.source_name) == (
        "jit",
        str(syncing.environment_provider.pk),
        "Okta",
    )


def test_memberships_that_are_right_already_cost_no_event(syncing):
    syncing.sign_in(attributes={GROUPS: ["A", "B"]})
    before = ChangeEvent.objects.count()
    syncing.sign_in(attributes={GROUPS: ["B", "A"]})
    assert ChangeEvent.objects.count() == before


def test_a_missing_group_attribute_says_nothing_of_groups(syncing):
    syncing.sign_in(attributes={GROUPS: ["A"]})
    syncing.sign_in(attributes={})
    assert groups_of(EndUser.objects.get()) == {"A"}


def test_a_group_by_hand_is_joined_and_left_again_but_stays_by_hand(places, syncing):
    support = create_group(environment=places[1], name="Support", by=SYSTEM)
    syncing.sign_in(attributes={GROUPS: ["support"]})
    assert sources(support.memberships.all()) == [("jit", str(syncing.environment_provider.pk), "Okta")]
    syncing.sign_in(attributes={GROUPS: []})
    support.refresh_from_db()
    assert not support.memberships.exists() and not support.is_managed


def test_a_membership_by_hand_stays_when_the_assertion_no_longer_names_the_group(places, syncing):
    support = create_group(environment=places[1], name="Support", by=SYSTEM)
    syncing.sign_in(attributes={GROUPS: ["Support"]})
    change_members(group=support, add=[EndUser.objects.get().pk], by=SYSTEM)
    syncing.sign_in(attributes={GROUPS: []})
    assert sources(support.memberships.all()) == [("manual", "", "Added by hand")]


def test_a_group_of_another_provider_is_neither_joined_nor_left(places, syncing):
    ada = person(places[1], name="Ada Winter", password="")
    for name, members in (("Pushed", []), ("Held", [ada.pk])):
        create_group(environment=places[1], name=name, members=members, source=OKTA, by=OKTA_ACTOR)
    syncing.sign_in(attributes={GROUPS: ["Pushed"]})
    assert syncing.is_in() and groups_of(ada) == {"Held"}


def test_what_is_everyones_elsewhere_or_of_others_is_left_alone(places, syncing):
    other, elsewhere = (
        factories.end_user(places[1], name="Bo"),
        create_group(environment=places[0], name="A", by=SYSTEM),
    )
    syncing.sign_in(attributes={GROUPS: ["Everyone", "A"]})
    ada = EndUser.objects.get(email=ADA)
    change_members(group=elsewhere, add=[ada.pk], by=SYSTEM)
    change_members(group=places[1].groups.get(name="A"), add=[other.pk], by=SYSTEM)
    syncing.sign_in(attributes={GROUPS: ["B"]})
    assert set(ada.memberships.values_list("group__environment__slug", "group__name")) == {("dev", "A"), ("test", "B")}
    assert groups_of(other) == {"A"}


def test_a_name_that_no_group_can_have_is_passed_over(syncing):
    syncing.sign_in(attributes={GROUPS: ["A" * 300, "B"]})
    assert syncing.is_in() and groups_of(EndUser.objects.get()) == {"B"}


def test_more_groups_than_can_be_meant_are_refused(syncing):
    assert syncing.sign_in(attributes={GROUPS: list(map(str, range(1001)))}).status_code == 403
    assert reason() == "too_many_groups" and not EndUser.objects.exists()


@pytest.mark.parametrize("method", Method.values)
def test_without_jit_and_its_switch_groups_are_left_alone(places, method):
    person(places[1], name="Ada Winter", password="")
    theirs = way(places[1], method=method)
    EnvironmentProvider.objects.update(syncs_groups=method != Method.JIT)
    theirs.sign_in(attributes={GROUPS: ["A"]})
    assert theirs.is_in() and not GroupMembership.objects.exists()


def test_a_group_that_another_request_made_a_moment_ago_is_joined(syncing, monkeypatch):
    ada = factories.end_user(syncing.environment)
    create_group(environment=syncing.environment, name="A", source=source_of(syncing.environment_provider), by=SYSTEM)
    create_group(environment=syncing.environment, name="Theirs", source=OKTA, by=OKTA_ACTOR)
    monkeypatch.setattr(group_sync, "_named", lambda environment, keys: [])
    changes = group_sync.sync_groups(syncing.environment_provider, ada, ("A", "Theirs", "B"), Visit())
    assert (changes.created, changes.ignored) == (("A", "B"), (("Theirs", "Okta Dev manages it."),)) and groups_of(
        ada
    ) == {"A", "B"}


# At once. -------------------------------------------------------------------------------------------------------------


def test_first_sign_ins_at_once_make_one_person_with_their_groups(transactional_db, syncing):
    """As many browsers as threads, all of a person who is not there yet."""
    browsers = [Way(syncing.environment_provider, syncing.idp) for _ in range(AT_ONCE)]
    sent = [(each, each.idp.respond(each.answer(each.begin(), attributes={GROUPS: ["A", "B"]}))) for each in browsers]

    def post(way_and_xml: tuple[Way, bytes]) -> int:
        try:
            return way_and_xml[0].post(way_and_xml[1]).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(post, sent)) == [302] * AT_ONCE
    ada = EndUser.objects.get()
    assert EndUserSession.objects.filter(end_user=ada).count() == AT_ONCE
    assert groups_of(ada) == {"A", "B"} and GroupMembership.objects.count() == 2


def test_s7_one_response_at_once_in_many_threads_makes_one_session(transactional_db, syncing):
    xml = syncing.idp.respond(syncing.answer(syncing.begin()))

    def post(_: int) -> int:
        try:
            return syncing.post(xml).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = list(pool.map(post, range(5 * AT_ONCE)))
    assert set(statuses) <= {302, 403} and 302 in statuses  # the browser's session leads on who comes after it started
    assert EndUserSession.objects.count() == 1


def test_another_idp_in_the_providers_place_finds_people_by_address_again(just_in_time):
    for number in (1, 2):
        idp = type(just_in_time.idp)(entity_id=f"https://idp-{number}.example")
        connect(just_in_time.environment_provider, idp)
        just_in_time.idp = idp
        just_in_time.sign_in(f"u-{number}", name_id_format=PERSISTENT, attributes={"email": [ADA]})
    assert EndUserSession.objects.filter(end_user=EndUser.objects.get()).count() == 2
