"""Answers the requests of the push pages, without HTTP."""

from threading import Lock

from provisioning.practice_idp import markup
from provisioning.practice_idp.demo import Demo
from provisioning.practice_idp.errors import BadRequest, InvalidInput
from provisioning.practice_idp.replies import Redirect
from provisioning.practice_idp.scim import forms, pages
from provisioning.practice_idp.scim.access import parse_access
from provisioning.practice_idp.scim.client import Refused
from provisioning.practice_idp.scim.directory import Directory, Group, Person
from provisioning.practice_idp.scim.pages import Notice
from provisioning.practice_idp.scim.push import BURST_REQUESTS, DIALECTS, Push
from provisioning.practice_idp.scim.sync import Outcome

Form = dict[str, list[str]]
GONE = "That is not in the directory any more."
EXAMPLES_DOMAIN = "example-people.example"


class PushSite:
    """One directory and one connection, in memory. A lock makes parallel requests wait for each other."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._directory = Directory()
        self._push: Push | None = None
        self._target = ""
        self._notice: Notice | None = None
        self._lock = Lock()

    def page(self, path: str, key: str = "", base_url: str = "") -> str:
        """Return a page; raise BadRequest.

        The key names a person or group, and is empty for a new one. The Base URL is that of a connection to use.
        """
        people, groups = self._directory.people, self._directory.groups
        with self._lock:
            match path:
                case markup.PUSH_URL:
                    return pages.home(self._demo, self._directory, self._push, self._target, self._notice, base_url)
                case pages.PERSON:
                    return forms.person(people[_known(key, people)] if key else Person("", "", ""))
                case pages.GROUP:
                    return forms.group(groups[_known(key, groups)] if key else Group("", ""), self._directory)
            raise BadRequest("There is no such page.")

    def submit(self, path: str, form: Form) -> str | Redirect:
        """Do what a form asks for, and lead back; return the form again if something in it is invalid.

        Raise BadRequest.
        """
        with self._lock:
            return self._submit(path, form) or Redirect(markup.PUSH_URL)

    def _submit(self, path: str, form: Form) -> str | None:
        match path:
            case pages.TARGET:
                self._choose_target(form)
            case pages.FILL:
                self._fill(form)
            case pages.PERSON:
                return self._save_person(form)
            case pages.GROUP:
                return self._save_group(form)
            case pages.RUN if self._push:
                self._run(self._push, _first(form, "do"))
            case _:
                raise BadRequest("Choose a connection first.")
        return None

    def _choose_target(self, form: Form) -> None:
        target = next((each for each in self._demo.targets if each.id == _first(form, "target")), None)
        if target:
            name, base_url, token = pages.label(target), target.base_url, target.token
        else:
            name, base_url, token = "the pasted connection", _first(form, "base_url"), _first(form, "token")
        try:
            dialect = DIALECTS[_first(form, "dialect")]
            access = parse_access(base_url, token, console=self._demo.console)
        except KeyError:
            self._notice = Notice("Choose Okta or Microsoft Entra ID.", is_problem=True)
        except InvalidInput as error:
            self._notice = Notice(str(error), is_problem=True)
        else:
            self._push, self._target = Push(self._demo.console, access, dialect), name
            self._notice = Notice(f"{dialect.name} now pushes to {name}. Nothing was sent yet.")

    def _fill(self, form: Form) -> None:
        people = self._demo.people.get(_first(form, "who"))
        try:
            new = self._directory.add_demo(people) if people else self._directory.add_examples(EXAMPLES_DOMAIN)
            self._notice = Notice(f"People added to the directory: {new}. Push now to send them.")
        except InvalidInput as error:
            self._notice = Notice(str(error), is_problem=True)

    def _save_person(self, form: Form) -> str | None:
        key = _known(_first(form, "key"), self._directory.people)
        if key and _first(form, "do") == "remove":
            self._notice = _changed(self._directory.people[key].name, "removed")
            self._directory.remove_person(key)
            return None
        email, name, is_active = _first(form, "email"), _first(form, "name"), "active" in form
        try:
            person = self._directory.save_person(key, email=email, name=name, is_active=is_active)
            self._notice = _changed(person.name, "saved")
        except InvalidInput as error:
            return forms.person(Person(key, email, name, is_active), str(error))
        return None

    def _save_group(self, form: Form) -> str | None:
        key = _known(_first(form, "key"), self._directory.groups)
        if key and _first(form, "do") == "remove":
            self._notice = _changed(self._directory.groups[key].name, "removed")
            self._directory.remove_group(key)
            return None
        name, members = _first(form, "name"), set(form.get("member", []))
        try:
            group = self._directory.save_group(key, name=name, members=members)
            self._notice = _changed(group.name, "saved")
        except InvalidInput as error:
            return forms.group(Group(key, name, members), self._directory, str(error))
        return None

    def _run(self, push: Push, action: str) -> None:
        try:
            self._notice = self._result(push, action)
        except Refused as error:
            self._notice = Notice(str(error), is_problem=True)

    def _result(self, push: Push, action: str) -> Notice:
        """Send what a button asks for and return how it went; raise Refused or BadRequest."""
        match action:
            case "push":
                return _summary(push.everything(self._directory), "Pushed", "There are no changes to push.")
            case "test":
                push.test()
                return Notice("The connection works.")
            case "wrong-filter":
                return _summary(push.apply_wrong_filter(), "Wrong filter applied", "No active people were pushed yet.")
            case "wrong-token":
                push.test_with_wrong_token()
                return Notice("The service accepted the wrong token.", is_problem=True)
            case "burst":
                answers = ", ".join(
                    f"{count} with {status or 'no response'}" for status, count in sorted(push.send_burst().items())
                )
                return Notice(f"{BURST_REQUESTS} requests were answered: {answers}. One of each is listed below.")
        raise BadRequest("There is no such button.")


def _first(form: Form, name: str) -> str:
    return form.get(name, [""])[0].strip()


def _known(key: str, entries: dict[str, Person] | dict[str, Group]) -> str:
    """Return the key of an entry, or an empty one for a new entry; raise BadRequest if the entry is gone."""
    if key and key not in entries:
        raise BadRequest(GONE)
    return key


def _changed(name: str, what: str) -> Notice:
    return Notice(f"{name} is {what} in the directory. Push now to send the change.")


def _summary(outcome: Outcome, what: str, nothing: str) -> Notice:
    done = ", ".join(f"{name}: {count}" for name, count in outcome.done.items() if count)
    sent = f"Requests sent: {outcome.request_count}."
    if outcome.problems:
        return Notice(f"{what} – {done or 'nothing'}. {sent} Some changes failed:", True, tuple(outcome.problems))
    return Notice(f"{what} – {done}. {sent}" if done else nothing)
