"""Connects the demo's providers to the practice IdP, which runs only for an origin on this machine."""

import os
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from authentication.actions.provider_connection import connect_provider
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.saml.certificates import parse_certificates
from authentication.saml.endpoints import SingleLogout
from authentication.saml.metadata import IdpMetadata
from provisioning.practice_idp.keys import Key
from workspace.events import SYSTEM
from workspace.loopback import is_loopback, practice_idp


def origin() -> str:
    """Return the address of the practice IdP; "" for a public ORIGIN."""
    return practice_idp(settings.ORIGIN)


def key_file() -> Path:
    """Return the path of the signing key. With this key, one can sign in as any person of the demo."""
    return Path(settings.DATA_DIR) / "practice-idp.pem"


def idp_side(provider: IdentityProvider) -> IdpMetadata:
    """Return the practice IdP's side of a provider; without it, invented addresses and a certificate without a key."""
    practice = origin()
    base = f"{practice}/idp/{provider.pk}" if practice else f"https://{provider.pk}.idp.example"
    return IdpMetadata(
        entity_id=base if practice else f"{base}/metadata",
        sso_redirect_url=f"{base}/sso",
        sso_post_url="",
        slo=SingleLogout(f"{base}/slo", "redirect") if practice else SingleLogout(),
        certificates=parse_certificates((_key() if practice else Key.generate(provider.name)).certificate),
        wants_authn_requests_signed=False,
        valid_until=None,
    )


def refresh() -> None:
    """Update the providers if the practice IdP moved: its port follows `make run PORT=`."""
    if not origin():
        return
    for use in EnvironmentProvider.objects.listed():
        provider = use.identity_provider
        if _is_of_demo(provider) and _differs(provider, wanted := idp_side(provider)):
            connect_provider(
                environment_provider=use,
                metadata=wanted,
                source=IdentityProvider.MetadataSource.FIELDS,
                by=SYSTEM,
                now=timezone.now(),
            )


def _is_of_demo(provider: IdentityProvider) -> bool:
    """Say whether a provider has an entity ID from `idp_side`; nobody enters one of these by hand."""
    is_practice = is_loopback(provider.entity_id) and provider.entity_id.endswith(f"/idp/{provider.pk}")
    return is_practice or provider.entity_id == f"https://{provider.pk}.idp.example/metadata"


def _differs(provider: IdentityProvider, wanted: IdpMetadata) -> bool:
    pinned = set(provider.certificates.values_list("fingerprint", flat=True))
    current = provider.entity_id, provider.sso_url, provider.slo, pinned
    fingerprints = {certificate.fingerprint for certificate in wanted.certificates}
    return current != (wanted.entity_id, wanted.sso_url, wanted.slo, fingerprints)


def _key() -> Key:
    """Return this installation's key. It is made once, and linked into place so that two processes get the same one."""
    path = key_file()
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(Key.generate().pem)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return Key(path.read_text())
