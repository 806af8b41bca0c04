"""Claims of a verified response, kept until its browser comes.

They stand for reading the response again as long as that would give the same claims: from the same bytes, by the same
facts of both sides, before one of its times ends.
"""

import hashlib
import json
from dataclasses import astuple
from datetime import datetime

from authentication.saml.assertions import Claims
from authentication.saml.name_ids import NameId
from authentication.saml.parties import ProviderFacts, SpFacts

_TIMES = ("session_not_on_or_after", "issued_at", "authn_instant", "holds_until")


def keep(claims: Claims, raw: str, provider: ProviderFacts, sp: SpFacts) -> str:
    """Return as text what a posted response says, and by what it was read."""
    values = {name: getattr(claims, name) for name in Claims.__slots__}
    return json.dumps({"basis": _basis(raw, provider, sp), "claims": values}, default=_plain)


def kept(text: str, raw: str, provider: ProviderFacts, sp: SpFacts, now: datetime) -> Claims | None:
    """Return the claims of the text; None where the response must be read again, as without a text."""
    if not text:
        return None
    stored = json.loads(text)
    if stored["basis"] != _basis(raw, provider, sp):
        return None
    values = stored["claims"]
    values |= {name: datetime.fromisoformat(values[name]) for name in _TIMES if values[name]}
    values["attributes"] = {name: tuple(texts) for name, texts in values["attributes"].items()}
    values["subject"] = NameId(*values["subject"])
    claims = Claims(**values)
    return claims if now < claims.holds_until else None


def _basis(raw: str, provider: ProviderFacts, sp: SpFacts) -> str:
    """Return a digest of everything but the time that decides what a response says, and of the form of claims."""
    decisive = (Claims.__slots__, raw, provider, sp.entity_id, sp.acs_url)
    return hashlib.sha256(repr(decisive).encode()).hexdigest()


def _plain(value: object) -> object:
    return astuple(value) if isinstance(value, NameId) else value.isoformat() if isinstance(value, datetime) else None
