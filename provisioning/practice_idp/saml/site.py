"""Answers the requests of a sign-in, of single logout and for metadata, without HTTP."""

import base64
from collections.abc import Mapping, Set
from itertools import chain

from provisioning.practice_idp.demo import Demo, DemoPerson
from provisioning.practice_idp.errors import BadRequest
from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.replies import Document, Redirect
from provisioning.practice_idp.saml import new_pages, pages
from provisioning.practice_idp.saml.faults import LABELS, REPLAY
from provisioning.practice_idp.saml.idp import Idp
from provisioning.practice_idp.saml.idps import Idps
from provisioning.practice_idp.saml.logout import Logouts
from provisioning.practice_idp.saml.metadata import idp_metadata
from provisioning.practice_idp.saml.new_provider import NewProvider, new_id, new_provider
from provisioning.practice_idp.saml.shapes import Release

Fields = Mapping[str, str]

UNKNOWN_PROVIDER = "There is no such identity provider here. Play a new one."
NOTHING_TO_REPLAY = "No response was sent yet. Sign in once, then send the replay."
NO_PERSON = "Choose a person, or enter an email address for somebody else."
# What the service sends with a request: the message, its state, and the address that was typed there. A sign-in that
# begins here has no message, so it names the service by its entity ID.
_REQUEST_FIELDS = ("SAMLRequest", "RelayState", "login_hint", "service")


class SignInSite:
    """The pages of all IdPs that the practice IdP plays. Every method returns HTML, if it says nothing else."""

    def __init__(self, demo: Demo) -> None:
        self._demo, self._key = demo, Key(demo.key)
        self._idps = Idps(demo, self._key)
        self._last_response: dict[Idp, bytes] = {}
        self._logouts = Logouts()

    def home(self) -> str:
        return pages.home(self._demo, self._logouts.as_list())

    def new(self, place: str) -> str | Redirect:
        """Lead to the page of a new provider for "workspace.environment", or ask for which environment it is."""
        id = new_id(place)
        return Redirect(f"/idp/{id}") if id else new_pages.places(self._demo)

    def play(self, provider_id: str) -> str:
        """Return the page of a new provider; raise BadRequest."""
        provider = self._new(provider_id)
        return new_pages.play(self._demo, provider, idp_metadata(provider, self._key))

    def metadata(self, provider_id: str, *, is_file: bool) -> Document:
        """Return the metadata of a new provider; raise BadRequest."""
        text = idp_metadata(self._new(provider_id), self._key)
        return Document(text, "application/samlmetadata+xml", "practice-idp-metadata.xml" if is_file else "")

    def choose(self, provider_id: str, fields: Fields, error: str = "") -> str:
        """Return the page for an AuthnRequest that came by redirect, or for none; raise BadRequest."""
        idp = self._idp(provider_id, fields)
        request = {name: fields[name] for name in _REQUEST_FIELDS if name in fields}
        return pages.choose(idp.provider, self._people(idp, fields), request, _request_id(idp, fields), error)

    def send(self, provider_id: str, fields: Fields, released: Set[str]) -> str:
        """Return the page with the response that the form asks for; released names fields of Release.

        Raise BadRequest.
        """
        idp = self._idp(provider_id, fields)
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
        idp = self._idps.of_service(provider_id, fields.get("service", ""))
        return self._logouts.start(idp, fields.get("name_id", ""))

    def receive_logout(self, provider_id: str, fields: Fields) -> str:
        """Return the page for a logout message of the service; raise BadRequest."""
        return self._logouts.receive(self._idps.of_message(provider_id, fields), fields)

    def _response(self, idp: Idp, fields: Fields, person: DemoPerson, release: Release, fault: str) -> bytes:
        request_id = _request_id(idp, fields)
        if fault == REPLAY:
            if idp not in self._last_response:
                raise BadRequest(NOTHING_TO_REPLAY)
            return self._last_response[idp]
        xml = idp.respond(request_id, person, release, fault)
        if not fault:
            self._last_response[idp] = xml
            self._logouts.remember(idp.provider, xml)
        return xml

    def _idp(self, provider_id: str, fields: Fields) -> Idp:
        if service := fields.get("service"):
            return self._idps.of_service(provider_id, service)
        return self._idps.of_message(provider_id, fields)

    def _new(self, provider_id: str) -> NewProvider:
        provider = new_provider(self._demo.origin, provider_id)
        if not provider.workspace:
            raise BadRequest(UNKNOWN_PROVIDER)
        return provider

    def _people(self, idp: Idp, fields: Fields) -> list[DemoPerson]:
        """Return who can be signed in: first who was typed at the service, then all others of the workspace."""
        workspace, hint = idp.provider.workspace, fields.get("login_hint", "").strip()
        people = self._demo.people.get(workspace, ()) if workspace else chain(*self._demo.people.values())
        others, typed = [], DemoPerson(hint, _name_in(hint))
        for person in people:
            if person.email.casefold() == hint.casefold():
                typed = person
            else:
                others.append(person)
        return [typed, *others] if "@" in hint else others

    def _person(self, idp: Idp, fields: Fields) -> DemoPerson | None:
        """Return the person who was chosen or entered, if there is one."""
        if fields.get("person") != pages.SOMEBODY_ELSE:
            return next((each for each in self._people(idp, fields) if each.email == fields.get("person")), None)
        email = fields.get("email", "").strip()
        if "@" not in email:
            return None
        groups = (group.strip() for group in fields.get("groups", "").split(","))
        return DemoPerson(email, fields.get("name", "").strip() or _name_in(email), tuple(filter(None, groups)))


def _request_id(idp: Idp, fields: Fields) -> str:
    """Return the ID of the AuthnRequest; "" for a sign-in that begins here. Raise BadRequest."""
    return "" if fields.get("service") else idp.read_authn_request(fields.get("SAMLRequest", ""))


def _name_in(email: str) -> str:
    return email.partition("@")[0].replace(".", " ").title()
