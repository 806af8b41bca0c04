"""What an IdP sent beside what is expected, as Test sign-in and the list of attempts show it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from math import ceil
from typing import TypedDict

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authentication.guides import GUIDES
from authentication.models import IdentityProvider
from authentication.saml.difference import TIMES, Difference, Kind
from authentication.sentences import duration_in_words
from authentication.views.marked import Value, how_they_differ, marked
from authentication.views.notes import note_in_words
from workspace.console.navigation import page_url
from workspace.models import Environment
from workspace.words import listed

_UNITS = ((24 * 3600, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_UNTIMELY = TIMES - {Kind.NO_TIME}
_MOST = 5
_OWNERS = {
    Kind.ISSUER: gettext_lazy("This is the issuer of another provider:"),
    Kind.CERTIFICATE: gettext_lazy("This certificate belongs to another provider:"),
}
_MEANT_FOR = gettext_lazy("The message is meant for another provider:")
_HERE = {
    Kind.ISSUER: gettext_lazy(
        "If the issuer that was sent is right, enter it here as Identity provider issuer (entity ID)."
    ),
    Kind.ARRIVAL: gettext_lazy("Enter the expected URL in that provider's application at the IdP."),
    Kind.CERTIFICATE: gettext_lazy(
        "The response names this certificate, and nothing proves it. Compare it with the IdP's."
    ),
    Kind.LOGOUT_URL: gettext_lazy("At the IdP this is the Single logout URL."),
    Kind.TOO_EARLY: gettext_lazy("Set both clocks by NTP."),
    Kind.TOO_LATE: gettext_lazy("If the clocks agree, sign in again, or let assertions count for longer at the IdP."),
    Kind.TOO_OLD: gettext_lazy("If the clocks agree, sign in again."),
    Kind.SESSION_OVER: gettext_lazy("Sign in at the IdP again, or make its sessions longer."),
    Kind.NO_TIME: gettext_lazy("SAML requires times in UTC, such as 2026-01-31T12:00:00Z."),
}


class Link(TypedDict):
    """Where another provider of the workspace is used."""

    text: str
    url: str


class Line(TypedDict):
    """What was sent, or what is expected; nothing is the word where there is no value."""

    label: str
    values: list[Value]
    nothing: str
    can_copy: bool


class Comparison(TypedDict):
    """What differs, line by line. owner introduces the providers to which a value belongs."""

    title: str
    lines: list[Line]
    how: str
    mend: str
    owner: str
    owners: list[Link]


# Whose each value is: entity IDs, URLs and fingerprints, of all providers of a workspace.
Owners = dict[str, list[IdentityProvider]]


def owners_in(environment: Environment) -> Owners:
    """Return whose each value is, in the workspace of an environment alone."""
    owners: Owners = {}
    providers = environment.workspace.identity_providers.prefetch_related(
        "certificates", "environment_providers__environment__workspace"
    )
    for provider in providers:
        prints = (certificate.fingerprint for certificate in provider.certificates.all())
        for value in {provider.entity_id, provider.sp_entity_id, provider.acs_url, provider.sp_slo_url, *prints}:
            owners.setdefault(value, []).append(provider)
    return owners


def compared(differences: Iterable[Difference], provider: IdentityProvider | None, owners: Owners) -> list[Comparison]:
    """Return differences of a message to a provider, which may have been removed since."""
    return [_compared(each, provider, owners) for each in differences]


def _compared(difference: Difference, provider: IdentityProvider | None, owners: Owners) -> Comparison:
    kind = Kind(difference["kind"])
    links = _links(difference, provider, owners)
    return {
        "title": listed([note_in_words(name) for name in difference["names"]]),
        "lines": _times(difference) if kind in _UNTIMELY else _values(difference, kind),
        "how": _how(difference, kind),
        "mend": _mend(kind, provider),
        "owner": str(_OWNERS.get(kind, _MEANT_FOR)) if links else "",
        "owners": links[:_MOST],
    }


def _values(difference: Difference, kind: Kind) -> list[Line]:
    sent, expected = difference["sent"], difference["expected"]
    is_one = len(sent) == len(expected) == 1 and kind not in (Kind.CERTIFICATE, Kind.ARRIVAL)
    beside = expected[0] if len(expected) == 1 and kind not in (Kind.CERTIFICATE, Kind.ARRIVAL) else ""
    lines: list[Line] = [
        {
            "label": _("Came to") if kind is Kind.ARRIVAL else _("Sent"),
            "values": [marked(value, beside) for value in sent],
            "nothing": _nothing(difference),
            "can_copy": True,
        }
    ]
    if expected:
        values = [marked(value, sent[0] if is_one else "") for value in expected]
        lines.append({"label": _("Expected"), "values": values, "nothing": "", "can_copy": True})
    return lines


def _nothing(difference: Difference) -> str:
    """Return what stands instead of values, or beside those that are left out."""
    if not difference["is_signed"]:
        return _("Not shown, because this part is not signed")
    if difference["more"]:
        return _("and %(more)s more") % {"more": difference["more"]}
    return "" if difference["sent"] else _("Nothing")


def _times(difference: Difference) -> list[Line]:
    """Return a time and ours. Of what is not signed only ours."""
    sent = [marked(_time(value), "") for value in difference["sent"]]
    ours = [marked(_time(value), "") for value in difference["expected"]]
    return [
        {"label": _("Sent"), "values": sent, "nothing": _nothing(difference), "can_copy": False},
        {"label": _("Our clock"), "values": ours, "nothing": "", "can_copy": False},
    ]


def _time(value: str) -> str:
    moment = datetime.fromisoformat(value).astimezone(UTC)
    return f"{date_format(moment, 'DATE_FORMAT')}, {moment:%H:%M:%S} UTC"


def _how(difference: Difference, kind: Kind) -> str:
    sent, expected = difference["sent"], difference["expected"]
    if kind in _UNTIMELY:
        return _by_how_much(kind, difference) if sent else ""
    if kind in (Kind.CERTIFICATE, Kind.ARRIVAL) or len(sent) != 1 or len(expected) != 1:
        return ""
    return how_they_differ(sent[0], expected[0])


def _by_how_much(kind: Kind, difference: Difference) -> str:
    """Return the distance between a time and ours, and how much is allowed."""
    sent, ours = (datetime.fromisoformat(difference[side][0]) for side in ("sent", "expected"))
    words, allowed = _duration((sent - ours).total_seconds()), _duration(difference["allowed"])
    told = {
        Kind.TOO_EARLY: _("It begins %(time)s after it arrived. A difference of %(allowed)s is allowed."),
        Kind.TOO_LATE: _("It ended %(time)s before it arrived. A difference of %(allowed)s is allowed."),
        Kind.TOO_OLD: _("It was issued %(time)s before it arrived. At most %(allowed)s is allowed."),
        Kind.SESSION_OVER: _("It ended %(time)s before the response arrived."),
    }
    return told[kind] % {"time": words, "allowed": allowed}


def _duration(seconds: float) -> str:
    """Return a number of seconds in its two greatest units: "3 minutes 1 second"."""
    left, parts = ceil(abs(seconds)), []
    for size, unit in _UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append(duration_in_words(number, unit))
    return " ".join(parts[:2]) or duration_in_words(0, "second")


def _mend(kind: Kind, provider: IdentityProvider | None) -> str:
    """Return where to mend it, in the words of the vendor."""
    if kind in _HERE:
        return str(_HERE[kind])
    guide = GUIDES[provider.vendor if provider else IdentityProvider.Vendor.OTHER]
    field = guide.entity_id_field if kind is Kind.AUDIENCE else guide.acs_url_field
    if guide.is_vendor:
        return _("In %(vendor)s this is %(field)s.") % {"vendor": guide.label, "field": guide.field_name(field)}
    return _("At your identity provider this is %(field)s.") % {"field": guide.field_name(field)}


def _links(difference: Difference, provider: IdentityProvider | None, owners: Owners) -> list[Link]:
    """Return where other providers of the workspace are used to which a value belongs."""
    found = [owner for value in (*difference["sent"], *difference["expected"]) for owner in owners.get(value, ())]
    others = {owner.pk: owner for owner in found if owner != provider}.values()
    uses = [use for owner in others for use in owner.environment_providers.all()]
    return [
        {
            "text": _("%(provider)s in %(environment)s")
            % {"provider": use.identity_provider, "environment": use.environment},
            "url": page_url("provisioning:overview", use.environment, provider=use.identity_provider_id),
        }
        for use in uses
    ]
