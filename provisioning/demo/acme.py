"""The workspace Acme, with people added by hand, providers in every state, and Okta pushing by SCIM."""

from datetime import UTC, datetime

from authentication.actions.identity_providers import create_provider
from authentication.actions.provider_use import disable_provider
from authentication.actions.sign_in import sign_in_with_password
from authentication.models import EnvironmentProvider, IdentityProvider
from provisioning.actions.connections import choose_method
from provisioning.demo import people
from provisioning.demo.conversation import Conversation, make_mistakes
from provisioning.demo.passwords import password
from provisioning.demo.steps import add_by_hand, add_provider, connect_scim
from provisioning.practice_idp.scim.bodies import okta_user
from provisioning.practice_idp.scim.directory import Group, Person
from provisioning.practice_idp.scim.okta import Okta
from provisioning.practice_idp.scim.push import WRONG_TOKEN
from workspace.actions.end_users import deactivate_end_user
from workspace.actions.groups import create_group
from workspace.actions.members import change_members
from workspace.events import SYSTEM
from workspace.models import EndUser, Environment, Workspace
from workspace.visits import Visit

BY_HAND_COUNT = 12
# The last people added by hand are pushed by Okta too, which then links them.
FIRST_PUSHED = BY_HAND_COUNT // 2

Vendor = IdentityProvider.Vendor
Enforcement = EnvironmentProvider.Enforcement
Method = EnvironmentProvider.Method


def fill(acme: Workspace) -> None:
    """Add people, groups, providers, what Okta pushes, and sign-in attempts."""
    dev, test, prod = acme.environments.all()
    _add_people_by_hand(dev, prod)
    _add_providers_in_each_state(test, prod)
    _push_from_okta(prod)
    _sign_in(dev, prod)


def _add_people_by_hand(dev: Environment, prod: Environment) -> None:
    """Add people to DEV and some of them to PROD too, and groups; deactivate one person."""
    testers = create_group(environment=dev, name="Testers", by=SYSTEM)
    create_group(environment=prod, name="Sales", by=SYSTEM)  # Okta pushes this group later, and takes it over
    added = [
        add_by_hand(name, [dev, prod] if number % 3 == 0 else [dev])
        for number, name in enumerate(people.ACME[:BY_HAND_COUNT])
    ]
    change_members(group=testers, add=[end_user.pk for end_user in added[:8]], by=SYSTEM)
    deactivate_end_user(end_user=EndUser.objects.get(pk=added[1].pk), by=SYSTEM)


def _add_providers_in_each_state(test: Environment, prod: Environment) -> None:
    """Add providers with JIT, with manual provisioning, without a method, disabled, and with an unfinished set-up."""
    jit = add_provider(test, "Okta Test", Vendor.OKTA, Enforcement.ALL_DOMAINS)
    choose_method(environment_provider=jit, method=Method.JIT, syncs_groups=True, by=SYSTEM)
    create_provider(
        environment=test, name="Keycloak Lab", vendor=Vendor.KEYCLOAK, enforcement=Enforcement.NO_ONE, by=SYSTEM
    )
    add_provider(test, "PingOne Trial", Vendor.PING)
    manual = add_provider(prod, "Partner AD FS", Vendor.ADFS, Enforcement.SELECTED_DOMAINS, ["partner.example"])
    choose_method(environment_provider=manual, method=Method.MANUAL, by=SYSTEM)
    disable_provider(environment_provider=add_provider(prod, "OneLogin (old)", Vendor.ONELOGIN), by=SYSTEM)


def _push_from_okta(prod: Environment) -> None:
    use = add_provider(prod, "Okta Prod", Vendor.OKTA, Enforcement.ALL_DOMAINS)
    conversation, connection = connect_scim(use)
    okta = Okta(conversation)
    pushed = [_person(number, name) for number, name in enumerate(people.ACME[FIRST_PUSHED:], start=1)]
    ids = [okta.create_user(person) for person in pushed]
    for name, members in {"Engineering": ids[:18], "Sales": ids[18:28], "Support": ids[25:]}.items():
        group_id = okta.create_group(Group("", name))
        okta.add_members(group_id, members)
    conversation.patch(f"/Users/{ids[3]}", {"op": "replace", "value": {"title": "Team lead"}})
    okta.set_active(ids[-1], False)
    okta.find_user(_person(0, people.ACME[0]))
    wrong_token = Conversation(connection.base_url, WRONG_TOKEN)
    make_mistakes(conversation, wrong_token, okta_user(_person(99, people.ACME[-2])), group_id)


def _person(number: int, name: str) -> Person:
    return Person(f"{number:017d}", people.email(name, "acme.example"), name)


def _sign_in(dev: Environment, prod: Environment) -> None:
    """Attempt sign-ins with a password: one succeeds, and one is refused for each reason that can occur here."""
    by_hand, deactivated, mistaken, *_, pushed = (people.email(name, "acme.example") for name in people.ACME[:-1])
    visit = Visit("192.0.2.24", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
    for environment, email, typed in [
        (dev, by_hand, password(by_hand)),
        (dev, deactivated, password(deactivated)),
        (dev, pushed, "a password for elsewhere"),
        (dev, "ada.wintre@acme.example", password(by_hand)),
        (prod, by_hand, password(by_hand)),
        *[(dev, mistaken, "a forgotten password")] * 6,
    ]:
        sign_in_with_password(environment=environment, email=email, password=typed, visit=visit, now=datetime.now(UTC))
