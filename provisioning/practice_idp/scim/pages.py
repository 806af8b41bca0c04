"""The pages that push people and groups, as plain HTML that needs no script."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote_plus, urlencode

from provisioning.practice_idp.demo import Demo, Target
from provisioning.practice_idp.saml.pages import page
from provisioning.practice_idp.scim.client import KEPT, Exchange
from provisioning.practice_idp.scim.dialects import DIALECTS
from provisioning.practice_idp.scim.directory import Directory, Group, Person
from provisioning.practice_idp.scim.push import BURST, Push

HOME = "/push"
TARGET, FILL, PERSON, GROUP, RUN = (f"{HOME}/{name}" for name in ("target", "fill", "person", "group", "run"))
PASTED = "pasted"
MOST_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Notice:
    """What came of the last thing that was done."""

    text: str
    is_problem: bool = False
    details: tuple[str, ...] = ()


def label(target: Target) -> str:
    return f"{target.workspace} {target.environment} · {target.name}"


def home(demo: Demo, directory: Directory, push: Push | None, target: str, notice: Notice | None) -> str:
    """Everything at a glance: where to, whom, what was said."""
    parts = [_notice(notice, is_said=bool(push and push.said)), INTRO, _where(demo, push, target)]
    if push:
        parts += [_directory(demo, directory), _run(push, directory), _misbehave(), _conversation(push)]
    return page("Push people and groups", "\n".join(parts))


def person(person: Person, error: str = "") -> str:
    """One person to add or to change."""
    body = f"""\
{_error(error)}
<form method="post" action="{PERSON}" class="fields">
<input type="hidden" name="key" value="{escape(person.key)}">
<label>Email address
<input name="email" type="email" value="{escape(person.email)}" autocomplete="off" required></label>
<label>Full name <input name="name" value="{escape(person.name)}" autocomplete="off"></label>
<p><label><input type="checkbox" name="active"{_checked(person.is_active)}> Active</label></p>
{_save(person.key, "Remove this person")}
</form>
<p><a href="{HOME}">Back without a change</a></p>"""
    return page("Change a person" if person.key else "Add a person", body)


def group(group: Group, directory: Directory, error: str = "") -> str:
    """One group to add or to change."""
    members = "".join(_member(each, group) for each in directory.people.values())
    body = f"""\
{_error(error)}
<form method="post" action="{GROUP}" class="fields">
<input type="hidden" name="key" value="{escape(group.key)}">
<label>Name <input name="name" value="{escape(group.name)}" autocomplete="off" required></label>
<fieldset><legend>Members</legend>
{f"<ul>{members}</ul>" if members else "<p>Nobody is in the directory yet.</p>"}</fieldset>
{_save(group.key, "Remove this group")}
</form>
<p><a href="{HOME}">Back without a change</a></p>"""
    return page("Change a group" if group.key else "Add a group", body)


# Where to. ------------------------------------------------------------------------------------------------------------

INTRO = """\
<p>Here the practice IdP is the other half of provisioning: it has a directory of its own, and pushes what you change
in it to the service by SCIM, in the words of Okta or of Microsoft Entra ID.</p>"""


def _where(demo: Demo, push: Push | None, target: str) -> str:
    if push is None:
        return f"<h2>Where to</h2>{_target_form(demo)}"
    return f"""\
<h2>Where to</h2>
<p><b>{escape(push.dialect.name)}</b> pushes to <b>{escape(target)}</b><br><small>{escape(push.access.base_url)}
with the token {escape(push.access.masked)}</small></p>
<details><summary>Push somewhere else, or as another IdP</summary>{_target_form(demo)}</details>"""


def _target_form(demo: Demo) -> str:
    targets = "".join(_radio("target", each.id, label(each)) for each in demo.targets)
    dialects = "".join(_radio("dialect", key, dialect.name) for key, dialect in DIALECTS.items())
    return f"""\
<form method="post" action="{TARGET}">
<fieldset><legend>Connection</legend>
{targets}
{_radio("target", PASTED, "Another one of this console")}
<div class="else">
<label>Base URL <input name="base_url" placeholder="{escape(demo.console)}/scim/…/v2" autocomplete="off"></label>
<label>SCIM token <input name="token" type="password" autocomplete="off"></label>
</div></fieldset>
<fieldset><legend>Push as</legend>{dialects}</fieldset>
<p><button>Use this connection</button></p>
</form>"""


def _radio(name: str, value: str, text: str) -> str:
    return f'<p><label><input type="radio" name="{name}" value="{escape(value)}" required> {escape(text)}</label></p>'


# The directory. -------------------------------------------------------------------------------------------------------


def _directory(demo: Demo, directory: Directory) -> str:
    choices = {"examples": "Make 100 example people"} | {
        workspace: f"Add the demo’s people of {workspace}" for workspace in demo.people
    }
    buttons = " ".join(
        f'<button class="plain" name="who" value="{escape(who)}">{escape(text)}</button>'
        for who, text in choices.items()
    )
    return f"""\
