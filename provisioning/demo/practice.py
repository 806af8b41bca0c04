"""What the demo's providers know of the practice IdP, which runs beside an origin on this machine only."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from authentication.actions.identity_providers import connect_provider
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.saml.certificates import parse_certificates
from authentication.saml.metadata import IdpMetadata, SingleLogout
from provisioning.practice_idp.demo import is_loopback
from provisioning.practice_idp.keys import Key
from workspace.events import SYSTEM


def origin() -> str | None:
    """Where the practice IdP is: on the next port, and as real ones on another site than ours, which cookies notice."""
    if not is_loopback(settings.ORIGIN):
        return None
    parts = urlsplit(settings.ORIGIN)
    host = "localhost" if parts.hostname == "127.0.0.1" else "127.0.0.1"
    return f"http://{host}:{(parts.port or 80) + 1}"


def key_file() -> Path:
    """Whoever reads it can sign in as anybody of the demo."""
    return Path(settings.DATA_DIR) / "practice-idp.pem"


def idp_side(provider: IdentityProvider) -> IdpMetadata:
    """The practice IdP in the provider's place; else made-up addresses, with a certificate whose key is thrown away."""
    practice = origin()
    base = f"{practice}/idp/{provider.pk}" if practice else f"https://{provider.pk}.idp.example"
    return IdpMetadata(
        entity_id=base if practice else f"{base}/metadata",
        sso_redirect_url=f"{base}/sso",
        sso_post_url="",
        slo=SingleLogout(f"{base}/slo", "redirect") if practice else SingleLogout(),
        certificates=parse_certificates((_key() if practice else Key.fresh(provider.name)).certificate),
        name_id_formats=(),
        wants_authn_requests_signed=False,
        valid_until=None,
    )


def refresh() -> None:
    """Lead providers to where the practice IdP is now: the port changes with `make run PORT=`."""
    if origin() is None:
        return
    for use in EnvironmentProvider.objects.listed():
        if _is_as_made(use.identity_provider):
            _lead_to_practice(use)


def _is_as_made(provider: IdentityProvider) -> bool:
    """Whether its IdP's side comes from here; nobody gives a provider such an address by hand."""
    is_practice = is_loopback(provider.entity_id) and provider.entity_id.endswith(f"/idp/{provider.pk}")
    return is_practice or provider.entity_id == f"https://{provider.pk}.idp.example/metadata"


def _lead_to_practice(use: EnvironmentProvider) -> None:
    wanted = idp_side(use.identity_provider)
    if _differs(use.identity_provider, wanted):
        connect_provider(use=use, metadata=wanted, source=IdentityProvider.MetadataSource.FIELDS, by=SYSTEM)


def _differs(provider: IdentityProvider, wanted: IdpMetadata) -> bool:
    pinned = set(provider.certificates.values_list("fingerprint", flat=True))
    is_elsewhere = (provider.entity_id, provider.sso_url, provider.slo) != (
        wanted.entity_id,
        wanted.sso_url,
        wanted.slo,
    )
    return is_elsewhere or pinned != {certificate.fingerprint for certificate in wanted.certificates}


def _key() -> Key:
    """This installation's own key, made once; linked into place whole, so that two processes agree."""
    path = key_file()
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(Key.fresh().pem)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return Key(path.read_text())
