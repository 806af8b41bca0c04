import uuid

import pytest
from django.urls import reverse
from lxml import etree

from authentication.models import IdentityProvider
from tests import factories

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"


@pytest.fixture
def provider(db) -> IdentityProvider:
    return factories.identity_provider(factories.workspace().environments.all()[0]).identity_provider


def url(provider_id) -> str:
    return reverse("saml:metadata", kwargs={"provider": provider_id})


def test_anybody_may_read_the_metadata_of_a_draft_too(client, provider):
    response = client.get(url(provider.pk))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/samlmetadata+xml"
    root = etree.fromstring(response.content)
    assert root.get("entityID") == provider.sp_entity_id
    assert root.find(f".//{MD}AssertionConsumerService").get("Location") == provider.acs_url


def test_the_entity_id_is_the_address_of_the_metadata(client, provider, settings):
    assert provider.sp_entity_id == settings.ORIGIN + url(provider.pk)
    assert client.get(provider.sp_entity_id).status_code == 200


def test_the_host_of_the_request_is_in_no_url(client, provider, settings):
    settings.ALLOWED_HOSTS = ["*"]
    response = client.get(url(provider.pk), headers={"Host": "evil.example"})
    assert b"evil.example" not in response.content
    assert settings.ORIGIN.encode() in response.content


def test_it_may_be_kept_for_a_short_time(client, provider):
    directives = set(client.get(url(provider.pk))["Cache-Control"].split(", "))
    assert directives == {"public", "max-age=300"}


def test_a_download_is_a_file_whose_name_tells_nothing(client, provider):
    assert "Content-Disposition" not in client.get(url(provider.pk))
    disposition = client.get(url(provider.pk), {"download": ""})["Content-Disposition"]
    assert disposition == 'attachment; filename="sp-metadata.xml"'


def test_an_unknown_provider_is_404_and_nothing_but_reading_is_allowed(client, provider):
    assert client.get(url(uuid.uuid4())).status_code == 404
    assert client.post(url(provider.pk)).status_code == 405
    assert client.head(url(provider.pk)).status_code == 200


def test_it_holds_nothing_of_the_workspace(client, provider):
    root = etree.fromstring(client.get(url(provider.pk)).content)
    for certificate in root.iter("{*}X509Certificate"):
        certificate.text = ""  # its letters may spell a short name by chance
    content = etree.tostring(root)
    assert b"Okta" not in content and b"acme" not in content.lower()
