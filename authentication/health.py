"""Checks of sign-ins and certificates, for operators."""

from datetime import datetime, timedelta

from django.db.models import Sum
from django.urls import reverse

from authentication.actions.certificate_notices import expiring_keys, expiring_providers
from authentication.models import SignInAttempt
from workspace.db.keys import first_id_at
from workspace.health import NAMED, Checked, Finding, State, health_check, some
from workspace.words import count

_SOON = timedelta(days=30)
_LATELY = timedelta(hours=1)
# So many attempts are looked at; fewer refused ones are nothing unusual.
_LOOKED_AT, _MANY = 10_000, 20


@health_check
def certificates(now: datetime) -> Checked:
    """Find certificates of providers in use, and our own, that expire soon."""
    providers, keys = expiring_providers(now + _SOON)[: NAMED + 1], expiring_keys(now + _SOON)[: NAMED + 1]
    found = [
        _expiring(f"The certificate of {each} of {each.workspace}", each.not_after, now, "identityprovider", each.pk)  # type: ignore[attr-defined] # annotated
        for each in providers
    ]
    ours = [
        _expiring(f"Our certificate for {each.workspace}", each.not_after, now, "serviceproviderkey", each.pk)
        for each in keys
    ]
    return Checked("Certificates", some(found, _list("identityprovider")) + some(ours, _list("serviceproviderkey")))


def _expiring(what: str, not_after: datetime, now: datetime, model: str, pk: object) -> Finding:
    is_over = not_after <= now
    words = f"{what} {'has expired' if is_over else f'expires on {not_after:%Y-%m-%d}'}."
    url = reverse(f"admin:authentication_{model}_change", args=[pk])
    return Finding(State.PROBLEM if is_over else State.WARNING, words, "The owners get the new one from the IdP", url)


@health_check
def sign_ins(now: datetime) -> Checked:
    """Compare refused and successful sign-ins of the last hour."""
    lately = SignInAttempt.objects.filter(pk__gte=first_id_at(now - _LATELY)).order_by("-pk")
    # From an id on: for so many ids PostgreSQL would read the whole table.
    for oldest in lately.values_list("pk", flat=True)[_LOOKED_AT - 1 : _LOOKED_AT]:
        lately = lately.filter(pk__gte=oldest)
    outcomes = dict(lately.order_by().values_list("outcome").annotate(number=Sum("count")))
    refused = outcomes.get(SignInAttempt.Outcome.REFUSED, 0)
    succeeded = outcomes.get(SignInAttempt.Outcome.SUCCEEDED, 0)
    findings = []
    if refused >= _MANY and refused > succeeded:
        words = f"{count(refused, 'sign-in', 'sign-ins')} refused in the last hour, {succeeded} succeeded."
        findings.append(Finding(State.WARNING, words, "See why", f"{_list('signinattempt')}?outcome__exact=refused"))
    return Checked("Sign-ins of the last hour", findings, [("Succeeded", str(succeeded)), ("Refused", str(refused))])


def _list(model: str) -> str:
    return reverse(f"admin:authentication_{model}_changelist")
