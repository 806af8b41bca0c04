"""Metadata from a refresh, as JSON, while it waits for a decision."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from authentication.saml.certificates import parse_certificates
from authentication.saml.endpoints import SingleLogout
from authentication.saml.metadata import IdpMetadata

Pending = dict[str, Any]


def to_json(metadata: IdpMetadata, *, fetched_at: datetime) -> Pending:
    """Return the values of metadata that would be applied, certificates as PEM and times as ISO text."""
    return {
        "entity_id": metadata.entity_id,
        "sso_redirect_url": metadata.sso_redirect_url,
        "sso_post_url": metadata.sso_post_url,
        "slo": asdict(metadata.slo),
        "wants_signed_requests": metadata.wants_authn_requests_signed,
        "valid_until": metadata.valid_until.isoformat() if metadata.valid_until else None,
        "certificates": [certificate.pem for certificate in metadata.certificates],
        "fetched_at": fetched_at.isoformat(),
    }


def from_json(pending: Pending) -> IdpMetadata:
    """Return the metadata that `to_json` wrote."""
    valid_until = pending["valid_until"]
    return IdpMetadata(
        entity_id=pending["entity_id"],
        sso_redirect_url=pending["sso_redirect_url"],
        sso_post_url=pending["sso_post_url"],
        slo=SingleLogout(**pending.get("slo", {})),
        certificates=parse_certificates("\n".join(pending["certificates"])),
        wants_authn_requests_signed=pending["wants_signed_requests"],
        valid_until=datetime.fromisoformat(valid_until) if valid_until else None,
    )


def digest(pending: Pending) -> str:
    """Return the digest of the content. A decision names it, so that it is about what was seen."""
    content = {key: value for key, value in pending.items() if key not in ("fetched_at", "valid_until")}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
