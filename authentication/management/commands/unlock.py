"""Lets people sign in to an environment by password again, or an account to the console."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from authentication.actions.unlock import unlock_environment
from workspace.actions.unlocking import unlock_account
from workspace.db.keys import canonical
from workspace.management.actor import operator_of
from workspace.models import Environment, User
from workspace.refusals import ActionError
from workspace.words import count


class Command(BaseCommand):
    """`manage.py unlock acme/prod` or `manage.py unlock ada@acme.example`"""

    help = (
        "Of an environment: switch passwords on, and let every enforcement of an identity provider wait for a test "
        "sign-in again. Of an account of the console: end the wait after wrong passwords, and print a link that sets "
        "a new one. The owners are mailed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "what", help="an environment such as acme/prod (prod is enough where one workspace has it), or an address"
        )
        parser.add_argument(
            "--second-factor", action="store_true", help="remove authenticator app, recovery codes and passkeys, too"
        )

    def handle(self, *, what: str, second_factor: bool, **options: object) -> None:
        if "@" in what:
            self._unlock_account(what, second_factor)
        elif second_factor:
            raise CommandError("--second-factor is of an account. Give its address.")
        else:
            self._unlock_environment(_find(what))

    def _unlock_account(self, email: str, without_second_factor: bool) -> None:
        user = User.objects.filter(email_key=canonical(email)).first()
        if user is None:
            raise CommandError(f"There is no account with the address {email}.")
        try:
            unlocked = unlock_account(
                user=user,
                without_second_factor=without_second_factor,
                by=operator_of("unlock"),
                now=timezone.now(),
            )
        except ActionError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"{user} is unlocked:")
        self.stdout.write(f"- Waits after wrong passwords ended, of every account: {unlocked.waits:,}.")
        if without_second_factor:
            self.stdout.write(f"- {count(unlocked.factors, 'second factor', 'second factors')} removed.")
        self.stdout.write(f"- This link sets a new password within an hour, once: {unlocked.link}")

    def _unlock_environment(self, found: Environment) -> None:
        place = f"{found.workspace.slug}/{found.slug}"
        event = unlock_environment(environment=found, by=operator_of("unlock"))
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
