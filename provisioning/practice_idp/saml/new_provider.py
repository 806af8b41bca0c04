"""Identity providers that the demo does not have. Their ids say all of them, so a restart loses none."""

import re
import secrets
from dataclasses import dataclass

from provisioning.practice_idp.demo import Provider
from provisioning.practice_idp.saml.shapes import Service

_PLACE = re.compile(r"([\w-]+)\.([\w-]+)", re.ASCII)
_ID = re.compile(rf"{_PLACE.pattern}\.[0-9a-f]{{8}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewProvider:
    """An identity provider to be set up in the console, for the people of an environment."""

    id: str
    workspace: str
    environment: str
    entity_id: str

    @property
    def sso_url(self) -> str:
        return f"{self.entity_id}/sso"

    @property
    def slo_url(self) -> str:
        return f"{self.entity_id}/slo"

    @property
    def metadata_url(self) -> str:
        return f"{self.entity_id}/metadata"

    def serving(self, service: Service) -> Provider:
        """Return the provider as a service knows it."""
        return Provider(
            id=self.id,
            name=f"New provider {self.id.split('.')[-1]}",
            workspace=self.workspace,
            environment=self.environment,
            state="",
            entity_id=self.entity_id,
            sso_url=self.sso_url,
            acs_url=service.acs_url,
            sp_entity_id=service.entity_id,
            sp_slo_url=service.slo_url,
        )


def new_id(place: str) -> str:
    """Return a random id for the people of "workspace.environment"; "" if the place is not written so."""
    return f"{place}.{secrets.token_hex(4)}" if _PLACE.fullmatch(place) else ""


def new_provider(origin: str, id: str) -> NewProvider:
    """Return the provider of an id; the practice IdP runs at `origin`. An id without a place is for everybody."""
    found = _ID.fullmatch(id)
    workspace, environment = (found[1], found[2]) if found else ("", "")
    return NewProvider(id, workspace, environment, f"{origin}/idp/{id}")
