"""Certificates and keys as pages show them."""

from datetime import datetime, timedelta
from typing import TypedDict

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authentication.models import ServiceProviderKey, SigningCertificate
from authentication.saml.certificates import Certificate, parse_certificates

EXPIRES_SOON = timedelta(days=30)

State = ServiceProviderKey.State


class Badge(TypedDict, total=False):
    """A word in a colour; without a tone it is neutral."""

    word: str | Promise
    tone: str


class Fact(TypedDict, total=False):
    """One line of a list of definitions."""

    label: str
    value: str
    mono: bool


class DescribedCertificate(TypedDict):
    """A certificate as a list shows it."""

    subject: str
    badge: Badge
    expiry: Badge | None
    facts: list[Fact]


class DescribedKey(TypedDict):
    """One of our own certificates as the page Sign-in settings shows it."""

    badge: Badge
    expiry: Badge | None
    query: str
    facts: list[Fact]


_STATES: dict[str, Badge] = {
    State.ACTIVE: {"word": gettext_lazy("Active: signs and decrypts"), "tone": "success"},
    State.NEXT: {"word": gettext_lazy("Next: published"), "tone": "info"},
}


def expiry_badge(certificate: SigningCertificate | Certificate, now: datetime) -> Badge | None:
    """Return the warning that a certificate has expired or will soon, if there is one."""
    day = date_format(certificate.not_after, "SHORT_DATE_FORMAT")
    if certificate.is_expired(now):
        return {"word": _("Certificate expired %(day)s") % {"day": day}, "tone": "danger"}
    if certificate.not_after < now + EXPIRES_SOON:
        return {"word": _("Certificate expires %(day)s") % {"day": day}, "tone": "warning"}
    return None


def described_certificate(certificate: Certificate, badge: Badge, now: datetime) -> DescribedCertificate:
    """Return a certificate with the badge that says what becomes of it."""
    return {
        "subject": certificate.subject,
        "badge": badge,
        "expiry": expiry_badge(certificate, now),
        "facts": [
            {"label": _("SHA-256 fingerprint"), "value": certificate.fingerprint, "mono": True},
            {"label": _("Key"), "value": certificate.key_description},
            {"label": _("Valid from"), "value": _time(certificate.not_before)},
            {"label": _("Valid until"), "value": _time(certificate.not_after)},
        ],
    }


def described_key(key: ServiceProviderKey, now: datetime) -> DescribedKey:
    """Return a published key."""
    (certificate,) = parse_certificates(key.certificate)
    return {
        "badge": _STATES[key.state],
        "expiry": expiry_badge(certificate, now),
        "query": "?next" if key.state == State.NEXT else "",
        "facts": [
            {"label": _("Subject"), "value": certificate.subject},
            {"label": _("SHA-256 fingerprint"), "value": certificate.fingerprint, "mono": True},
            {"label": _("Key"), "value": certificate.key_description},
            {"label": _("Valid until"), "value": date_format(certificate.not_after, "DATE_FORMAT")},
        ],
    }


def _time(moment: datetime) -> str:
    return f"{date_format(moment, 'DATETIME_FORMAT')} UTC"
