"""S5: one bearer confirmation that holds is enough, and so is one AuthnStatement; what stands beside them."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from tests.authentication.responses import AUTHN, CONFIRMATION, PLACES, read, reason, signed
from tests.idp import ACS_URL, BEARER, DS, NOW, NS, REQUEST_ID, SKEW, instant

CM = "urn:oasis:names:tc:SAML:2.0:cm"
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
Edit = Callable[[etree._Element], None]


def confirmation(method: str = BEARER, *children: str, **changes: str | None) -> etree._Element:
    """Return a confirmation that is ours but for the changes; one of None takes an attribute away."""
    honest = {"NotOnOrAfter": instant(NOW + 5 * MINUTE), "Recipient": ACS_URL, "InResponseTo": REQUEST_ID}
    said = {name: value for name, value in (honest | changes).items() if value is not None}
    element = etree.Element(f"{{{NS['saml']}}}SubjectConfirmation", Method=method)
    data = etree.SubElement(element, f"{{{NS['saml']}}}SubjectConfirmationData", said)
    data.extend(etree.fromstring(child) for child in children)
    return element


def confirmed_by(*confirmations: etree._Element) -> Edit:
    def edit(root: etree._Element) -> None:
        ours = root.find(CONFIRMATION, NS)
        ours.getparent().extend(confirmations)
        ours.getparent().remove(ours)

    return edit


def without_data(method: str) -> etree._Element:
    element = confirmation(method)
    element.remove(element[0])
    return element


def with_name_id(method: str) -> etree._Element:
    element = confirmation(method)
    name_id = etree.Element(f"{{{NS['saml']}}}NameID")
    name_id.text = "eve@acme.example"
    element.insert(0, name_id)
    return element


KEY_INFO = f'<ds:KeyInfo xmlns:ds="{DS}"><ds:KeyName>client</ds:KeyName></ds:KeyInfo>'
OTHERS: dict[str, Callable[[], etree._Element]] = {
    "another recipient": lambda: confirmation(Recipient="https://other.example/acs"),
    "no recipient": lambda: confirmation(Recipient=None),
    "over": lambda: confirmation(NotOnOrAfter=instant(NOW - SKEW)),
    "no end": lambda: confirmation(NotOnOrAfter=None),
    "a beginning": lambda: confirmation(NotBefore=instant(NOW)),
    "unreadable time": lambda: confirmation(NotOnOrAfter="soon"),
    "another request": lambda: confirmation(InResponseTo="_other"),
    "unsolicited": lambda: confirmation(InResponseTo=None),
    "no data": lambda: without_data(BEARER),
    "sender-vouches": lambda: without_data(f"{CM}:sender-vouches"),
    "sender-vouches of another": lambda: with_name_id(f"{CM}:sender-vouches"),
    "holder-of-key": lambda: confirmation(f"{CM}:holder-of-key", KEY_INFO),
    "a method of its own": lambda: confirmation("urn:other", Recipient="https://other.example"),
}


@pytest.mark.parametrize("sign", PLACES)
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_s5_one_bearer_confirmation_that_holds_is_enough_in_any_order(other, sign):
    for order in ((confirmation(), other()), (other(), confirmation()), (other(), confirmation(), other())):
        claims = read(signed(confirmed_by(*order), sign))
        assert (claims.name_id, claims.in_response_to) == ("ada@acme.example", REQUEST_ID)


@pytest.mark.parametrize("sign", PLACES)
def test_s5_several_that_hold_are_as_good_as_one(sign):
    assert read(signed(confirmed_by(confirmation(), confirmation()), sign))


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_s5_without_one_that_holds_it_is_refused(other):
    for order in ((other(),), (other(), other())):
        assert reason(signed(confirmed_by(*order))) in (
            SamlReason.NOT_BEARER,
            SamlReason.WRONG_RECIPIENT,
            SamlReason.RESPONSE_EXPIRED,
            SamlReason.UNREADABLE_TIME,
            SamlReason.WRONG_REQUEST,
            SamlReason.UNSOLICITED,
        )


def test_s5_two_halves_of_a_confirmation_make_no_whole():
    """Each has what the other lacks."""
    halves = (
        confirmation(Recipient="https://other.example"),
        confirmation(InResponseTo="_other"),
        confirmation("urn:x"),
    )
    for order in permutations(halves):
        assert reason(signed(confirmed_by(*order))) is SamlReason.WRONG_REQUEST


def test_s5_of_several_refusals_the_one_for_us_is_told():
    late, foreign = confirmation(NotOnOrAfter=instant(NOW - SKEW)), confirmation(Recipient="https://other.example")
    for order in permutations((late, foreign, without_data(f"{CM}:sender-vouches"), without_data(BEARER))):
        assert reason(signed(confirmed_by(*order))) is SamlReason.RESPONSE_EXPIRED
    assert reason(signed(confirmed_by(without_data(BEARER), confirmation(Recipient="")))) is SamlReason.WRONG_RECIPIENT


_SAID = {
    "NotOnOrAfter": [instant(NOW + 5 * MINUTE), instant(NOW - SKEW + SECOND), instant(NOW - SKEW), "soon", "", None],
    "Recipient": [ACS_URL, f"\n{ACS_URL} ", f"{ACS_URL}/", "", None],
    "InResponseTo": [REQUEST_ID, "_other", "", None],
    "NotBefore": [None, None, None, instant(NOW)],
}
_METHODS = [BEARER, BEARER, BEARER, f"{CM}:sender-vouches", f"{CM}:holder-of-key", "", "bearer"]


def is_refused(*said: tuple[str, dict[str, str | None]]) -> bool:
    edit = confirmed_by(*(confirmation(method, **changes) for method, changes in said))
    try:
        return not read(signed(edit, ("assertion",)))
    except SamlRefused:
        return True


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(_METHODS), st.fixed_dictionaries({k: st.sampled_from(v) for k, v in _SAID.items()})),
        max_size=4,
    )
)
def test_s5_a_mixture_is_accepted_just_when_one_of_it_would_be_alone(said):
    assert is_refused(*said) == all(is_refused(one) for one in said)


def test_s7_a_second_confirmation_that_lasts_longer_brings_no_assertion_back():
    """The assertion's id is remembered for as long as any of its confirmations could hold."""
    longer = confirmation(NotOnOrAfter=instant(NOW + timedelta(days=1)))
    xml = signed(confirmed_by(confirmation(NotOnOrAfter=instant(NOW + SECOND)), longer))
    assert reason(xml, now=read(xml).assertion_not_on_or_after) is SamlReason.RESPONSE_EXPIRED


