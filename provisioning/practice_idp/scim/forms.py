"""The pages that change one person or one group of the directory."""

from html import escape

from provisioning.practice_idp.markup import PUSH_URL, alert, checked, page
from provisioning.practice_idp.scim.directory import Directory, Group, Person
from provisioning.practice_idp.scim.pages import GROUP, PERSON

CANCEL = f'<p><a href="{PUSH_URL}">Cancel</a></p>'


def person(person: Person, error: str = "") -> str:
    """Return the form of a person; an empty key stands for a new one."""
    body = f"""\
{alert(error)}
<form method="post" action="{PERSON}" class="fields">
<input type="hidden" name="key" value="{escape(person.key)}">
<label>Email address
<input name="email" type="email" value="{escape(person.email)}" autocomplete="off" required></label>
<label>Full name <input name="name" value="{escape(person.name)}" autocomplete="off"></label>
<p><label><input type="checkbox" name="active"{checked(person.is_active)}> Active</label></p>
{_buttons(person.key, "Remove this person")}
</form>
{CANCEL}"""
    return page("Change a person" if person.key else "Add a person", body)


def group(group: Group, directory: Directory, error: str = "") -> str:
    """Return the form of a group; an empty key stands for a new one."""
    members = "".join(_member(each, group) for each in directory.people.values())
    body = f"""\
{alert(error)}
<form method="post" action="{GROUP}" class="fields">
<input type="hidden" name="key" value="{escape(group.key)}">
<label>Name <input name="name" value="{escape(group.name)}" autocomplete="off" required></label>
<fieldset><legend>Members</legend>
{f"<ul>{members}</ul>" if members else "<p>There is nobody in the directory yet.</p>"}</fieldset>
{_buttons(group.key, "Remove this group")}
</form>
{CANCEL}"""
    return page("Change a group" if group.key else "Add a group", body)


def _member(person: Person, group: Group) -> str:
    box = f'<input type="checkbox" name="member" value="{escape(person.key)}"{checked(person.key in group.members)}>'
    return f"<li><label>{box} {escape(person.name)} <small>{escape(person.email)}</small></label></li>\n"


def _buttons(key: str, remove: str) -> str:
    more = f' <button class="plain" name="do" value="remove" formnovalidate>{remove}</button>' if key else ""
    return f'<p class="buttons"><button>Save</button>{more}</p>'
