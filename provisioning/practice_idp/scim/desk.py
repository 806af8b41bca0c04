"""What is done on the pages that push: one directory, one connection, one thing at a time."""

from collections import Counter
from threading import Lock
from urllib.parse import parse_qs

from provisioning.practice_idp.demo import Demo
from provisioning.practice_idp.saml.idp import Misunderstood
from provisioning.practice_idp.scim import pages
from provisioning.practice_idp.scim.client import NotOurs, Refused, access
from provisioning.practice_idp.scim.dialects import DIALECTS
from provisioning.practice_idp.scim.directory import Directory, Group, Person, Unfit
from provisioning.practice_idp.scim.pages import Notice
from provisioning.practice_idp.scim.push import BURST, Outcome, Push

Form = dict[str, list[str]]
NOT_THERE = "That is not in the directory any more."
EXAMPLES_DOMAIN = "example-people.example"


class Desk:
    """Everything in memory; a lock, because a browser sends its requests side by side."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._directory = Directory()
        self._push: Push | None = None
        self._target = ""
        self._notice: Notice | None = None
        self._lock = Lock()

    def page(self, path: str, query: str) -> str:
        """The page of that path; raise Misunderstood."""
        key = _first(parse_qs(query), "key")
        with self._lock:
            match path:
                case pages.HOME:
                    return self._home()
                case pages.PERSON if not key or key in self._directory.people:
                    return pages.person(self._directory.people.get(key) or Person("", "", ""))
                case pages.GROUP if not key or key in self._directory.groups:
                    return pages.group(self._directory.groups.get(key) or Group("", ""), self._directory)
                case pages.PERSON | pages.GROUP:
                    raise Misunderstood(NOT_THERE)
            raise Misunderstood("There is no such page.")

    def act(self, path: str, form: Form) -> str | None:
        """Do what a form asks for; the page that asks again, or none where it is done; raise Misunderstood."""
        with self._lock:
            match path:
                case pages.TARGET:
                    self._choose(form)
                case pages.FILL:
                    self._fill(form)
                case pages.PERSON:
                    return self._save_person(form)
                case pages.GROUP:
                    return self._save_group(form)
                case pages.RUN if self._push:
                    self._run(self._push, _first(form, "do"))
                case _:
                    raise Misunderstood("Choose first where to push to.")
        return None

    def _home(self) -> str:
        notice, self._notice = self._notice, None
        return pages.home(self._demo, self._directory, self._push, self._target, notice)

    # The connection. --------------------------------------------------------------------------------------------------

    def _choose(self, form: Form) -> None:
        dialect = DIALECTS.get(_first(form, "dialect"))
        if dialect is None:
            self._complain("Choose how it is said: as Okta or as Microsoft Entra ID.")
            return
        try:
            name, base_url, token = self._where(form)
            self._push = Push(self._demo.console, access(base_url, token, console=self._demo.console), dialect)
        except NotOurs as refusal:
            self._complain(str(refusal))
            return
        self._target = name
        self._notice = Notice(f"{dialect.name} pushes to {name} from now on. Nothing was sent yet.")

    def _where(self, form: Form) -> tuple[str, str, str]:
        """Name, Base URL and token: those of the demo, or what was pasted."""
        chosen = _first(form, "target")
        target = next((each for each in self._demo.targets if each.id == chosen), None)
        if target is not None:
            return pages.label(target), target.base_url, target.token
        return "the connection that was pasted", _first(form, "base_url"), _first(form, "token")

    # The directory. ---------------------------------------------------------------------------------------------------

    def _fill(self, form: Form) -> None:
        who = _first(form, "who")
        people = self._demo.people.get(who)
        try:
            new = self._directory.add_demo(people) if people else self._directory.add_examples(EXAMPLES_DOMAIN)
        except Unfit as unfit:
            self._complain(str(unfit))
            return
        self._notice = Notice(f"People added to the directory: {new}. Push now to send them.")

    def _save_person(self, form: Form) -> str | None:
        key = _known(_first(form, "key"), self._directory.people)
        if _first(form, "do") == "remove":
            self._directory.remove_person(key)
            return None
        email, name, is_active = _first(form, "email"), _first(form, "name"), "active" in form
        try:
            self._directory.save_person(key, email=email, name=name, is_active=is_active)
        except Unfit as unfit:
            return pages.person(Person(key, email, name, is_active), str(unfit))
        return None

    def _save_group(self, form: Form) -> str | None:
        key = _known(_first(form, "key"), self._directory.groups)
        if _first(form, "do") == "remove":
            self._directory.remove_group(key)
            return None
        name, members = _first(form, "name"), set(form.get("member", []))
        try:
            self._directory.save_group(key, name=name, members=members)
        except Unfit as unfit:
            return pages.group(Group(key, name, members), self._directory, str(unfit))
        return None

    # What is sent. ----------------------------------------------------------------------------------------------------

    def _run(self, push: Push, what: str) -> None:
        try:
            self._notice = self._sent(push, what)
        except Refused as refused:
            self._complain(str(refused))

    def _sent(self, push: Push, what: str) -> Notice:
        """Do it and say how it went; raise Refused."""
        match what:
            case "push":
                return _told(push.everything(self._directory), "Pushed", "Nothing to push: the service knows it all.")
            case "test":
                push.test()
                return Notice("The connection works.")
            case "wrong-filter":
                return _told(push.drop(), "The wrong filter dropped", "Push people first: nobody is there to drop.")
            case "wrong-token":
                push.test_with_a_wrong_token()
                return Notice("The wrong token was accepted.", is_problem=True)
            case "burst":
                return Notice(_counted(push.burst()))
        raise Misunderstood("There is no such button.")

    def _complain(self, text: str) -> None:
        self._notice = Notice(text, is_problem=True)


def _first(form: Form, name: str) -> str:
    return form.get(name, [""])[0].strip()


def _known(key: str, among: dict[str, Person] | dict[str, Group]) -> str:
    """The key, or none for something new; raise Misunderstood where it is gone meanwhile."""
    if key and key not in among:
        raise Misunderstood(NOT_THERE)
    return key


def _told(outcome: Outcome, what: str, otherwise: str) -> Notice:
    done = ", ".join(f"{name}: {count}" for name, count in outcome.done.items() if count)
    if outcome.problems:
        return Notice(f"{what} – {done or 'nothing'}. Not everything went through:", True, tuple(outcome.problems))
    return Notice(f"{what} – {done}." if done else otherwise)


def _counted(statuses: Counter[int]) -> str:
    answers = ", ".join(f"{count} with {status or 'nothing'}" for status, count in sorted(statuses.items()))
    return f"A burst of {BURST} requests was answered: {answers}. The conversation keeps one of each."
