"""Single logout: who signed in through the practice IdP, and the pages that sign them out again."""

from collections.abc import Mapping
from html import escape

from lxml import etree
from saml2 import saml

from provisioning.practice_idp.demo import Provider
from provisioning.practice_idp.markup import START_AGAIN, hidden, page, problem
from provisioning.practice_idp.saml.idp import Idp
from provisioning.practice_idp.saml.pages import indented
from provisioning.practice_idp.saml.shapes import RedirectMessage, SignedIn


class Logouts:
    """Remembers who signed in at which service, as long as the program runs."""

    def __init__(self) -> None:
        self._signed_in: dict[tuple[Provider, str], SignedIn] = {}

    def remember(self, provider: Provider, xml: bytes) -> None:
        """Note the person whom a correct response signs in."""
        root = etree.fromstring(xml)
        name_id, statement = (next(root.iter(f"{{{saml.NAMESPACE}}}{name}")) for name in ("NameID", "AuthnStatement"))
        signed_in = SignedIn(name_id.text, name_id.get("Format"), statement.get("SessionIndex"))
        self._signed_in[provider, signed_in.name_id] = signed_in

    def as_list(self) -> str:
        """Return the people who can be signed out, as a section of the home page."""
        people = "".join(_person(provider, name_id) for provider, name_id in list(self._signed_in))
        return f"<h2>People who signed in</h2>\n<ul>{people}</ul>\n" if people else ""

    def start(self, idp: Idp, name_id: str) -> str:
        """Return the page that sends a LogoutRequest to the service."""
        signed_in = self._signed_in.pop((idp.provider, name_id), None)
        if signed_in is None:
            return problem("This person has signed out already.")
        return _message_page(idp.provider, f"{name_id} signs out here.", "SAMLRequest", idp.logout_request(signed_in))

    def receive(self, idp: Idp, fields: Mapping[str, str]) -> str:
        """Return the page for a LogoutRequest or LogoutResponse of the service; raise BadRequest."""
        if "SAMLResponse" in fields:
            result = (
                "signed the person out too." if idp.read_logout_response(fields) else "did not sign the person out."
            )
            return page("Signed out", f"<p>The service {result}</p>{START_AGAIN}")
        name_id, response = idp.answer_logout_request(fields)
        self._signed_in.pop((idp.provider, name_id), None)
        what = f"{name_id} signed out at the service, and is now signed out here too."
        return _message_page(idp.provider, what, "SAMLResponse", response)


def _person(provider: Provider, name_id: str) -> str:
    return f"""\
<li><form method="post" action="/idp/{escape(provider.id)}/leave">{escape(name_id)} through {escape(provider.name)}
{hidden({"service": provider.sp_entity_id, "name_id": name_id})}<button>Sign out everywhere</button></form></li>
"""


def _message_page(provider: Provider, what: str, parameter: str, message: RedirectMessage) -> str:
    """Return the page that shows a message before the browser takes it to the service."""
    body = f"""\
<p>{escape(what)}</p>
<p>The next step sends this message to <code>{escape(provider.sp_slo_url)}</code>. In the URL it is compressed, in the
parameter <code>{parameter}</code>, with its signature in another parameter.</p>
<p><a href="{escape(message.url)}">Send to Workspace admin</a></p>
<pre tabindex="0" role="region" aria-label="The message"><code>{escape(indented(message.xml))}</code></pre>"""
    return page("Single logout", body)
