"""S14 as a property: parts of logout requests, put together at random, are refused or mean whom the IdP signed.

Mallory has requests for herself that the IdP signed, and forged ones that name Ada. RECOMBINATIONS= says how many
documents are made; SEED= begins elsewhere.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from authentication.saml.bindings import REQUEST, Arrived
from authentication.saml.errors import SamlRefused
from authentication.saml.logout import LogoutRequest, read_request
from authentication.saml.xml import parse
from tests.authentication.responses import IDP, PROVIDER
from tests.authentication.unread import extensions, other
from tests.idp import EMAIL, NOW, NS, SLO_URL, Idp, Logout, encode

COUNT = int(os.environ.get("RECOMBINATIONS", "1000"))
SEED = int(os.environ.get("SEED", "0"))
MALLORY, ADA = "mallory@acme.example", "ada@acme.example"
Step = Callable[[etree._Element, list[etree._Element], random.Random], None]


def hint(root: etree._Element) -> None:
    extensions(root).append(other('<k:KeyInfo xmlns:k="urn:keycloak:ext:key:1.0" MessageSigningKeyId="kid"/>'))


def requests(idp: Idp, person: str, message_id: str = "_logout-1") -> list[bytes]:
    logout = Logout(id=message_id, person=person, session_indexes=[f"{person}-1"])
    return [idp.log_out(logout, edit=edit) for edit in (None, hint)]


HONEST = requests(IDP, MALLORY)
FORGED = [
    *requests(Idp(), ADA),
    *requests(Idp(), ADA, "_logout-2"),
    IDP.log_out(Logout(person=ADA, session_indexes=[f"{ADA}-1"]), style=None),
]


def hide(root: etree._Element, parts: list[etree._Element], chance: random.Random) -> None:
    """Put a part into Extensions, perhaps below an element of others."""
    there = root.find("samlp:Extensions", NS)
    holder = extensions(root) if there is None or chance.random() < 0.2 else there
    if chance.random() < 0.5:
        holder = etree.SubElement(holder, "{urn:other}holder")
    holder.append(deepcopy(chance.choice(parts)))


def place(root: etree._Element, parts: list[etree._Element], chance: random.Random) -> None:
    root.insert(chance.randint(0, len(root)), deepcopy(chance.choice(parts)))


def replace(root: etree._Element, parts: list[etree._Element], chance: random.Random) -> None:
    """Put a part where another of its name stands."""
    old = chance.choice(list(root.iter()))
    fitting = [part for part in parts if part.tag == old.tag]
    if fitting and old.getparent() is not None:
        old.getparent().replace(old, deepcopy(chance.choice(fitting)))


def take_over(root: etree._Element, parts: list[etree._Element], chance: random.Random) -> None:
    """Name Ada, and keep what was signed in Extensions."""
    signed = deepcopy(root)
    for name_id in root.findall("saml:NameID", NS):
        name_id.text = ADA
    hide(root, [signed, *signed], chance)


def change(root: etree._Element, parts: list[etree._Element], chance: random.Random) -> None:
    element = chance.choice(list(root.iter()))
    if chance.random() < 0.5:
        element.text = chance.choice([ADA, f"{ADA}-1", "", " "])
    else:
        element.set(
            chance.choice(["ID", "Id", "Format", "NotOnOrAfter"]), chance.choice(["_logout-1", "_x", EMAIL, ""])
        )


def remove(root: etree._Element, parts: list[etree._Element], chance: random.Random) -> None:
    if len(root):
        root.remove(chance.choice(root))


STEPS: list[Step] = [hide, hide, place, replace, take_over, change, remove]


def recombine(seed: int) -> bytes:
    chance = random.Random(seed)  # noqa: S311 - has to be repeatable
    root = parse(chance.choice(HONEST))
    parts = [*parse(chance.choice(FORGED)).iter(), *parse(chance.choice(HONEST)).iter()]
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        chance.choice(STEPS)(root, parts, chance)
    return etree.tostring(root)


def read(xml: bytes) -> LogoutRequest:
    arrived = Arrived(REQUEST, encode(xml), "", is_redirected=False)
    return read_request(arrived, provider=PROVIDER, slo_url=SLO_URL, now=NOW)


def test_s14_recombined_requests_are_refused_or_mean_whom_the_idp_signed():
    outcomes: Counter[str] = Counter()
    for seed in range(SEED, SEED + COUNT):
        try:
            asked = read(recombine(seed))
        except SamlRefused as refused:
            outcomes[refused.reason] += 1
            continue
        assert (asked.name_id.text, asked.session_indexes) == (MALLORY, (f"{MALLORY}-1",)), f"seed {seed}"
        outcomes["accepted"] += 1
    assert outcomes["accepted"] > COUNT / 20 and {"unexpected_structure", "signature_invalid"} <= set(outcomes)


def test_s14_what_is_mixed_in_is_refused_by_itself():
    assert [read(xml).name_id.text for xml in HONEST] == [MALLORY, MALLORY]
    for xml in FORGED:
        try:
            read(xml)
        except SamlRefused:
            continue
        raise AssertionError
