"""Single logout of the practice IdP: who has signed in through it, and the pages on which they sign out again."""

from html import escape

from provisioning.practice_idp.demo import Provider
from provisioning.practice_idp.saml import pages
from provisioning.practice_idp.saml.idp import Carried, Idp, SignedIn, pretty, signed_in_by


class Logouts:
    """Remembers who was signed in at which service, as long as the program runs."""

    def __init__(self) -> None:
        self._signed_in: dict[tuple[str, str], tuple[Provider, SignedIn]] = {}

    def remember(self, provider: Provider, xml: bytes) -> None:
        """Note whom an honest response signs in."""
        signed_in = signed_in_by(xml)
        self._signed_in[provider.id, signed_in.name_id] = provider, signed_in

    def listed(self) -> str:
        """Who can be signed out from here, as a part of the first page."""
        people = "".join(_person(provider, signed_in) for provider, signed_in in list(self._signed_in.values()))
        return f"<h2>Who signed in</h2>\n<ul>{people}</ul>\n" if people else ""

    def begin(self, idp: Idp, name_id: str) -> str:
        """The page with the request that signs somebody out at the service too."""
        _, signed_in = self._signed_in.pop((idp.provider.id, name_id), (None, None))
        if signed_in is None:
            return pages.problem("This person has signed out already.")
        return _page(idp.provider, f"{name_id} signs out here.", "SAMLRequest", idp.ask_to_leave(signed_in))

    def arrived(self, idp: Idp, fields: dict[str, str]) -> str:
        """The page for what the service sends: an answer, or a request with the answer to it; raise Misunderstood."""
        if "SAMLResponse" in fields:
            done = "signed the person out too." if idp.read_answer(fields) else "did not sign the person out."
            return pages.page("Signed out", f'<p>The service {done}</p><p><a href="/">Begin again</a></p>')
        name_id, answer = idp.answer_leaving(fields)
        self._signed_in.pop((idp.provider.id, name_id), None)
        return _page(idp.provider, f"{name_id} has signed out at the service, and so here.", "SAMLResponse", answer)


def _person(provider: Provider, signed_in: SignedIn) -> str:
    name = escape(signed_in.name_id)
    return f"""\
<li><form method="post" action="/idp/{escape(provider.id)}/leave">{name} through {escape(provider.name)}
<input type="hidden" name="name_id" value="{name}"><button>Sign out everywhere</button></form></li>
"""


def _page(provider: Provider, what: str, field: str, message: Carried) -> str:
    """What is sent, before it is."""
    body = f"""\
<p>{escape(what)}</p>
<p>This goes to <code>{escape(provider.sp_slo_url)}</code> as <code>{field}</code>, compressed and signed beside it.</p>
<p><a href="{escape(message.url)}">Send to Workspace admin</a></p>
<pre tabindex="0" role="region" aria-label="The message"><code>{escape(pretty(message.xml))}</code></pre>"""
    return pages.page("Single logout", body)
