"""The pages of a sign-in."""

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import urlencode

from lxml import etree

from provisioning.practice_idp.demo import Demo, DemoPerson, Environment, Provider
from provisioning.practice_idp.markup import NEW_URL, PUSH_URL, alert, hidden, page, radio
from provisioning.practice_idp.saml.faults import LABELS

SOMEBODY_ELSE = "somebody-else"
RELEASE = """\
<fieldset><legend>Send</legend>
<p><label><input type="checkbox" name="send" value="email" checked> Email address
<small>as NameID and as attribute; without it, an opaque identifier is sent</small></label></p>
<p><label><input type="checkbox" name="send" value="name" checked> Full name</label></p>
<p><label><input type="checkbox" name="send" value="groups" checked> Groups
<small>without this attribute, sign-in changes no groups</small></label></p>
</fieldset>"""


def home(demo: Demo, signed_in: str) -> str:
    """Return the page that says what the practice IdP is and where to start; signed_in is HTML."""
    intro = f"""\
<p>This program is the identity provider of the demo. Okta, Microsoft Entra ID and all other providers of the demo lead
here. A sign-in starts in the service, which sends the browser here. You choose a person, see the response, and send
it.</p>
<p>The console is at <a href="{escape(demo.console)}/">{escape(demo.console)}/</a>.
Under <b>Sign-in attempts</b> it shows what it received.</p>
<p>For a provider that you set up in the console, <a href="{NEW_URL}">play a new provider</a>. You can also
<a href="{PUSH_URL}">push people and groups</a> by SCIM.</p>
<h2>Start a sign-in</h2>
"""
    return page("Sign in to the demo", intro + "".join(map(_environment, demo.environments)) + signed_in)


def choose(provider: Provider, people: Iterable[DemoPerson], fields: Mapping[str, str], id: str, error: str) -> str:
    """Return the form that asks whom to sign in and what to send; fields and id are the request's."""
    correct = radio("wrong", "", "None: send a correct response", is_checked=True)
    faults = "".join(radio("wrong", value, label) for value, label in LABELS.items())
    body = f"""\
{alert(error)}
{_request(provider, id)}
<form method="post" action="/idp/{escape(provider.id)}/response">
{hidden(fields)}
{_people(people, fields.get("login_hint", ""))}
{RELEASE}
<fieldset><legend>Errors and special cases</legend>{correct}{faults}</fieldset>
<p><button>Continue</button></p>
</form>"""
    return page(f"Sign in to {_title(provider)}", body)


def send(provider: Provider, xml: bytes, fields: Mapping[str, str], fault: str) -> str:
    """Return the page that shows a response before the browser sends it."""
    note = f"<p><strong>Wrong on purpose:</strong> {escape(LABELS[fault])}.</p>" if fault else ""
    body = f"""\
{note}
<p>The next step sends this response, without the indentation, to <code>{escape(provider.acs_url)}</code> in the field
<code>SAMLResponse</code>.</p>
<form method="post" action="{escape(provider.acs_url)}">
{hidden(fields)}
<p><button>Send to Workspace admin</button></p>
</form>
<pre tabindex="0" role="region" aria-label="The response"><code>{escape(indented(xml))}</code></pre>"""
    return page(f"Response for {_title(provider)}", body)


def indented(xml: bytes) -> str:
    """Return XML with one element a line, for people to read."""
    root = etree.fromstring(xml)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def _title(provider: Provider) -> str:
    return escape(f"{provider.name} ({_place(provider)})")


def _place(provider: Provider) -> str:
    return f"{provider.workspace} {provider.environment.upper()}".strip() or "any environment"


def _environment(environment: Environment) -> str:
    names = ", ".join(f"{each.name} ({each.state})" for each in environment.providers) or "no provider of the demo"
    title = escape(f"{environment.workspace} {environment.name}")
    here = ", ".join(_begun_here(each, environment) for each in environment.providers)
    begin = f"<br><small>Begin here instead (IdP-initiated): {here}</small>" if here else ""
    link = f'<a href="{escape(environment.sign_in_url)}">{title}</a>'
    return f"<p>{link}<br><small>{escape(names)}</small>{begin}</p>\n"


def _begun_here(provider: Provider, environment: Environment) -> str:
    fields = {"service": provider.sp_entity_id, "RelayState": environment.sign_in_url}
    url = f"/idp/{provider.id}/sso?{urlencode(fields)}"
    return f'<a href="{escape(url)}">{escape(provider.name)}</a>'


def _request(provider: Provider, id: str) -> str:
    facts = {
        "Identity provider": f"{provider.name}, entity ID {provider.entity_id}",
        "Environment": _place(provider),
        "Service": provider.sp_entity_id,
        "Request": id or "None: the sign-in begins here",
        "ACS URL": provider.acs_url,
    }
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()) + "</dl>"


def _people(people: Iterable[DemoPerson], typed: str) -> str:
    """Return the choice of a person, in which the one with the address that was typed at the service is chosen."""
    choices = (_person(each, is_checked=each.email.casefold() == typed.strip().casefold()) for each in people)
    return f"""\
<fieldset><legend>Sign in as</legend>
<ul>{"".join(choices)}</ul>
{radio("person", SOMEBODY_ELSE, "Somebody else")}
<div class="else">
<label>Email address <input name="email" type="email" autocomplete="off"></label>
<label>Full name <input name="name" autocomplete="off"></label>
<label>Groups, separated by commas <input name="groups" autocomplete="off"></label>
</div></fieldset>"""


def _person(person: DemoPerson, *, is_checked: bool) -> str:
    details = escape(" · ".join([person.email, *person.groups]))
    state = " checked" if is_checked else " required"
    button = f'<input type="radio" name="person" value="{escape(person.email)}"{state}>'
    return f"<li><label>{button} {escape(person.name)} <small>{details}</small></label></li>\n"
