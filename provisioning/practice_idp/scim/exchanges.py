"""The section that shows every request with its response."""

from html import escape
from urllib.parse import unquote_plus

from provisioning.practice_idp.scim.access import Access
from provisioning.practice_idp.scim.client import KEPT_EXCHANGES, Exchange
from provisioning.practice_idp.scim.push import Push


def exchanges_section(push: Push) -> str:
    items = "".join(_exchange(each, push.access, is_open=not index) for index, each in enumerate(push.exchanges))
    return f"""\
<h2 id="requests">Requests</h2>
<p><small>The last {KEPT_EXCHANGES}, the newest first. The console shows them under <b>Provisioning
activity</b>.</small></p>
{f'<ol class="exchanges">{items}</ol>' if items else "<p>None yet.</p>"}"""


def _exchange(exchange: Exchange, access: Access, *, is_open: bool) -> str:
    status = str(exchange.status) if exchange.status else "no response"
    kind = "" if 200 <= exchange.status < 300 else ' class="refused"'
    request = f"{exchange.method} {access.path}{exchange.path}\nAuthorization: Bearer {access.masked_token}"
    title = f"{exchange.method} {unquote_plus(exchange.path)}"
    return f"""\
<li><details{" open" if is_open else ""}><summary><code>{escape(title)}</code>
<b{kind}>{status}</b> <small>{exchange.milliseconds} ms</small></summary>
<pre><code>{escape(request)}{_body(exchange.body)}</code></pre>
<pre><code>{status}{_body(exchange.response)}</code></pre></details></li>
"""


def _body(text: str) -> str:
    return f"\n\n{escape(text)}" if text else ""
