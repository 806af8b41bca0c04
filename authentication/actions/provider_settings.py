"""Changes of a provider's sign-in settings: signed requests, SHA-1, IdP-initiated sign-in, names of attributes."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from authentication.actions.provider_connection import locked_provider
from authentication.actions.service_provider import ensure_signing_key
from authentication.models import EnvironmentProvider, IdentityProvider
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, changed, record
from workspace.mail import tell_owners
from workspace.refusals import ActionError
from workspace.words import fields_in_words

MAX_ATTRIBUTE_NAME = 300


@atomic
def switch_request_signing(
    *, environment_provider: EnvironmentProvider, is_enabled: bool, by: Actor, now: datetime
) -> bool:
    """Sign AuthnRequests or not, with a key that is created if there is none. Say whether anything changed."""
    provider = locked_provider(environment_provider)
    if provider.wants_signed_requests and not is_enabled:
        raise ActionError(
            "signing_required",
            _("The metadata of %(provider)s asks for signed requests, so they stay signed.") % {"provider": provider},
        )
    if is_enabled:
        ensure_signing_key(provider.workspace, by=by, now=now)
    sentence = Sentence(
        gettext_noop("{by} switched signing of AuthnRequests for {provider} on.")
        if is_enabled
        else gettext_noop("{by} switched signing of AuthnRequests for {provider} off."),
        by=by,
        provider=provider,
    )
    return _set(environment_provider, provider, {"signs_requests": is_enabled}, sentence, by)


@atomic
def switch_sha1(*, environment_provider: EnvironmentProvider, is_enabled: bool, by: Actor) -> bool:
    """Accept SHA-1 in this provider's signatures or refuse it. Say whether anything changed."""
    provider = locked_provider(environment_provider)
    sentence = Sentence(
        gettext_noop("{by} allowed SHA-1 in signatures of {provider}.")
        if is_enabled
        else gettext_noop("{by} forbade SHA-1 in signatures of {provider}."),
        by=by,
        provider=provider,
    )
    return _set(environment_provider, provider, {"allows_sha1": is_enabled}, sentence, by)


@atomic
def switch_idp_initiated(*, environment_provider: EnvironmentProvider, is_enabled: bool, by: Actor) -> bool:
    """Let sign-ins that the IdP begins go on by themselves, or not. Say whether anything changed."""
    provider = locked_provider(environment_provider)
    sentence = Sentence(
        gettext_noop("{by} switched IdP-initiated sign-in of {provider} on.")
        if is_enabled
        else gettext_noop("{by} switched IdP-initiated sign-in of {provider} off."),
        by=by,
        provider=provider,
    )
    return _set(environment_provider, provider, {"allows_idp_initiated": is_enabled}, sentence, by)


@atomic
def set_attributes(
    *,
    environment_provider: EnvironmentProvider,
    name: str,
    email: str,
    groups: str,
    separator: str = "",
    missing_groups: str = IdentityProvider.MissingGroups.UNCHANGED,
    by: Actor,
) -> bool:
    """Name the attributes to read, and say how groups arrive in theirs. Say whether anything changed.

    A blank name means the usual ones, no separator that each group is a value.
    """
    wanted = {"name_attribute": name.strip(), "email_attribute": email.strip(), "groups_attribute": groups.strip()}
    for field, value in wanted.items():
        _refuse_no_name(field.removesuffix("_attribute"), value)
    if len(separator) > 1 or separator.isalnum() or not separator.isprintable():
        raise ActionError(
            "invalid_separator", _("Enter the one character between two groups, for example |."), field="separator"
        )
    wanted |= {"groups_separator": separator, "missing_groups": missing_groups}
    provider = locked_provider(environment_provider)
    before = {field: getattr(provider, field) for field in wanted}
    what = fields_in_words(changed(wanted, before))
    sentence = Sentence("{by} changed {what} of the identity provider {provider}.", by=by, what=what, provider=provider)
    return _set(environment_provider, provider, wanted, sentence, by)


def _refuse_no_name(field: str, value: str) -> None:
    if len(value) > MAX_ATTRIBUTE_NAME or not value.isprintable():
        raise ActionError(
            "invalid_attribute_name",
            _("An attribute name is one line of at most %(most)s characters. Copy it again.")
            % {"most": MAX_ATTRIBUTE_NAME},
            field=field,
        )


def _set(
    environment_provider: EnvironmentProvider,
    provider: IdentityProvider,
    wanted: Mapping[str, bool | str],
    sentence: Sentence,
    by: Actor,
) -> bool:
    """Save what differs, record it and mail the owners. Say whether anything differed."""
    before = {field: getattr(provider, field) for field in wanted}
    if before == wanted:
        return False
    for field, value in wanted.items():
        setattr(provider, field, value)
    provider.save(update_fields=[*wanted, "updated_at"])
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_SETTINGS_CHANGED,
        subject=provider,
        environment=environment_provider.environment,
        sentence=sentence,
        concerns=[environment_provider, environment_provider.environment],
        before=changed(before, wanted),
        after=changed(wanted, before),
    )
    tell_owners(event, provider.workspace)
    return True
