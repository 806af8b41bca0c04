"""Lets people sign in to an environment by password again, when its identity providers have locked everybody out."""

import getpass
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from authentication.actions.unlock import unlock_environment
from workspace.db.keys import canonical
from workspace.events import Actor, Kind
from workspace.models import Environment
from workspace.words import count


class Command(BaseCommand):
    """`manage.py unlock acme/prod`"""

    help = (
        "Switch passwords on in an environment and let every enforcement of an identity provider wait for a test "
        "sign-in again. The owners are mailed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("environment", help="such as acme/prod; prod is enough where one workspace has it")

    def handle(self, *, environment: str, **options: object) -> None:
        found = _find(environment)
        place = f"{found.workspace.slug}/{found.slug}"
        event = unlock_environment(environment=found, by=_operator())
        if event is None:
            self.stdout.write(f"Nothing to do: passwords are on in {place}, and no identity provider is enforced.")
            return
        self.stdout.write(f"{place} is unlocked:")
        if "is_password_enabled" in event.before:
            self.stdout.write("- Password authentication was off. It is on now.")
        for _, provider in event.before.get("enforcement", []):
            self.stdout.write(f"- Enforcement of {provider} waits for a test sign-in again.")
        people = found.workspace.end_users.with_access_to(found)
        with_password = count(people.exclude(password="").count(), "of them has", "of them have")
        self.stdout.write(
            f"{count(people.count(), 'end user has', 'end users have')} access, {with_password} a password."
        )
        self.stdout.write(
            "An administrator sends the others a link on their page, under Sign-in. The owners are mailed."
        )


def _find(asked: str) -> Environment:
    """Return the environment of that short name or name, with its workspace where several have one."""
    environments = list(Environment.objects.select_related("workspace").order_by("workspace__slug", "position"))
    found = [each for each in environments if canonical(asked) in _names(each)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{each.workspace.slug}/{each.slug}" for each in found or environments) or "none"
    if found:
        raise CommandError(f"Several environments are called {asked}: {known}. Name one of these.")
    raise CommandError(f"There is no environment {asked}. These exist: {known}.")


def _names(environment: Environment) -> set[str]:
    own, workspace = (environment.slug, environment.name), environment.workspace
    whole = {f"{place}/{name}" for place in (workspace.slug, workspace.name) for name in own}
    return {canonical(name) for name in {*own, *whole}}


def _operator() -> Actor:
    """Return the operator as an actor, by the name of the account on this machine if it has one."""
    try:
        name = f"manage.py unlock ({getpass.getuser()})"
    except (KeyError, OSError):
        name = "manage.py unlock"
    return Actor(Kind.OPERATOR, "", name)
