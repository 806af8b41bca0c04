"""The page that pushes people and groups."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from urllib.parse import urlencode

from provisioning.practice_idp.demo import Demo, Target
from provisioning.practice_idp.markup import PUSH_URL, page, radio
from provisioning.practice_idp.scim.directory import Directory, Group, Person
from provisioning.practice_idp.scim.exchanges import exchanges_section
from provisioning.practice_idp.scim.push import BURST_REQUESTS, DIALECTS, Push

TARGET, FILL, PERSON, GROUP, RUN = (f"{PUSH_URL}/{name}" for name in ("target", "fill", "person", "group", "run"))
PASTED = "pasted"
MAX_PROBLEMS = 10

INTRO = """\
<p>The practice IdP has a directory of its own. It pushes the changes that you make there to the service by SCIM, with
the requests of Okta or of Microsoft Entra ID.</p>"""
MISBEHAVE = f"""\
<h2>Make mistakes</h2>
<form method="post" action="{RUN}"><p class="buttons">
<button class="plain" name="do" value="wrong-filter">Wrong filter: drop 90 of 100 people</button>
<button class="plain" name="do" value="wrong-token">Wrong token</button>
<button class="plain" name="do" value="burst">Burst of {BURST_REQUESTS} requests</button></p></form>
<p><small>The wrong filter deactivates nine in ten of the people who were pushed. The directory does not change, so the
next push reactivates them.</small></p>"""


@dataclass(frozen=True, slots=True)
class Notice:
    """The result of the last action."""

    text: str
    is_problem: bool = False
    details: tuple[str, ...] = ()
    at: datetime = field(default_factory=lambda: datetime.now().astimezone())


def label(target: Target) -> str:
    return f"{target.workspace} {target.environment} · {target.name}"


def home(
    demo: Demo, directory: Directory, push: Push | None, target: str, notice: Notice | None, base_url: str = ""
) -> str:
    """Return the page; target is the label of the connection that push goes to. The form starts with the Base URL."""
    sections = [INTRO, _connection(demo, push, target, base_url)]
    if notice:
        sections.insert(0, _notice(notice, has_exchanges=bool(push and push.exchanges)))
    if push:
        sections += [_directory(demo, directory), _push(push, directory), MISBEHAVE, exchanges_section(push)]
    return page("Push people and groups", "\n".join(sections))


def _notice(notice: Notice, *, has_exchanges: bool) -> str:
    details = list(notice.details[:MAX_PROBLEMS])
    if more := len(notice.details) - len(details):
        details.append(f"and {more} more, listed under Requests")
    items = "".join(f"<li>{escape(each)}</li>" for each in details)
    role = "alert" if notice.is_problem else "status"
    link = ' · <a href="#requests">See the requests</a>' if has_exchanges else ""
    return f"""\
<div role="{role}"><p>{escape(notice.text)}</p>{f"<ul>{items}</ul>" if items else ""}</div>
<p><small>At {notice.at:%H:%M:%S}</small>{link}</p>"""


def _connection(demo: Demo, push: Push | None, target: str, base_url: str) -> str:
    targets = "".join(radio("target", each.id, label(each)) for each in demo.targets)
    dialects = "".join(radio("dialect", key, dialect.name) for key, dialect in DIALECTS.items())
    form = f"""\
<form method="post" action="{TARGET}">
<fieldset><legend>Connection</legend>
{targets}
{radio("target", PASTED, "Another one of this console", is_checked=bool(base_url))}
<div class="else">
<label>Base URL <input name="base_url" value="{escape(base_url)}" placeholder="{escape(demo.console)}/scim/…/v2"
autocomplete="off"></label>
<label>SCIM token <input name="token" type="password" autocomplete="off"></label>
</div></fieldset>
<fieldset><legend>Push as</legend>{dialects}</fieldset>
<p><button>Use this connection</button></p>
</form>"""
    if push is None or base_url:
        return f"<h2>Connection</h2>{form}"
    return f"""\
<h2>Connection</h2>
<p><b>{escape(push.dialect.name)}</b> pushes to <b>{escape(target)}</b><br><small>{escape(push.access.base_url)}
with the token {escape(push.access.masked_token)}</small></p>
<details><summary>Use another connection or another IdP</summary>{form}</details>"""


def _directory(demo: Demo, directory: Directory) -> str:
    people = (_person(each, directory) for each in directory.people.values())
    choices = {"examples": "Add 100 example people"} | {slug: f"Add the people of {slug}" for slug in demo.people}
    buttons = " ".join(
        f'<button class="plain" name="who" value="{escape(who)}">{escape(text)}</button>'
        for who, text in choices.items()
    )
    return f"""\
<h2>Directory</h2>
<form method="post" action="{FILL}"><p class="buttons">{buttons}</p></form>
<h3>People ({len(directory.people)})</h3>
{_rows(people)}
<p><a href="{PERSON}">Add a person</a></p>
<h3>Groups ({len(directory.groups)})</h3>
{_rows(map(_group, directory.groups.values()))}
<p><a href="{GROUP}">Add a group</a></p>"""


def _rows(rows: Iterable[str]) -> str:
    items = "".join(f"<li>{row}</li>\n" for row in rows)
    return f'<ul class="rows">{items}</ul>' if items else "<p>None yet.</p>"


def _person(person: Person, directory: Directory) -> str:
    groups = (each.name for each in directory.groups.values() if person.key in each.members)
    details = " · ".join([person.email, *([] if person.is_active else ["deactivated"]), *groups])
    return _row(PERSON, person.key, person.name, details)


def _group(group: Group) -> str:
    return _row(GROUP, group.key, group.name, f"members: {len(group.members)}")


def _row(path: str, key: str, name: str, details: str) -> str:
    link = f"{path}?{urlencode({'key': key})}"
    return f'<a href="{escape(link)}">{escape(name)}</a> <small>{escape(details)}</small>'


def _push(push: Push, directory: Directory) -> str:
    count = push.count_changes(directory)
    changes = {0: "There are no changes to push.", 1: "One change waits."}.get(count, f"{count} changes wait.")
    removal = "deletes the user" if push.dialect.deletes_users else "deactivates the user, and never deletes one"
    return f"""\
<h2>Push</h2>
<p>{changes}</p>
<form method="post" action="{RUN}"><p class="buttons"><button name="do" value="push">Push now</button>
<button class="plain" name="do" value="test">Test connection</button></p></form>
<p><small>For a new person, the IdP first looks for a user with the same address, and creates one if there is none.
For a person who was removed from the directory, {escape(push.dialect.name)} {removal}.</small></p>"""
