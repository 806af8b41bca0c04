"""The workspace Globex, which Microsoft Entra ID provisions."""

from authentication.models import EnvironmentProvider, IdentityProvider
from provisioning.actions.connections import choose_method
from provisioning.demo import people
from provisioning.demo.steps import add_by_hand, add_provider, connect_scim
from provisioning.practice_idp.scim.bodies import ENTERPRISE, entra_user
from provisioning.practice_idp.scim.directory import Group, Person
from provisioning.practice_idp.scim.entra import Entra
from workspace.events import SYSTEM
from workspace.models import Workspace

ENTRA = IdentityProvider.Vendor.ENTRA
Enforcement = EnvironmentProvider.Enforcement


def fill(globex: Workspace) -> None:
    """Add people, providers and a SCIM connection."""
    dev, test, prod = globex.environments.all()
    *pushed, by_hand = people.GLOBEX
    add_by_hand(by_hand, [dev])
    jit = add_provider(test, "Entra Test", ENTRA)
    choose_method(environment_provider=jit, method=EnvironmentProvider.Method.JIT, syncs_groups=True, by=SYSTEM)
    conversation, _ = connect_scim(
        add_provider(prod, "Entra ID", ENTRA, Enforcement.SELECTED_DOMAINS, ["globex.example"])
    )
    department = {ENTERPRISE: {"department": "Operations"}}
    ids = [
        conversation.send("POST", "/Users", entra_user(_person(number, name)) | department)["id"]
        for number, name in enumerate(pushed, start=1)
    ]
    entra = Entra(conversation)
    entra.add_members(entra.create_group(Group("entra-operations", "Operations")), ids[:9])
    entra.set_active(ids[0], False)


def _person(number: int, name: str) -> Person:
    return Person(f"entra-{number:06d}", people.email(name, "globex.example"), name)