# AuthnStatements. -----------------------------------------------------------------------------------------------------


def stating(*statements: dict[str, str | None]) -> Edit:
    """Return an edit that says several AuthnStatements, each with changed attributes."""

    def edit(root: etree._Element) -> None:
        first = root.find(AUTHN, NS)
        for changes in statements:
            copy = etree.fromstring(etree.tostring(first))
            for name, value in changes.items():
                copy.attrib.pop(name, None)
                copy.attrib.update({name: value} if value is not None else {})
            first.addprevious(copy)
        first.getparent().remove(first)

    return edit


END = "SessionNotOnOrAfter"


def ends(*times: timedelta | None) -> list[dict[str, str | None]]:
    return [{END: None if time is None else instant(NOW + time)} for time in times]


@pytest.mark.parametrize("sign", PLACES)
@pytest.mark.parametrize(
    ("times", "earliest"),
    [
        ((2 * MINUTE, MINUTE), MINUTE),
        ((MINUTE, 2 * MINUTE), MINUTE),
        ((None, MINUTE), MINUTE),
        ((MINUTE, None), MINUTE),
        ((None, None), None),
        ((3 * MINUTE, SECOND, 2 * MINUTE), SECOND),
    ],
)
def test_s5_the_earliest_end_ends_the_session(times, earliest, sign):
    expected = None if earliest is None else NOW + earliest
    assert read(signed(stating(*ends(*times)), sign)).session_not_on_or_after == expected


def test_s5_one_end_that_has_passed_is_enough_to_refuse():
    for times in permutations((timedelta(0), MINUTE, None)):
        assert reason(signed(stating(*ends(*times)))) is SamlReason.SESSION_ENDED


def test_s5_every_time_of_every_statement_is_read():
    for name in (END, "AuthnInstant"):
        for statements in permutations(({}, {name: "soon"})):
            assert reason(signed(stating(*statements))) is SamlReason.UNREADABLE_TIME


@pytest.mark.parametrize(
    ("indexes", "kept"),
    [(("a", "a"), "a"), (("a", None), "a"), ((None, "a"), "a"), (("a", "b"), ""), ((None, None), "")],
)
def test_s14_a_session_has_the_index_that_all_statements_agree_on(indexes, kept):
    """Without one, whatever index the IdP names ends the session."""
    statements = [{"SessionIndex": index} for index in indexes]
    assert read(signed(stating(*statements))).session_index == kept
