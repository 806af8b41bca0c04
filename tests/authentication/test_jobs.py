"""What the jobs of this app do: metadata that is read every day, and mail about certificates that expire."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from authentication import idp_side, jobs
from authentication.actions.provider_connection import connect_provider
from authentication.actions.service_provider import ensure_signing_key
from authentication.models import IdentityProvider, ServiceProviderKey
from authentication.saml.metadata import parse_idp_metadata
from tests import factories
from tests.authentication.published import NEW, OLD, URL, metadata
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, User
from workspace.outgoing import FetchResult


def provider(name="Okta Dev", source="url", certificates=(OLD,), slug="acme"):
    """A provider that is set up in DEV of a new workspace with an owner."""
    place = factories.workspace(slug)
    factories.administrator(place)
    use = factories.identity_provider(place.environments.get(slug="dev"), name=name)
    read = parse_idp_metadata(metadata(*certificates), now=datetime.now(UTC))
    connect_provider(
        environment_provider=use,
        metadata=read,
        source=source,
        metadata_url=URL if source == "url" else "",
        by=SYSTEM,
        now=timezone.now(),
    )
    return use.identity_provider


@pytest.fixture
def fetched(monkeypatch):
    """Let the IdP answer with metadata, and note how often it is asked."""
    urls = []

    def answer(body=None, error="It does not answer."):
        def fetch(url, **_):
            urls.append(url)
            return FetchResult(body=body, error="" if body else error)

        monkeypatch.setattr(idp_side, "fetch_metadata", fetch)
        return urls

    return answer


def later(**time):
    return timezone.now() + timedelta(**time)


@pytest.mark.django_db
class TestMetadata:
    def test_it_is_read_once_a_day(self, fetched):
        provider()
        urls = fetched(metadata(OLD))
        jobs.refresh_all_metadata(timezone.now())
        assert urls == []
        jobs.refresh_all_metadata(later(hours=25))
        jobs.refresh_all_metadata(later(hours=26))
        assert urls == [URL]

    def test_a_new_certificate_waits_for_confirmation_and_the_owners_get_a_mail(self, fetched, mails):
        found = provider()
        fetched(metadata(OLD, NEW))
        [mail] = mails(lambda: jobs.refresh_all_metadata(later(days=2)))
        found.refresh_from_db()
        assert found.pending_metadata and found.certificates.count() == 1
        assert mail.to == ["owner@acme.example"] and "wait for confirmation" in mail.body
        assert ChangeEvent.objects.first().actor_name == "System"

    def test_one_that_does_not_answer_is_asked_again_and_keeps_no_other_waiting(self, fetched):
        provider()
        urls = fetched(None)
        said = jobs.refresh_all_metadata(later(days=2))
        jobs.refresh_all_metadata(later(days=2, hours=1))
        assert urls == [URL, URL] and said == "1 provider: 0 wait for confirmation, 1 did not answer rightly."

    def test_what_was_not_given_by_url_or_belongs_to_a_removed_workspace_is_not_read(self, fetched):
        provider(source="xml")
        gone = provider(slug="globex")
        gone.workspace.removed_at = timezone.now()
        gone.workspace.save()
        urls = fetched(metadata(OLD))
        jobs.refresh_all_metadata(later(days=2))
        assert urls == []


@pytest.mark.django_db
class TestCertificates:
    def days_told(self, mails, found, days):
        """Who was told on which of these days before the expiry."""
        not_after = found.certificates.get().not_after
        return [
            day
            for day in days
            if mails(lambda day=day: jobs.tell_of_certificates(not_after - timedelta(days=day, seconds=-1)))
        ]

    def test_owners_are_told_60_30_14_7_and_1_days_before_and_on_the_day(self, mails):
        found = provider()
        assert self.days_told(mails, found, range(70, -3, -1)) == [60, 30, 14, 7, 1, 0]

    def test_a_job_that_was_off_for_weeks_tells_once(self, mails):
        found = provider()
        assert self.days_told(mails, found, [20, 20, 19]) == [20]

    def test_the_mail_says_what_when_and_where_to_go(self, mails):
        found = provider()
        not_after = found.certificates.get().not_after
        [mail] = mails(lambda: jobs.tell_of_certificates(not_after - timedelta(days=13, hours=12)))
        assert mail.subject == "The certificate of Okta Dev expires in 13 days"
        assert mail.to == ["owner@acme.example"]
        assert "People sign in through Okta Dev in DEV." in mail.body and "fetched every day" in mail.body
        assert f"/authentication/providers/{found.pk}/certificates/" in mail.body

    def test_an_owner_is_told_in_their_language(self, mails):
        found = provider()
        User.objects.update(language="de")
        not_after = found.certificates.get().not_after
        for days, told in [(13.5, "läuft in 13 Tagen ab"), (0.5, "läuft heute ab"), (-1, "ist abgelaufen")]:
            [mail] = mails(lambda days=days: jobs.tell_of_certificates(not_after - timedelta(days=days)))
            assert mail.subject == f"Das Zertifikat von Okta Dev {told}"
            assert f"{mail.subject}: Es gilt bis" in mail.body and "in DEV" in mail.body

    def test_while_another_certificate_is_valid_longer_nobody_is_told(self, mails):
        found = provider(certificates=(OLD, NEW))
        assert not mails(lambda: jobs.tell_of_certificates(timezone.now() + timedelta(days=295)))
        assert found.certificates.count() == 2

    def test_our_own_certificate_is_told_of_too(self, mails):
        found = provider()
        ensure_signing_key(found.workspace, now=timezone.now())
        key = ServiceProviderKey.objects.get()
        IdentityProvider.objects.update(expiry_told=f"{found.certificates.get().not_after:%Y-%m-%d} 0")
        sent = mails(lambda: jobs.tell_of_certificates(key.not_after - timedelta(days=6, hours=1)))
        assert [mail.subject for mail in sent] == ["The service provider certificate of Acme expires in 6 days"]

    def test_a_provider_that_is_off_everywhere_is_nobodys_worry(self, mails):
        found = provider()
        found.environment_providers.update(is_enabled=False)
        assert not mails(lambda: jobs.tell_of_certificates(timezone.now() + timedelta(days=295)))
