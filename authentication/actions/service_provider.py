"""Our own keys: created when they are first needed, and replaced without a gap."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from authentication.models import ServiceProviderKey
from authentication.reasons import Reason
from authentication.saml.certificates import Certificate, parse_certificates
from authentication.saml.key_pairs import new_key_pair
from workspace.action_names import Action
from workspace.crypto import UnsealError, seal, unseal
from workspace.db.transactions import atomic, save_unique
from workspace.events import SYSTEM, Actor, Sentence, record
from workspace.mail import tell_owners
from workspace.models import ChangeEvent, Workspace
from workspace.refusals import ActionError, ConflictError

logger = logging.getLogger(__name__)

State = ServiceProviderKey.State
KeyState = list[str]
NOTHING_TO_REPLACE = gettext_noop("There is no certificate to replace yet. Create one first.")
NOT_STARTED = gettext_noop("No rollover is going on: it was finished or cancelled already.")
ALREADY_STARTED = gettext_noop("A rollover is going on already. Finish it, or cancel it, before the next.")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What our messages are signed with. The key stays out of every representation."""

    private_pem: str = field(repr=False)


def ensure_signing_key(workspace: Workspace, *, now: datetime, by: Actor = SYSTEM) -> SigningKey:
    """Return the workspace's active key, created now if it has none. Parallel calls get the same one.

    Raises ActionError if no key of the installation opens it.
    """
    key = workspace.service_provider_keys.active().first() or _create_first_key(workspace, now, by)
    try:
        return SigningKey(unseal(key.sealed_key))
    except UnsealError as error:
        raise ActionError(
            Reason.SIGNING_KEY_SEALED,
            _(
                "The signing key of %(workspace)s cannot be opened. Ask the operator to put the key that "
                "sealed it back into SECRETS_KEYS, or start a rollover under Sign-in settings."
            )
            % {"workspace": workspace},
        ) from error


def decryption_keys(workspace: Workspace, now: datetime) -> tuple[str, ...]:
    """Return the private keys (PEM) for which an IdP may have encrypted, except those that cannot be opened."""
    keys = workspace.service_provider_keys.decrypting(now)
    return tuple(pem for key in keys if (pem := _opened(key)))


def published_certificates(workspace: Workspace) -> tuple[Certificate, ...]:
    """Return the certificates in our metadata: the active one, and during a rollover the next one."""
    pems = "\n".join(workspace.service_provider_keys.published().values_list("certificate", flat=True))
    return parse_certificates(pems) if pems else ()


def start_rollover(*, workspace: Workspace, by: Actor, now: datetime) -> ServiceProviderKey:
    """Create the next key. From now on both certificates are published, while the active key goes on signing."""
    if not workspace.service_provider_keys.active().exists():
        raise ActionError("no_certificate", gettext(NOTHING_TO_REPLACE))
    key = _new_key(workspace, State.NEXT, now)  # takes a while, so it comes before the transaction
    with transaction.atomic():
        save_unique(key, lambda constraint: ConflictError("rollover_running", gettext(ALREADY_STARTED)))
        sentence = gettext_noop("{by} started a rollover of the SP certificate of {workspace}.")
        event = _record(key, Action.SERVICE_PROVIDER_KEY_ROLLOVER_STARTED, sentence, by, after=[_state(key)])
        tell_owners(event, workspace)
    return key


@atomic
def finish_rollover(*, workspace: Workspace, by: Actor, now: datetime) -> ServiceProviderKey:
    """Sign with the next key. The one before decrypts for a while; keys that were retired long ago are deleted."""
    following = _next_key(workspace)
    outlived = workspace.service_provider_keys.outlived(now)
    before = [_state(key) for key in outlived]
    outlived.delete()
    changed = [*workspace.service_provider_keys.active(), following]
    before += [_state(key) for key in changed]
    # The order matters: at no time are there two of one state.
    for key in changed[:-1]:
        _retire(key, now)
    following.state = State.ACTIVE
    following.save()
    sentence = gettext_noop("{by} finished the rollover of the SP certificate of {workspace}: the new one signs now.")
    action, after = Action.SERVICE_PROVIDER_KEY_ROLLOVER_FINISHED, [_state(key) for key in changed]
    tell_owners(_record(following, action, sentence, by, before=before, after=after), workspace)
    return following


@atomic
def cancel_rollover(*, workspace: Workspace, by: Actor, now: datetime) -> None:
    """Withdraw the next certificate. Its key decrypts for a while, because an IdP may have read it already."""
    key = _next_key(workspace)
    before = [_state(key)]
    _retire(key, now)
    sentence = gettext_noop("{by} cancelled the rollover of the SP certificate of {workspace}.")
    action = Action.SERVICE_PROVIDER_KEY_ROLLOVER_CANCELLED
    tell_owners(_record(key, action, sentence, by, before=before, after=[_state(key)]), workspace)


def _retire(key: ServiceProviderKey, now: datetime) -> None:
    key.state, key.retired_at = State.RETIRED, now
    key.save()


def _next_key(workspace: Workspace) -> ServiceProviderKey:
    """Return the key that waits for its turn. Two requests that end a rollover wait for each other."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    key = workspace.service_provider_keys.filter(state=State.NEXT).first()
    if key is None:
        raise ActionError("no_rollover", gettext(NOT_STARTED))
    return key


def _create_first_key(workspace: Workspace, now: datetime, by: Actor) -> ServiceProviderKey:
    """Create the active key, or return the one that a parallel request created: the constraint decides."""
    key = _new_key(workspace, State.ACTIVE, now)
    try:
        with transaction.atomic():
            key.save()
            sentence = gettext_noop("{by} created the SP certificate of {workspace}.")
            _record(key, Action.SERVICE_PROVIDER_KEY_CREATED, sentence, by, after=[_state(key)])
    except IntegrityError:
        return workspace.service_provider_keys.active().get()
    return key


def _new_key(workspace: Workspace, state: State, now: datetime) -> ServiceProviderKey:
    private_pem, certificate = new_key_pair(settings.ORIGIN, now=now)
    return ServiceProviderKey(
        workspace=workspace,
        certificate=certificate.pem,
        sealed_key=seal(private_pem),
        fingerprint=certificate.fingerprint,
        not_after=certificate.not_after,
        state=state,
    )


def _opened(key: ServiceProviderKey) -> str:
    try:
        return unseal(key.sealed_key)
    except UnsealError:
        logger.warning("service provider key %s cannot be opened by any key of SECRETS_KEYS", key.pk)
        return ""


def _state(key: ServiceProviderKey) -> KeyState:
    """Return a key as events keep it: id, fingerprint, state, and when it was retired."""
    return [str(key.pk), key.fingerprint, str(key.state), key.retired_at.isoformat() if key.retired_at else ""]


def _record(
    key: ServiceProviderKey,
    action: Action,
    template: str,
    by: Actor,
    *,
    before: list[KeyState] | None = None,
    after: list[KeyState],
) -> ChangeEvent:
    return record(
        by=by,
        action=action,
        subject=key,
        workspace=key.workspace,
        sentence=Sentence(template, by=by, workspace=key.workspace),
        before={"keys": before} if before else {},
        after={"keys": after},
    )
