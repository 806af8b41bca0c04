"""Mail to owners about certificates that expire soon: 60, 30, 14, 7 days and one day before, and on the day."""

from datetime import datetime, timedelta
from typing import TypeAlias

from django.conf import settings
from django.db.models import Max, Model, QuerySet
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from authentication.models import EnvironmentProvider, IdentityProvider, ServiceProviderKey
from workspace.console.navigation import page_url
from workspace.db.transactions import atomic
from workspace.mail import mail_owners
from workspace.models import Workspace
from workspace.words import Text, filled, grouped, together

_DAYS = (0, 1, 7, 14, 30, 60)
_FIRST = timedelta(days=max(_DAYS))
_CERTIFICATE = gettext_lazy("The certificate of %(provider)s")
_OWN_CERTIFICATE = gettext_lazy("The service provider certificate of %(workspace)s")
# What is told of: a text, and the values in it.
_What: TypeAlias = tuple[Text, dict[str, Model]]


def tell_of_expiry(now: datetime) -> int:
    """Mail the owners about each certificate for which a day has come, once a day of `_DAYS`; return how many mails."""
    told = [_tell_of_provider(each, now) for each in expiring_providers(now + _FIRST)]
    told += [_tell_of_key(each, now) for each in expiring_keys(now + _FIRST)]
    return sum(told)


def expiring_providers(before: datetime) -> "QuerySet[IdentityProvider]":
    """Return providers in use whose last certificate expires before a time, with that time as `not_after`."""
    providers = IdentityProvider.objects.filter(workspace__removed_at=None, environment_providers__is_enabled=True)
    # While a provider has another certificate, the one that expires first is replaced already.
    expiring = providers.annotate(not_after=Max("certificates__not_after")).filter(not_after__lt=before)
    return expiring.select_related("workspace")


def expiring_keys(before: datetime) -> "QuerySet[ServiceProviderKey]":
    """Return our own keys in use whose certificates expire before a time."""
    keys = ServiceProviderKey.objects.active().filter(workspace__removed_at=None, not_after__lt=before)
    return keys.select_related("workspace")


@atomic
def _tell_of_provider(provider: IdentityProvider, now: datetime) -> bool:
    not_after: datetime = provider.not_after  # type: ignore[attr-defined] # annotated
    uses = list(EnvironmentProvider.objects.of_provider(provider.pk).filter(is_enabled=True))
    if not _is_new(IdentityProvider.objects.filter(pk=provider.pk), not_after, now):
        return False
    page = page_url("authentication:provider-certificates", uses[0].environment, provider=provider.pk)
    context = {"provider": provider, "environments": lazy(together, str)([use.environment.name for use in uses])}
    return _mail(provider.workspace, (_CERTIFICATE, {"provider": provider}), not_after, now, page, context)


@atomic
def _tell_of_key(key: ServiceProviderKey, now: datetime) -> bool:
    uses = EnvironmentProvider.objects.filter(environment__workspace=key.workspace_id, is_enabled=True)
    use = uses.select_related("environment__workspace").order_by("created_at").first()
    if use is None or not _is_new(ServiceProviderKey.objects.filter(pk=key.pk), key.not_after, now):
        return False
    page = page_url("authentication:provider-settings", use.environment, provider=use.identity_provider_id)
    return _mail(key.workspace, (_OWN_CERTIFICATE, {"workspace": key.workspace}), key.not_after, now, page, {})


def _is_new(row: QuerySet[Model], not_after: datetime, now: datetime) -> bool:
    """Note the day of `_DAYS` that has come, and say whether it was not noted yet. Two processes do not both say so."""
    days = min(each for each in _DAYS if not_after <= now + timedelta(days=each))
    mark = f"{not_after:%Y-%m-%d} {days}"
    return row.exclude(expiry_told=mark).update(expiry_told=mark) == 1


def _mail(
    workspace: Workspace, what: _What, not_after: datetime, now: datetime, page: str, context: dict[str, object]
) -> bool:
    sentence = _sentence(what, not_after, now)
    context |= {
        "sentence": sentence,
        "not_after": not_after,
        "workspace": workspace,
        "link": f"{settings.ORIGIN}{page}",
    }
    mail_owners(workspace, sentence, "emails/certificate_expires.txt", context)
    return True


def _written(what: _What, not_after: datetime, now: datetime) -> str:
    """Return what has expired, or when it expires, in the language that is spoken."""
    values = {"what": filled(*what)}
    days = (not_after - now).days
    if not_after <= now:
        return _("%(what)s has expired") % values
    if not days:
        return _("%(what)s expires today") % values
    return ngettext("%(what)s expires in %(days)s day", "%(what)s expires in %(days)s days", days) % {
        **values,
        "days": grouped(days),
    }


_sentence = lazy(_written, str)
