import pytest
from django.template.loader import render_to_string

from authentication.guides import GUIDES, Guide

VENDORS = ["okta", "entra", "onelogin", "google", "jumpcloud", "ping", "adfs", "keycloak", "other"]

every_guide = pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES.keys())


def everything(guide: Guide) -> str:
    scim = guide.scim.steps if guide.scim else ()
    return "\n".join((*guide.steps, *scim, guide.metadata, guide.scim_note))


def test_every_vendor_of_the_product_has_a_guide():
    assert list(GUIDES) == VENDORS
    assert all(key == guide.key for key, guide in GUIDES.items())


@every_guide
def test_the_saml_steps_name_both_of_our_values_by_their_labels(guide):
    steps = "\n".join(guide.steps)
    assert "Single sign-on URL" in steps
    assert "Service provider (SP) entity ID" in steps


@every_guide
def test_the_vendors_fields_and_the_metadata_are_named(guide):
    assert guide.label and guide.acs_url_field and guide.entity_id_field and guide.metadata and guide.name_id


@every_guide
def test_the_attributes_carry_the_persons_name_and_groups(guide):
    names = {attribute.name for attribute in guide.attributes}
    assert "workspace_end_user_groups" in names
    assert "workspace_end_user_name" in names or {"firstName", "lastName"} <= names


@every_guide
def test_the_scim_steps_place_both_of_our_values_or_a_note_says_what_to_do_instead(guide):
    if guide.scim is None:
        assert "JIT" in guide.scim_note
        return
    steps = "\n".join(guide.scim.steps)
    assert "Base URL" in steps and "SCIM token" in steps
    assert guide.scim.base_url_field and guide.scim.token_field
    assert not guide.scim_note


@every_guide
def test_the_picture_shows_the_fields_that_the_steps_name(guide):
    labels = [label for label, _ in guide.screen.fields]
    assert guide.acs_url_field.startswith(guide.screen.acs_url_label)
    assert guide.entity_id_field.startswith(guide.screen.entity_id_label)
    assert len(labels) == 2 and all(len(label) <= 44 for label in labels)
    picture = render_to_string("authentication/wizard/_picture.html", {"guide": guide})
    assert all(f">{label}</text>" in picture for label in labels)
    assert "style=" not in picture and "<image" not in picture and len(picture) < 3000


@every_guide
def test_a_vendor_has_a_link_to_its_own_page(guide):
    assert guide.docs_url.startswith("https://") or guide.key == "other"


@every_guide
def test_steps_are_short_sentences_without_markup(guide):
    for step in (*guide.steps, *(guide.scim.steps if guide.scim else ())):
        assert len(step) <= 200 and step.endswith(".") and step[0].isupper()
    assert "<b" not in everything(guide) and "**" not in everything(guide)


@pytest.mark.parametrize(
    ("key", "acs_url_field", "entity_id_field"),
    [
        ("okta", "Single sign-on URL", "Audience URI (SP Entity ID)"),
        ("entra", "Reply URL (Assertion Consumer Service URL)", "Identifier (Entity ID)"),
        ("google", "ACS URL", "Entity ID"),
        ("keycloak", "Assertion Consumer Service POST Binding URL", "Client ID"),
    ],
)
def test_saml_fields_are_those_of_the_vendor(key, acs_url_field, entity_id_field):
    assert (GUIDES[key].acs_url_field, GUIDES[key].entity_id_field) == (acs_url_field, entity_id_field)


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("okta", "Default RelayState"),
        ("entra", "Relay State (Optional)"),
        ("google", "Start URL (optional)"),
        ("keycloak", "IDP Initiated SSO Relay State"),
        ("other", "RelayState"),
    ],
)
def test_the_field_of_relay_state_is_that_of_the_vendor(key, field):
    assert GUIDES[key].relay_state_field == field


@pytest.mark.parametrize(
    ("key", "base_url_field", "token_field"),
    [
        ("okta", "SCIM connector base URL", "Authorization (HTTP Header)"),
        ("entra", "Tenant URL", "Secret Token"),
        ("onelogin", "SCIM Base URL", "SCIM Bearer Token"),
        ("jumpcloud", "Base URL", "Token Key"),
        ("ping", "SCIM Base URL", "OAuth Access Token"),
    ],
)
def test_scim_fields_are_those_of_the_vendor(key, base_url_field, token_field):
    scim = GUIDES[key].scim
    assert (scim.base_url_field, scim.token_field) == (base_url_field, token_field)
    assert base_url_field in "\n".join(scim.steps)


@pytest.mark.parametrize("key", ["google", "adfs", "keycloak"])
def test_vendors_that_do_not_push_scim_to_us_have_no_scim_steps(key):
    assert GUIDES[key].scim is None
