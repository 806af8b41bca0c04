"""The pages, as plain HTML that needs no script."""

from collections.abc import Iterable
from html import escape

from provisioning.practice_idp.demo import Demo, Environment, Person, Provider
from provisioning.practice_idp.saml import idp

STYLE = "/style.css"
SOMEBODY_ELSE = "somebody-else"


def page(title: str, body: str) -> str:
    """The frame of every page; title and body come as HTML."""
    return f"""\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title} · Practice IdP</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="{STYLE}"></head>
<body><header><a href="/">Practice IdP</a> <span>signs in anybody, for practice only</span></header>
<main><h1>{title}</h1>
{body}
</main></body></html>
"""


def home(demo: Demo, signed_in: str) -> str:
    """What this is, and where to begin."""
    intro = f"""\
<p>This program plays the identity provider of the demo: Okta, Entra ID and the others all lead here.
A sign-in begins in the service, which sends the browser here; here you choose who you are, see what is sent,
and go back with it.</p>
<p>The console: <a href="{escape(demo.console)}/">{escape(demo.console)}/</a>.
What arrived there stands under <b>Sign-in attempts</b>.</p>
<p>It also provisions by SCIM: <a href="/push">Push people and groups</a>.</p>
<h2>Begin here</h2>
"""
    return page("Sign-in to the demo", intro + "".join(map(_environment, demo.environments)) + signed_in)


def choose(provider: Provider, people: Iterable[Person], request: dict[str, str], error: str = "") -> str:
    """Who to sign in as, and what to send."""
    alert = f'<p role="alert">{escape(error)}</p>' if error else ""
    body = f"""\
{alert}
{_asked(provider, request)}
<form method="post" action="/idp/{escape(provider.id)}/response">
{_hidden(request, "SAMLRequest", "RelayState")}
{_people(people)}
{_parts()}
{_wrongs()}
<p><button>Continue</button></p>
</form>"""
    return page(f"Sign in to {_where(provider)}", body)


def send(provider: Provider, xml: bytes, fields: dict[str, str], wrong: str) -> str:
    """What is sent, before it is."""
    note = f"<p><strong>Wrong on purpose:</strong> {escape(idp.LABELS[wrong])}.</p>" if wrong else ""
    body = f"""\
{note}
<p>This goes to <code>{escape(provider.acs_url)}</code> as <code>SAMLResponse</code>, without the indentation.</p>
<form method="post" action="{escape(provider.acs_url)}">
{_hidden(fields, *fields)}
<p><button>Send to Workspace admin</button></p>
</form>
<pre tabindex="0" role="region" aria-label="The response"><code>{escape(idp.pretty(xml))}</code></pre>"""
    return page(f"Response for {_where(provider)}", body)


def problem(message: str) -> str:
    """Why it does not go on, and where it does."""
    return page("That did not work", f'<p>{escape(message)}</p><p><a href="/">Begin again</a></p>')


def _where(provider: Provider) -> str:
    return escape(f"{provider.name} ({provider.workspace} {provider.environment.upper()})")


def _environment(environment: Environment) -> str:
    names = ", ".join(f"{each.name} ({each.state})" for each in environment.providers) or "no identity provider yet"
    title = escape(f"{environment.workspace} {environment.name}")
    return f'<p><a href="{escape(environment.sign_in_url)}">{title}</a><br><small>{escape(names)}</small></p>\n'


def _asked(provider: Provider, request: dict[str, str]) -> str:
    """Who asks, and for what."""
    facts = {
        "Identity provider": f"{provider.name}, as {provider.entity_id}",
        "Environment": f"{provider.workspace} {provider.environment.upper()}",
        "Service": provider.sp_entity_id,
        "Request": request["id"],
        "Answer goes to": provider.acs_url,
    }
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()) + "</dl>"


def _people(people: Iterable[Person]) -> str:
    return f"""\
<fieldset><legend>Sign in as</legend>
<ul>{"".join(map(_person, people))}</ul>
<p><label><input type="radio" name="person" value="{SOMEBODY_ELSE}" required> Somebody else</label></p>
<div class="else">
<label>Email address <input name="email" type="email" autocomplete="off"></label>
<label>Full name <input name="name" autocomplete="off"></label>
<label>Groups, separated by commas <input name="groups" autocomplete="off"></label>
</div></fieldset>"""


def _person(person: Person) -> str:
    details = escape(" · ".join([person.email, *person.groups]))
    radio = f'<input type="radio" name="person" value="{escape(person.email)}" required>'
    return f"<li><label>{radio} {escape(person.name)} <small>{details}</small></label></li>\n"


def _parts() -> str:
    return """\
<fieldset><legend>Send</legend>
<p><label><input type="checkbox" name="send" value="email" checked> Email address
<small>as NameID and attribute; otherwise an identifier that says nothing</small></label></p>
<p><label><input type="checkbox" name="send" value="name" checked> Full name</label></p>
<p><label><input type="checkbox" name="send" value="groups" checked> Groups
<small>without the attribute nothing is said of groups, so nothing changes</small></label></p>
</fieldset>"""


def _wrongs() -> str:
    choices = [("", "No, send it as it should be"), *idp.LABELS.items()]
    radios = (
        f'<p><label><input type="radio" name="wrong" value="{value}"{"" if value else " checked"}> '
        f"{escape(label)}</label></p>"
        for value, label in choices
    )
    return f"<fieldset><legend>Send it wrongly</legend>{''.join(radios)}</fieldset>"


def _hidden(fields: dict[str, str], *names: str) -> str:
    return "".join(f'<input type="hidden" name="{name}" value="{escape(fields[name])}">' for name in names)