<h2>Directory</h2>
<form method="post" action="{FILL}"><p class="buttons">{buttons}</p></form>
<h3>People ({len(directory.people)})</h3>
{_rows(_person_row(each, directory) for each in directory.people.values())}
<p><a href="{PERSON}">Add a person</a></p>
<h3>Groups ({len(directory.groups)})</h3>
{_rows(map(_group_row, directory.groups.values()))}
<p><a href="{GROUP}">Add a group</a></p>"""


def _rows(rows: Iterable[str]) -> str:
    items = "".join(f"<li>{row}</li>\n" for row in rows)
    return f'<ul class="rows">{items}</ul>' if items else "<p>None yet.</p>"


def _person_row(person: Person, directory: Directory) -> str:
    groups = (each.name for each in directory.groups.values() if person.key in each.members)
    details = " · ".join([person.email, *([] if person.is_active else ["deactivated"]), *groups])
    return _row(PERSON, person.key, person.name, details)


def _group_row(group: Group) -> str:
    return _row(GROUP, group.key, group.name, f"members: {len(group.members)}")


def _row(path: str, key: str, name: str, details: str) -> str:
    link = f"{path}?{urlencode({'key': key})}"
    return f'<a href="{escape(link)}">{escape(name)}</a> <small>{escape(details)}</small>'


def _member(person: Person, group: Group) -> str:
    box = f'<input type="checkbox" name="member" value="{escape(person.key)}"{_checked(person.key in group.members)}>'
    return f"<li><label>{box} {escape(person.name)} <small>{escape(person.email)}</small></label></li>\n"


def _save(key: str, remove: str) -> str:
    more = f' <button class="plain" name="do" value="remove" formnovalidate>{remove}</button>' if key else ""
    return f'<p class="buttons"><button>Save</button>{more}</p>'


# What is sent, and what was said. -------------------------------------------------------------------------------------


def _run(push: Push, directory: Directory) -> str:
    waiting = push.waiting(directory)
    changes = {0: "Everything in the directory was pushed.", 1: "One change waits."}.get(
        waiting, f"{waiting} changes wait."
    )
    return f"""\
<h2>Push</h2>
<p>{changes}</p>
<form method="post" action="{RUN}"><p class="buttons"><button name="do" value="push">Push now</button>
<button class="plain" name="do" value="test">Test connection</button></p></form>
<p><small>{_habits(push)}</small></p>"""


def _habits(push: Push) -> str:
    removed = "switches them off and never deletes anybody" if push.dialect.keeps_people else "deletes them"
    return (
        "Somebody new is first looked for, then created; whoever is there already is taken over. "
        f"When somebody is removed from the directory, {escape(push.dialect.name)} {removed}."
    )


def _misbehave() -> str:
    return f"""\
<h2>Misbehave</h2>
<form method="post" action="{RUN}"><p class="buttons">
<button class="plain" name="do" value="wrong-filter">Wrong filter: drop 90 of 100 people</button>
<button class="plain" name="do" value="wrong-token">Wrong token</button>
<button class="plain" name="do" value="burst">Burst of {BURST} requests</button></p></form>
<p><small>The filter lets one in ten of those through who were pushed, and switches the others off. The directory stays
as it is, so the next push brings them back.</small></p>"""


def _conversation(push: Push) -> str:
    said = "".join(_exchange(each, push, is_newest=not number) for number, each in enumerate(push.said))
    return f"""\
<h2 id="conversation">Conversation</h2>
<p><small>The newest first, at most {KEPT}. The console shows the same under <b>Provisioning activity</b>.</small></p>
{f'<ol class="said">{said}</ol>' if said else "<p>Nothing was said yet.</p>"}"""


def _exchange(exchange: Exchange, push: Push, *, is_newest: bool) -> str:
    status = str(exchange.status) if exchange.status else "no answer"
    kind = "" if 200 <= exchange.status < 300 else ' class="refused"'
    request = f"{exchange.method} {push.access.path}{exchange.path}\nAuthorization: Bearer {push.access.masked}"
    title = f"{exchange.method} {unquote_plus(exchange.path)}"
    return f"""\
<li><details{" open" if is_newest else ""}><summary><code>{escape(title)}</code>
<b{kind}>{status}</b> <small>{exchange.milliseconds} ms</small></summary>
<pre><code>{escape(request)}{_after(exchange.body)}</code></pre>
<pre><code>{status}{_after(exchange.answer)}</code></pre></details></li>
"""


def _after(text: str) -> str:
    return f"\n\n{escape(text)}" if text else ""


def _notice(notice: Notice | None, *, is_said: bool) -> str:
    if notice is None:
        return ""
    details = list(notice.details[:MOST_PROBLEMS])
    if more := len(notice.details) - len(details):
        details.append(f"and {more} more, in the conversation below")
    items = "".join(f"<li>{escape(each)}</li>" for each in details)
    role = "alert" if notice.is_problem else "status"
    below = '<p><a href="#conversation">See the conversation</a></p>' if is_said else ""
    return f'<div role="{role}"><p>{escape(notice.text)}</p>{f"<ul>{items}</ul>" if items else ""}</div>{below}'


def _error(error: str) -> str:
    return f'<p role="alert">{escape(error)}</p>' if error else ""


def _checked(is_checked: bool) -> str:
    return " checked" if is_checked else ""
