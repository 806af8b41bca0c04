"""The pages of an identity provider that is yet to be set up in the console."""

from html import escape
from urllib.parse import urlencode

from provisioning.practice_idp.demo import Demo, Environment
from provisioning.practice_idp.markup import NEW_URL, page
from provisioning.practice_idp.saml.new_provider import NewProvider

TITLE = "Play a new provider"


def places(demo: Demo) -> str:
    """Return the page that asks for which environment the provider is."""
    links = "".join(map(_place, demo.environments))
    return page(TITLE, f"<p>For the people of which environment?</p>\n<ul>{links}</ul>")


def play(demo: Demo, provider: NewProvider, metadata: str) -> str:
    """Return the page with what the console needs to know of a provider."""
    title = escape(f"{provider.workspace} {provider.environment.upper()}")
    sign_in_url = escape(f"{demo.console}/sign-in/{provider.workspace}/{provider.environment}/")
    body = f"""\
<p>The practice IdP is a new identity provider for the people of {title}. It learns of the service from the first
sign-in.</p>
<ol>
<li>In the console, under <b>Authentication &amp; Groups</b>, <b>Authentication</b>, choose <b>Set up new provider</b>.
Give it a name.</li>
<li>In the next step, paste the metadata URL, upload the metadata file, or paste the metadata XML.</li>
<li>Sign in at <a href="{sign_in_url}">{sign_in_url}</a>, and choose the new provider.</li>
</ol>
<div class="fields">
<label>Metadata URL <input value="{escape(provider.metadata_url)}" readonly></label>
</div>
<p><a href="{escape(provider.metadata_url)}?download">Download the metadata file</a></p>
<h2 id="metadata">Metadata XML</h2>
<pre tabindex="0" role="region" aria-labelledby="metadata"><code>{escape(metadata)}</code></pre>
<p>For another provider, <a href="{NEW_URL}">play a new one</a>: it gets an entity ID of its own.</p>"""
    return page(TITLE, body)


def _place(environment: Environment) -> str:
    query = urlencode({"for": f"{environment.workspace}.{environment.name.lower()}"})
    return f'<li><a href="{NEW_URL}?{query}">{escape(f"{environment.workspace} {environment.name}")}</a></li>'
