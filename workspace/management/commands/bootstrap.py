"""The command that begins a real installation."""

import json
import sys
from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from workspace.actions.bootstrap import LINKS_LAST, TOKEN_LASTS, Bootstrapped, bootstrap
from workspace.management.actor import operator_of
from workspace.models import Environment
from workspace.refusals import ActionError


class Command(BaseCommand):
    """`manage.py bootstrap --workspace "Acme" --owner ada@acme.example`"""

    help = "Makes the first workspace of an installation, its owner and an operator, and prints links for passwords."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what is to be made. A terminal is asked for what is required and not given."""
        parser.add_argument("--workspace", help="its name")
        parser.add_argument("--slug", default="", help="its short name in addresses; made of the name unless given")
        parser.add_argument("--owner", help="the address of the first owner")
        parser.add_argument("--operator", help="the address of the first operator; the owner unless given")
        parser.add_argument(
            "--environments", nargs="+", choices=Environment.Kind.values, default=Environment.Kind.values
        )
        parser.add_argument(
            "--api-token", action="store_true", help=f"make a token with all scopes, for {TOKEN_LASTS.days} days"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(
        self,
        *,
        workspace: str | None,
        slug: str,
        owner: str | None,
        operator: str | None,
        environments: list[str],
        api_token: bool,
        json: bool,
        **options: object,
    ) -> None:
        """Make all of it, or nothing."""
        name, owner = _given(workspace, "--workspace"), _given(owner, "--owner")
        try:
            made = bootstrap(
                name=name,
                slug=slug,
                owner=owner,
                operator=operator or owner,
                kinds=tuple(map(Environment.Kind, environments)),
                has_api_token=api_token,
                by=operator_of("bootstrap"),
                now=timezone.now(),
            )
        except ActionError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(_as_json(made) if json else _as_text(made))


def _given(value: str | None, option: str) -> str:
    """Return what was given, or what is typed now. Raises CommandError where nobody can type."""
    if value is None and sys.stdin.isatty():
        value = input(f"{option.removeprefix('--').capitalize()}: ")
    if not value:
        raise CommandError(f"Give {option}.")
    return value


def _urls(made: Bootstrapped) -> dict[str, str]:
    home = reverse("workspace:workspace", args=[made.workspace.slug])
    return {"console": f"{settings.ORIGIN}{home}", "operator": f"{settings.ORIGIN}{reverse('admin:index')}"}


def _as_json(made: Bootstrapped) -> str:
    found = {**_urls(made), "password_links": made.links} | ({"api_token": made.api_token} if made.api_token else {})
    return json.dumps(found, indent=2)


def _as_text(made: Bootstrapped) -> str:
    urls = _urls(made)
    lines = [f"{made.workspace} is ready: {urls['console']}", f"Operators: {urls['operator']}"]
    hours = f"{LINKS_LAST.total_seconds() / 3600:.0f} hours"
    lines += [f"{email} sets a password within {hours}, once: {link}" for email, link in made.links.items()]
    if made.api_token:
        lines.append(f"API token, shown only now, for {TOKEN_LASTS.days} days: {made.api_token}")
    return "\n".join(lines)
