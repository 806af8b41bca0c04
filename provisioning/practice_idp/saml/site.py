"""Answers the requests of a sign-in and of single logout, without HTTP."""

import base64
from collections.abc import Mapping, Set

from provisioning.practice_idp.demo import Demo, DemoPerson
from provisioning.practice_idp.errors import BadRequest
from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.saml import pages
from provisioning.practice_idp.saml.faults import LABELS, REPLAY
from provisioning.practice_idp.saml.idp import Idp
from provisioning.practice_idp.saml.logout import Logouts
from provisioning.practice_idp.saml.shapes import Release

Fields = Mapping[str, str]

UNKNOWN_PROVIDER = (
    "The practice IdP does not know this identity provider. If you have just set it up, restart `make run`."
)
NOTHING_TO_REPLAY = "No response was sent yet. Sign in once, then send the replay."
NO_PERSON = "Choose a person, or enter an email address for somebody else."


class SignInSite:
    """The pages of all IdPs that the practice IdP plays. Every method returns HTML."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._idps = {provider.id: Idp(provider, Key(demo.key)) for provider in demo.providers}
        self._last_response: dict[str, bytes] = {}
        self._logouts = Logouts()

    def home(self) -> str:
        return pages.home(self._demo, self._logouts.as_list())

    def choose(self, provider_id: str, fields: Fields, error: str = "") -> str:
        """Return the page for an AuthnRequest that came by redirect; raise BadRequest."""
        idp = self._idp(provider_id)
        request = {name: fields.get(name, "") for name in ("SAMLRequest", "RelayState")}
        request_id = idp.read_authn_request(request["SAMLRequest"])
        return pages.choose(idp.provider, self._people(idp), request, request_id, error)

    def send(self, provider_id: str, fields: Fields, released: Set[str]) -> str:
        """Return the page with the response that the form asks for; released names fields of Release.

        Raise BadRequest.
        """
        idp = self._idp(provider_id)
        person = self._person(idp, fields)
        if person is None:
            return self.choose(provider_id, fields, NO_PERSON)
        fault = fields.get("wrong", "") if fields.get("wrong") in LABELS else ""
        release = Release(email="email" in released, name="name" in released, groups="groups" in released)
        xml = self._response(idp, fields, person, release, fault)
        answer = {"SAMLResponse": base64.b64encode(xml).decode(), "RelayState": fields.get("RelayState", "")}
        return pages.send(idp.provider, xml, answer, fault)

    def start_logout(self, provider_id: str, fields: Fields) -> str:
        """Return the page that signs a person out everywhere; raise BadRequest."""
        return self._logouts.start(self._idp(provider_id), fields.get("name_id", ""))

    def receive_logout(self, provider_id: str, fields: Fields) -> str:
        """Return the page for a logout message of the service; raise BadRequest."""
        return self._logouts.receive(self._idp(provider_id), fields)

    def _response(self, idp: Idp, fields: Fields, person: DemoPerson, release: Release, fault: str) -> bytes:
        request_id = idp.read_authn_request(fields.get("SAMLRequest", ""))
        if fault == REPLAY:
            if idp.provider.id not in self._last_response:
                raise BadRequest(NOTHING_TO_REPLAY)
            return self._last_response[idp.provider.id]
        xml = idp.respond(request_id, person, release, fault)
        if not fault:
            self._last_response[idp.provider.id] = xml
            self._logouts.remember(idp.provider, xml)
        return xml

    def _idp(self, provider_id: str) -> Idp:
        try:
            return self._idps[provider_id]
        except KeyError:
            raise BadRequest(UNKNOWN_PROVIDER) from None

    def _people(self, idp: Idp) -> tuple[DemoPerson, ...]:
        return self._demo.people.get(idp.provider.workspace, ())

    def _person(self, idp: Idp, fields: Fields) -> DemoPerson | None:
        """Return the person who was chosen or entered, if there is one."""
        if fields.get("person") != pages.SOMEBODY_ELSE:
            return next((each for each in self._people(idp) if each.email == fields.get("person")), None)
        email = fields.get("email", "").strip()
        if "@" not in email:
            return None
        name = fields.get("name", "").strip() or email.partition("@")[0].replace(".", " ").title()
        groups = (group.strip() for group in fields.get("groups", "").split(","))
        return DemoPerson(email, name, tuple(filter(None, groups)))
