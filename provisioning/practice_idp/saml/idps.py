"""The identity providers that the practice IdP plays: those of the demo, and any other as soon as a service asks."""

from collections.abc import Mapping

from provisioning.practice_idp.demo import Demo
from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.saml.idp import Idp
from provisioning.practice_idp.saml.new_provider import new_provider
from provisioning.practice_idp.saml.services import fetch_service, issuer_of


class Idps:
    """IdPs by the id of the provider and the entity ID of the service."""

    def __init__(self, demo: Demo, key: Key) -> None:
        self._demo, self._key = demo, key
        self._known = {(each.id, each.sp_entity_id): Idp(each, key) for each in demo.providers}

    def of_message(self, provider_id: str, fields: Mapping[str, str]) -> Idp:
        """Return the IdP that a SAML message is for; raise BadRequest."""
        return self.of_service(provider_id, issuer_of(fields.get("SAMLRequest") or fields.get("SAMLResponse", "")))

    def of_service(self, provider_id: str, service: str) -> Idp:
        """Return the IdP that answers a service, given by its entity ID; raise BadRequest."""
        if (provider_id, service) not in self._known:
            provider = new_provider(self._demo.origin, provider_id)
            learned = provider.serving(fetch_service(self._demo.console, service))
            self._known[provider_id, service] = Idp(learned, self._key)
        return self._known[provider_id, service]
