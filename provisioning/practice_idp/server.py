"""The practice IdP over plain HTTP, for a browser on the same machine."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

from provisioning.practice_idp.demo import Demo
from provisioning.practice_idp.errors import BadRequest
from provisioning.practice_idp.markup import problem
from provisioning.practice_idp.replies import Document, Redirect
from provisioning.practice_idp.saml.site import SignInSite
from provisioning.practice_idp.scim.site import PushSite

MAX_BODY_BYTES = 200_000
STYLE = Path(__file__).with_name("style.css").read_text()


class Handler(BaseHTTPRequestHandler):
    """Routes requests to the two sites, and refuses those of other origins."""

    server: "Server"
    timeout = 30

    def do_GET(self) -> None:
        """Answer with the style sheet or a page."""
        url = urlsplit(self.path)
        fields, sign_in = dict(parse_qsl(url.query, keep_blank_values=True)), self.server.sign_in
        match url.path.split("/"):
            case ["", "style.css"]:
                self._answer(HTTPStatus.OK, STYLE, "text/css")
            case ["", ""]:
                self._show(sign_in.home)
            case ["", "push", *_]:
                self._show(partial(self.server.push.page, url.path, fields.get("key", ""), fields.get("base_url", "")))
            case ["", "new"]:
                self._show(partial(sign_in.new, fields.get("for", "")))
            case ["", "idp", provider_id]:
                self._show(partial(sign_in.play, provider_id))
            case ["", "idp", provider_id, "metadata"]:
                self._show(partial(sign_in.metadata, provider_id, is_file="download" in fields))
            case ["", "idp", provider_id, "sso"]:
                self._show(partial(sign_in.choose, provider_id, fields))
            case ["", "idp", provider_id, "slo"]:
                self._show(partial(sign_in.receive_logout, provider_id, fields))
            case _:
                self._not_found()

    def do_POST(self) -> None:
        """Answer with the page that a form leads to."""
        length = int(self.headers.get("Content-Length", "0"))
        if not 0 <= length <= MAX_BODY_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, problem("The form is too large."))
            return
        form = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
        fields, sign_in = {name: values[-1] for name, values in form.items()}, self.server.sign_in
        match self.path.split("/"):
            case ["", "push", *_]:
                self._submit(form)
            case ["", "idp", provider_id, "response"]:
                self._show(partial(sign_in.send, provider_id, fields, set(form.get("send", []))))
            case ["", "idp", provider_id, "leave"]:
                self._show(partial(sign_in.start_logout, provider_id, fields))
            case _:
                self._not_found()

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the terminal belongs to the server of the demo."""

    def _submit(self, form: dict[str, list[str]]) -> None:
        # Another site can make the browser send a form here, but only with its own Origin (CSRF).
        if self.headers.get("Origin") not in {f"http://{name}" for name in self.server.names}:
            self._answer(HTTPStatus.FORBIDDEN, problem("This form was sent from another site."))
        else:
            self._show(partial(self.server.push.submit, self.path, form))

    def _show(self, make: Callable[[], str | Redirect | Document]) -> None:
        """Answer with what make returns."""
        # Another site whose name leads here could read our pages (DNS rebinding), so only our own names are served.
        if self.headers.get("Host") not in self.server.names:
            self._answer(
                HTTPStatus.MISDIRECTED_REQUEST, problem("Open the practice IdP at the address that `make run` prints.")
            )
            return
        try:
            reply = make()
        except BadRequest as error:
            self._answer(HTTPStatus.BAD_REQUEST, problem(str(error)))
            return
        match reply:
            case Redirect(path):
                self._redirect(path)
            case Document(text, kind, file_name):
                self._answer(HTTPStatus.OK, text, kind, file_name)
            case text:
                self._answer(HTTPStatus.OK, text)

    def _redirect(self, path: str) -> None:
        """Lead to another page: reloading that one does not do again what this request did."""
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _not_found(self) -> None:
        self._answer(HTTPStatus.NOT_FOUND, problem("There is no such page."))

    def _answer(self, status: HTTPStatus, text: str, kind: str = "text/html", file_name: str = "") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if file_name:
            self.send_header("Content-Disposition", f'attachment; filename="{file_name}"')
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Listens on this machine only."""

    daemon_threads = True

    def __init__(self, demo: Demo) -> None:
        self.sign_in, self.push = SignInSite(demo), PushSite(demo)
        self.names = {f"{host}:{demo.port}" for host in ("127.0.0.1", "localhost")}
        self.policy = (
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' {demo.console}"
        )
        super().__init__(("127.0.0.1", demo.port), Handler)
