"""The practice IdP over plain HTTP, for one browser on the same machine."""

import base64
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from provisioning.practice_idp.demo import Demo, Person
from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.saml import pages
from provisioning.practice_idp.saml.idp import LABELS, REPLAY, Idp, Misunderstood, Sends
from provisioning.practice_idp.saml.logout import Logouts
from provisioning.practice_idp.scim import pages as scim_pages
from provisioning.practice_idp.scim.desk import Desk

MAX_BODY = 200_000
STYLE = Path(__file__).with_name("style.css").read_text()
RESTART = (
    "The practice IdP does not know this identity provider. If it was set up a moment ago, start `make run` again."
)

Fields = dict[str, str]


class Practice:
    """What the practice IdP says to requests, without the HTTP."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self._idps = {provider.id: Idp(provider, Key(demo.key)) for provider in demo.providers}
        self._last: dict[str, bytes] = {}
        self._logouts = Logouts()

    def home(self) -> str:
        """Where to begin, and who can be signed out."""
        return pages.home(self.demo, self._logouts.listed())

    def leave(self, provider_id: str, fields: Fields) -> str:
        """The page that signs somebody out everywhere; raise Misunderstood."""
        return self._logouts.begin(self._idp(provider_id), fields.get("name_id", ""))

    def log_out(self, provider_id: str, fields: Fields) -> str:
        """The page for a logout message of the service; raise Misunderstood."""
        return self._logouts.arrived(self._idp(provider_id), fields)

    def choose(self, provider_id: str, fields: Fields, error: str = "") -> str:
        """The page for a request that arrived by redirect; raise Misunderstood."""
        idp = self._idp(provider_id)
        request = _request(fields) | {"id": idp.read_request(fields.get("SAMLRequest", ""))}
        return pages.choose(idp.provider, self._people(idp), request, error)

    def send(self, provider_id: str, fields: Fields, parts: set[str]) -> str:
        """The page with the response that was asked for; raise Misunderstood."""
        idp, wrong = self._idp(provider_id), fields.get("wrong", "")
        person = self._person(idp, fields)
        if person is None:
            return self.choose(provider_id, fields, "Choose somebody, or enter an email address for somebody else.")
        sends = Sends(email="email" in parts, name="name" in parts, groups="groups" in parts)
        xml = self._response(idp, fields, person, sends, wrong if wrong in LABELS else "")
        answer = {"SAMLResponse": base64.b64encode(xml).decode(), "RelayState": fields.get("RelayState", "")}
        return pages.send(idp.provider, xml, answer, wrong if wrong in LABELS else "")

    def _response(self, idp: Idp, fields: Fields, person: Person, sends: Sends, wrong: str) -> bytes:
        request_id = idp.read_request(fields.get("SAMLRequest", ""))
        if wrong != REPLAY:
            xml = idp.respond(request_id, person, sends, wrong)
            if not wrong:
                self._last[idp.provider.id] = xml
                self._logouts.remember(idp.provider, xml)
            return xml
        if last := self._last.get(idp.provider.id):
            return last
        raise Misunderstood("Nothing was sent yet that could be sent once more. Sign in once, then again as a replay.")

    def _idp(self, provider_id: str) -> Idp:
        try:
            return self._idps[provider_id]
        except KeyError:
            raise Misunderstood(RESTART) from None

    def _people(self, idp: Idp) -> tuple[Person, ...]:
        return self.demo.people.get(idp.provider.workspace, ())

    def _person(self, idp: Idp, fields: Fields) -> Person | None:
        """Who was chosen, or was entered."""
        if fields.get("person") == pages.SOMEBODY_ELSE:
            return _somebody_else(fields)
        return next((each for each in self._people(idp) if each.email == fields.get("person")), None)


def _somebody_else(fields: Fields) -> Person | None:
    email = fields.get("email", "").strip()
    name = fields.get("name", "").strip() or email.partition("@")[0].replace(".", " ").title()
    groups = (group.strip() for group in fields.get("groups", "").split(","))
    return Person(email, name, tuple(filter(None, groups))) if "@" in email else None


def _request(fields: Fields) -> Fields:
    """What has to be handed on from page to page."""
    return {name: fields.get(name, "") for name in ("SAMLRequest", "RelayState")}


class Handler(BaseHTTPRequestHandler):
    """Routes: home, the request that arrives, the response that is made."""

    server: "Server"
    timeout = 30

    def do_GET(self) -> None:
        """Show home, the style sheet, or the page for a request."""
        url = urlsplit(self.path)
        if url.path == pages.STYLE:
            return self._answer(HTTPStatus.OK, STYLE, "text/css")
        if url.path == "/":
            return self._show(self.server.practice.home)
        if _is_push(url.path):
            return self._show(lambda: self.server.desk.page(url.path, url.query))
        practice, fields = self.server.practice, dict(parse_qsl(url.query))
        if url.path.endswith("/slo"):
            return self._show_for("slo", url.path, lambda idp: practice.log_out(idp, fields))
        return self._show_for("sso", url.path, lambda idp: practice.choose(idp, fields))

    def do_POST(self) -> None:
        """Make the response that the form asks for, or do what a form of the pushing pages does."""
        length = int(self.headers.get("Content-Length", "0"))
        if not 0 <= length <= MAX_BODY:
            return self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, pages.problem("That is too much."))
        body = self.rfile.read(length).decode()
        if _is_push(self.path):
            return self._act(body)
        pairs = parse_qsl(body, keep_blank_values=True)
        if self.path.endswith("/leave"):
            return self._show_for("leave", self.path, lambda idp: self.server.practice.leave(idp, dict(pairs)))
        parts = {value for name, value in pairs if name == "send"}
        return self._show_for("response", self.path, lambda idp: self.server.practice.send(idp, dict(pairs), parts))

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the terminal for the server's own lines."""

    def _show_for(self, name: str, path: str, make: Callable[[str], str]) -> None:
        match path.split("/"):
            case ["", "idp", provider_id, last] if last == name:
                self._show(lambda: make(provider_id))
            case _:
                self._answer(HTTPStatus.NOT_FOUND, pages.problem("There is no such page."))

    def _act(self, body: str) -> None:
        # A foreign page can have the browser send a form here, but not in our name (CSRF).
        if self.headers.get("Origin") not in {f"http://{name}" for name in self.server.names}:
            return self._answer(HTTPStatus.FORBIDDEN, pages.problem("Send this form from its own page."))
        return self._show(lambda: self.server.desk.act(self.path, parse_qs(body, keep_blank_values=True)))

    def _show(self, make: Callable[[], str | None]) -> None:
        # Another name that leads here would let a foreign page read what stands on ours (DNS rebinding).
        if self.headers.get("Host") not in self.server.names:
            return self._answer(HTTPStatus.MISDIRECTED_REQUEST, pages.problem("Open it by the address it prints."))
        try:
            text = make()
            return self._back() if text is None else self._answer(HTTPStatus.OK, text)
        except Misunderstood as misunderstood:
            return self._answer(HTTPStatus.BAD_REQUEST, pages.problem(str(misunderstood)))

    def _back(self) -> None:
        """Show the pushing page after a form did something, so that reloading does nothing again."""
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", scim_pages.HOME)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: HTTPStatus, text: str, kind: str = "text/html") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def _is_push(path: str) -> bool:
    return path == scim_pages.HOME or path.startswith(f"{scim_pages.HOME}/")


class Server(ThreadingHTTPServer):
    """Listens on this machine only."""

    daemon_threads = True

    def __init__(self, demo: Demo) -> None:
        self.practice = Practice(demo)
        self.desk = Desk(demo)
        self.names = {f"{host}:{demo.port}" for host in ("127.0.0.1", "localhost")}
        self.policy = (
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' {demo.console}"
        )
        super().__init__(("127.0.0.1", demo.port), Handler)
