"""Invitation of many people at once, and what their pages offer."""

import pytest

from authentication.actions.policies import switch_password, switch_saml
from authentication.models import EnvironmentProvider, PasswordTicket
from authentication.policy import SignInPolicy
from tests import factories
from tests.authentication.ways import connect
from tests.idp import Idp
from tests.workspace.bulk import confirm, everybody, mark
from tests.workspace.crowds import add_people
from tests.workspace.pages import text
from workspace.actions.end_users import deactivate_end_user, set_password
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(acme):
    """Ada and Bo may be invited; Cy has a password, Di no access, and Ed no address."""
    acme.cy = factories.end_user(acme.dev, name="Cy Ode")
    set_password(end_user=acme.cy, password="a long enough passphrase", by=SYSTEM)
    factories.end_user(acme.prod, name="Di Sommer")
    ed = factories.end_user(acme.dev, name="Ed Lund")
    ed.email, ed.user_name = "", "ed"
    ed.save()
    return acme


def enforce(place, enforcement, **values):
    use = factories.identity_provider(place.dev)
    for name, value in {"enforcement": enforcement, **values}.items():
        setattr(use, name, value)
    use.save()
    connect(use, Idp())
    switch_saml(environment=place.dev, is_enabled=True, by=SYSTEM)


def test_who_may_use_a_password_gets_a_link_by_mail(place, owner, mails):
    url = everybody(place, "invite")
    page = owner.get(url)
    assert "2 people will get a mail with a link to set a password for DEV." in text(page)
    assert page.context["left_out"] == [
        "1 person cannot sign in to DEV. Give access or reactivate first.",
        "1 person has no email address.",
        "1 person has a password already.",
    ]
    sent = mails(lambda: confirm(owner, url))
    assert sorted(mail.to for mail in sent) == [["ada@acme.example"], ["bo@acme.example"]]
    assert all("/password/set/?token=" in mail.body or "token=" in mail.body for mail in sent)
    event = ChangeEvent.objects.first()
    assert event.action == "end_users.invited" and event.subjects.filter(kind="enduser").count() == 2
    assert PasswordTicket.objects.count() == 2


def test_people_of_enforced_sso_are_left_out(place, owner):
    enforce(place, EnvironmentProvider.Enforcement.ALL_DOMAINS)
    page = owner.get(everybody(place, "invite"))
    assert page.context["left_out"][-1] == "2 people need no password, because they sign in with an identity provider."
    assert "There is nobody to change" in text(page)


def test_those_of_enforced_domains_alone_are_left_out(place, owner):
    EndUser.objects.filter(pk=place.bo.pk).update(email="bo@else.example", email_key="bo@else.example")
    enforce(place, EnvironmentProvider.Enforcement.SELECTED_DOMAINS, domains=["acme.example"])
    page = owner.get(everybody(place, "invite"))
    assert page.context["names"] == ["Bo Lund"]


@pytest.mark.parametrize("enforcement", EnvironmentProvider.Enforcement.values)
def test_many_may_use_a_password_as_each_may(place, enforcement):
    enforce(place, enforcement, domains=["acme.example", "xn--bcher-kva.example"])
    domains = ["ACME.example", "sub.acme.example", "other.example", "b\u00fccher.example", "XN--bcher-kva.example"]
    people = [EndUser(workspace=place.workspace, email=f"{n}@{domain}") for n, domain in enumerate(domains)]
    for person in people:
        person.set_keys()
    EndUser.objects.bulk_create(people)
    policy = SignInPolicy.of(place.dev)
    expected = {person.pk for person in people if policy.ways(person.email).has_password}
    asked = EndUser.objects.filter(pk__in=[person.pk for person in people])
    assert set(policy.with_password(asked).values_list("pk", flat=True)) == expected


def test_nobody_is_invited_who_was_deactivated_meanwhile(place, owner, mails):
    url = everybody(place, "invite")
    expected = mark(owner.get(url))
    deactivate_end_user(end_user=place.ada, by=SYSTEM)
    assert mails(lambda: owner.post(url, {"expected": expected})) == []


def test_a_thousand_people_are_invited_by_few_statements(place, owner, mails, django_assert_max_num_queries):
    add_people(place, 1000, environments=[place.dev])
    url = everybody(place, "invite")
    expected = mark(owner.get(url))

    def invite():
        with django_assert_max_num_queries(48):
            owner.post(url, {"expected": expected})

    sent = mails(invite)
    assert len(sent) == 1002 and len({mail.body for mail in sent}) == 1002


class TestInviteNow:
    def offered(self, client, place, person) -> bool:
        return "Invite now" in text(client.get(f"{place.url}end-users/{person.pk}/"))

    def test_it_is_offered_after_adding_until_it_is_pressed(self, place, owner, mails):
        data = {"full_name": "Gus Roth", "email": "gus@acme.example", "environments": ["dev"]}
        page = owner.post(f"{place.url}end-users/add/", data, follow=True)
        assert "Gus Roth was added." in text(page) and "Invite now" in text(page)
        gus = EndUser.with_email(place.workspace, "gus@acme.example")
        (mail,) = mails(lambda: owner.post(page.context["offers"][0].url))
        assert mail.to == ["gus@acme.example"] and not self.offered(owner, place, gus)

    def test_it_is_not_offered_where_no_password_opens_or_there_is_one(self, place, owner, as_role):
        assert self.offered(owner, place, place.ada) and not self.offered(as_role("viewer"), place, place.ada)
        assert not self.offered(owner, place, place.cy)
        deactivate_end_user(end_user=place.ada, by=SYSTEM)
        assert not self.offered(owner, place, place.ada)
        enforce(place, EnvironmentProvider.Enforcement.ALL_DOMAINS)
        switch_password(environment=place.dev, is_enabled=False, by=SYSTEM)
        assert not self.offered(owner, place, place.bo)


@pytest.mark.parametrize("where", ["add", "edit"])
def test_an_address_of_a_deactivated_person_offers_reactivation(place, owner, where):
    deactivate_end_user(end_user=place.ada, by=SYSTEM)
    path = f"{place.url}end-users/" + ("add/" if where == "add" else f"{place.cy.pk}/edit/")
    data = {"full_name": "Somebody", "email": "ADA@acme.example", "environments": ["dev"]}
    page = owner.post(path, data)
    assert "Ada Winter is deactivated. Reactivate" in text(page)
    url = page.context["reactivate_url"]
    assert f'id="reactivate-holder" method="post" action="{url}"' in " ".join(page.content.decode().split())
    owner.post(url)
    assert EndUser.objects.get(pk=place.ada.pk).is_active
    assert "is deactivated." not in text(owner.post(path, data))
