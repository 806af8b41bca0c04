"""Our own keys: made when they are first needed, and changed for new ones without a gap."""

import logging
from dataclasses import dataclass, field

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from authentication.models import ServiceProviderKey
from authentication.saml.certificates import Certificate, parse_certificates
from authentication.saml.key_pairs import new_key_pair
from workspace.action_names import Action
from workspace.crypto import UnsealError, seal, unseal
from workspace.db.transactions import atomic
from workspace.events import SYSTEM, Actor, Sentence, record
from workspace.mail import tell_owners
from workspace.models import ChangeEvent, Workspace
from workspace.refusals import ActionError

logger = logging.getLogger(__name__)

State = ServiceProviderKey.State
NOTHING_TO_REPLACE = "There is no certificate to replace yet. Create one first."
NOT_STARTED = "No rollover is going on: it was finished or cancelled already."


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What our messages are signed with; the private half stays out of every representation."""

    private_pem: str = field(repr=False)
    certificate_pem: str


def signing_key(workspace: Workspace, *, by: Actor = SYSTEM) -> SigningKey:
    """The workspace's active key, made now if it has none; several at once get the same one."""
    key = workspace.service_provider_keys.active().first() or _first_key(workspace, by)
    try:
        return SigningKey(unseal(key.sealed_key), key.certificate)
    except UnsealError as error:
        raise ActionError(
            "signing_key_sealed",
            f"The signing key of {workspace} cannot be opened. Ask the operator to put the key that sealed it back "
            "into SECRETS_KEYS, or start a rollover under Sign-in settings.",
        ) from error


def decryption_keys(workspace: Workspace) -> tuple[str, ...]:
    """The private keys (PEM) for which an IdP may have encrypted; a key that cannot be opened is left out."""
    keys = workspace.service_provider_keys.decrypting(timezone.now())
    return tuple(pem for key in keys if (pem := _opened(key)))


def published_certificates(workspace: Workspace) -> tuple[Certificate, ...]:
    """What our metadata shows: the active certificate, and during a rollover the next one."""
    pems = "\n".join(workspace.service_provider_keys.published().values_list("certificate", flat=True))
    return parse_certificates(pems) if pems else ()


def start_rollover(*, workspace: Workspace, by: Actor) -> ServiceProviderKey:
    """Make the next key. Both certificates are published from now on, while the active one goes on signing."""
    if not workspace.service_provider_keys.active().exists():
        raise ActionError("no_certificate", NOTHING_TO_REPLACE)
    key = _new_key(workspace, State.NEXT)  # takes a while, so before the transaction
    try:
        with transaction.atomic():
            key.save()
            tell_owners(
                _record(
                    key,
                    Action.SERVICE_PROVIDER_KEY_ROLLOVER_STARTED,
                    "{by} started a rollover of the SP certificate of {workspace}.",
                    by,
                ),
                workspace,
            )
    except IntegrityError:
        raise ActionError(
            "rollover_running", "A rollover is going on already. Finish it, or cancel it, before the next."
        ) from None
    return key


@atomic
def finish_rollover(*, workspace: Workspace, by: Actor) -> ServiceProviderKey:
    """Sign with the next key; the one before decrypts for a while, and what was retired long ago is deleted."""
    following, now = _next_key(workspace), timezone.now()
    workspace.service_provider_keys.outlived(now).delete()
    # The order matters: at no time are there two of one state.
    for key in workspace.service_provider_keys.active():
        key.state, key.retired_at = State.RETIRED, now
        key.save()
    following.state = State.ACTIVE
    following.save()
    sentence = "{by} finished the rollover of the SP certificate of {workspace}: the new one signs now."
    tell_owners(_record(following, Action.SERVICE_PROVIDER_KEY_ROLLOVER_FINISHED, sentence, by), workspace)
    return following


@atomic
def cancel_rollover(*, workspace: Workspace, by: Actor) -> None:
    """Take the next certificate back; its key decrypts for a while, as an IdP may have read it already."""
    key = _next_key(workspace)
    key.state, key.retired_at = State.RETIRED, timezone.now()
    key.save()
    sentence = "{by} cancelled the rollover of the SP certificate of {workspace}."
    tell_owners(_record(key, Action.SERVICE_PROVIDER_KEY_ROLLOVER_CANCELLED, sentence, by), workspace)


def _next_key(workspace: Workspace) -> ServiceProviderKey:
    """The key that waits for its turn; two who end a rollover at once wait for each other."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    key = workspace.service_provider_keys.filter(state=State.NEXT).first()
    if key is None:
        raise ActionError("no_rollover", NOT_STARTED)
    return key


def _first_key(workspace: Workspace, by: Actor) -> ServiceProviderKey:
    """Make the active key, or take the one that somebody else has made meanwhile: the constraint decides."""
    key = _new_key(workspace, State.ACTIVE)
    try:
        with transaction.atomic():
            key.save()
            _record(key, Action.SERVICE_PROVIDER_KEY_CREATED, "{by} created the SP certificate of {workspace}.", by)
    except IntegrityError:
        return workspace.service_provider_keys.active().get()
    return key


def _new_key(workspace: Workspace, state: str) -> ServiceProviderKey:
    private_pem, certificate = new_key_pair(settings.ORIGIN, now=timezone.now())
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


def _record(key: ServiceProviderKey, action: Action, template: str, by: Actor) -> ChangeEvent:
    return record(
        by=by,
        action=action,
        subject=key,
        workspace=key.workspace,
        sentence=Sentence(template, by=by, workspace=key.workspace),
        after={"fingerprint": key.fingerprint, "state": str(key.state)},
    )
