"""S12 and S13: an IdP on this machine may use http only while the installation is served on it by http too."""

import pytest

from authentication.models import IdentityProvider
from tests.authentication.loopback import redirecting, serving
from tests.authentication.wizard import VALID, idp_metadata, metadata_url, page, upload, url, values
from tests.authentication.wizard import errors as refused_with
from workspace.loopback import fetchable_host, may_use_http, practice_idp

pytestmark = pytest.mark.django_db

LOCAL = "http://127.0.0.1:8000"
LOCAL_SSO = "http://localhost:8001/idp/new/sso"
OPEN_ORIGINS = [LOCAL, "http://localhost:8000", "http://[::1]:8000", "http://127.0.0.1"]
OTHER_ORIGINS = [
    "https://127.0.0.1:8000",
    "https://localhost",
    "https://admin.example.com",
    "http://admin.example.com",
    "http://localtest.me:8000",
    "http://127.0.0.1.nip.io",
    "http://localhost.example.com",
    "http://localhost.",
    "http://192.168.0.1:8000",
    "http://0.0.0.0:8000",
    "http://127.0.0.2:8000",
    "http://127.1:8000",
    "http://[::ffff:127.0.0.1]:8000",
    "http://localhost@admin.example.com",
    "",
]
OTHER_URLS = [
    "http://idp.example/sso",
    "http://localtest.me/sso",
    "http://127.0.0.1.nip.io/sso",
    "http://localhost.example.com/sso",
    "http://localhost./sso",
    "http://127.0.0.1:80@idp.example/sso",
    "http://127.0.0.1@idp.example/sso",
    "http://127.0.0.1\\@idp.example/sso",
    "http://127.0.0.1\\.idp.example/sso",
    "http://somebody@127.0.0.1/sso",
    "http://somebody:secret@localhost/sso",
    "http://idp.example#@127.0.0.1/sso",
    "http://127.1/sso",
    "http://127.0.0.2/sso",
    "http://0/sso",
    "http://0.0.0.0/sso",
    "http://2130706433/sso",
    "http://0x7f.1/sso",
    "http://0177.0.0.1/sso",
    "http://[::ffff:127.0.0.1]/sso",
    "http://[::1%25lo]/sso",
    "http://[::]/sso",
    "http://10.0.0.1/sso",
    "http://169.254.169.254/sso",
    "http://localhost:0/sso",
    "http://localhost:x/sso",
    "http:///localhost/sso",
    "http://ｌocalhost/sso",
    "ftp://localhost/sso",
    "//localhost/sso",
]


@pytest.fixture
def published(publisher, settings) -> str:
    """A metadata URL of this machine that the operator has not named."""
    settings.METADATA_PRIVATE_HOSTS = frozenset()
    publisher.answer = (200, idp_metadata(VALID, sso_url=LOCAL_SSO).encode())
    return metadata_url(publisher)


def by_url(url: str) -> dict[str, str]:
    return {"has_metadata_url": "yes", "metadata_url": url}


@pytest.mark.parametrize("origin", OPEN_ORIGINS)
def test_s12_s13_an_idp_on_this_machine_is_taken_by_an_installation_on_it(step2, draft, published, settings, origin):
    settings.ORIGIN = origin
    assert step2(by_url(published)).status_code == 302
    draft.refresh_from_db()
    assert draft.sso_url == LOCAL_SSO


@pytest.mark.parametrize("way", [upload, lambda xml: values(sso_url=LOCAL_SSO)], ids=["file", "values"])
def test_s13_it_may_be_given_as_a_document_or_by_values(step2, draft, settings, way):
    settings.ORIGIN = LOCAL
    assert step2(way(idp_metadata(VALID, sso_url=LOCAL_SSO))).status_code == 302
    draft.refresh_from_db()
    assert draft.sso_url == LOCAL_SSO


@pytest.mark.parametrize("origin", OTHER_ORIGINS)
def test_s12_s13_any_other_origin_takes_https_alone(step2, publisher, published, settings, origin):
    settings.ORIGIN = origin
    assert "https://" in refused_with(step2(by_url(published)))["metadata_url"]
    assert "https" in refused_with(step2(upload(idp_metadata(VALID, sso_url=LOCAL_SSO))))["metadata_file"]
    assert "https://" in refused_with(step2(values(sso_url=LOCAL_SSO)))["sso_url"]
    assert not IdentityProvider.objects.exclude(sso_url="").exists()


@pytest.mark.parametrize("url", OTHER_URLS)
def test_s12_s13_no_other_spelling_and_no_other_host_is_this_machine(step2, settings, url):
    settings.ORIGIN = LOCAL
    assert not may_use_http(url, origin=LOCAL)
    assert fetchable_host(url, origin=LOCAL) == frozenset()
    assert "sso_url" in refused_with(step2(values(sso_url=url)))
    assert "metadata_url" in refused_with(step2(by_url(url)))


def test_s12_no_redirect_leads_from_this_machine_to_another_port_of_it(step2, published, settings):
    settings.ORIGIN = LOCAL
    with serving(redirecting(published)) as server:
        assert "https://" in refused_with(step2(by_url(f"http://127.0.0.1:{server.port}/")))["metadata_url"]


def test_s12_a_url_elsewhere_opens_nothing_on_this_machine_for_its_redirects():
    """What may be fetched follows from the URL that was typed, never from where it leads."""
    assert fetchable_host("https://idp.example/metadata", origin=LOCAL) == frozenset()
    assert fetchable_host("https://localhost/metadata", origin=LOCAL) == frozenset()
    assert fetchable_host("http://LOCALHOST:8001/m", origin=LOCAL) == {"localhost:8001"}
    assert fetchable_host("http://[::1]/m", origin=LOCAL) == {"[::1]:80"}


@pytest.mark.parametrize("origin", OTHER_ORIGINS)
def test_a_public_installation_has_no_practice_idp(origin):
    assert practice_idp(origin) == ""


@pytest.mark.parametrize("origin", [LOCAL, "https://admin.example.com", "http://localtest.me:8000"])
def test_the_practice_idp_is_mentioned_only_where_it_runs(admin, draft, settings, origin):
    settings.ORIGIN, settings.ALLOWED_HOSTS = origin, ["testserver"]
    shown = page(admin.get(url("provider-connect", provider=draft.pk)))
    assert ("http://localhost:8001/new?for=acme.dev" in shown) == (origin == LOCAL)
    assert ("practice" in shown.lower()) == (origin == LOCAL)


def test_the_practice_idp_is_not_offered_for_a_provider_that_is_connected(admin, draft, step2, settings):
    settings.ORIGIN = LOCAL
    step2(values())
    assert "practice" not in page(admin.get(url("provider-connect", provider=draft.pk))).lower()


def test_the_practice_idp_is_another_site_at_the_next_port():
    assert practice_idp(LOCAL) == "http://localhost:8001"
    assert practice_idp("http://localhost:9000") == "http://127.0.0.1:9001"
