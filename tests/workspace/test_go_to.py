"""Go to: pages, people, groups and providers by a part of their name."""

import pytest

from tests import factories

pytestmark = pytest.mark.django_db


def found(client, place, text):
    """The names found, by kind; the page that opens at once if there is only one."""
    response = client.get(f"{place.url}go-to/", {"q": text})
    if response.status_code == 302:
        return response["Location"]
    return {kind.label: [each.name for each in kind.found] for kind in response.context["kinds"]}


def test_every_console_page_has_the_field(acme, owner):
    page = owner.get(f"{acme.url}end-users/").content.decode()
    assert f'action="{acme.url}go-to/" role="search" aria-label="Go to"' in page


def test_a_page_is_found_by_its_label_and_by_other_words(acme, owner):
    assert found(owner, acme, "audit") == f"{acme.url}audit-log/"
    assert found(owner, acme, " OWNERS  roles") == f"{acme.url}access-control/"
    assert "Authentication" in found(owner, acme, "saml")["Pages"]


def test_people_groups_and_providers_are_found_by_a_part_of_their_name(acme, owner):
    assert found(owner, acme, "ada") == f"{acme.url}end-users/{acme.ada.pk}/"
    assert found(owner, acme, "ada@") == f"{acme.url}end-users/{acme.ada.pk}/"
    assert found(owner, acme, "uppor") == f"{acme.url}groups/{acme.support.pk}/"
    provider = factories.identity_provider(acme.workspace.environments.get(slug="dev"), name="Okta Ümlaut")
    assert found(owner, acme, "ümlaut") == (
        f"{acme.url}authentication/providers/{provider.identity_provider_id}/overview/"
    )


def test_only_what_the_role_may_open_is_offered(acme, as_role):
    assert "Set up new provider" in found(as_role("admin"), acme, "provider")["Pages"]
    assert "Set up new provider" not in found(as_role("viewer"), acme, "provider")["Pages"]


def test_nothing_of_another_workspace_or_environment_is_found(acme, globex, owner):
    factories.identity_provider(globex.workspace.environments.get(slug="dev"), name="Their IdP")
    globex.support.name = "Their group"
    globex.support.save()
    globex.ada.full_name = "Their person"
    globex.ada.save()
    factories.identity_provider(acme.workspace.environments.get(slug="prod"), name="Okta Prod")
    assert found(owner, acme, "their") == found(owner, acme, "okta prod") == {}


def test_nothing_found_and_nothing_asked_say_so(acme, owner):
    for text, words in (
        ("zzz", "Nothing found"),
        ("", "What are you looking for?"),
        ("x" * 300, "What are you looking"),
    ):
        response = owner.get(f"{acme.url}go-to/", {"q": text})
        assert response.status_code == 200 and words in response.content.decode()


def test_the_number_of_queries_does_not_grow(acme, owner, query_count):
    before = query_count(owner, f"{acme.url}go-to/?q=e")
    for number in range(20):
        factories.end_user(acme.dev, name=f"Eve {number}")
    assert query_count(owner, f"{acme.url}go-to/?q=e") <= before + 1
