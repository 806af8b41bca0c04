"""What a page needs so that its browser can ask an authenticator."""

from typing import TypedDict
from uuid import UUID

from django.http import HttpRequest

from workspace.models import User
from workspace.passkeys import Challenge, domain, options_to_create, options_to_sign_in


class Asked(TypedDict):
    """A challenge, for the form of a page."""

    options: str
    challenge: str


def works_here(request: HttpRequest) -> bool:
    """Say whether the page is at the domain that passkeys belong to."""
    return request.get_host().rpartition(":")[0] == domain() or request.get_host() == domain()


def asked_to_sign_in(request: HttpRequest) -> Asked | None:
    challenge = Challenge.new()
    if not works_here(request):
        return None
    return {"options": options_to_sign_in(challenge), "challenge": challenge.sealed()}


def asked_to_create(user: User) -> Asked:
    challenge, account = Challenge.new(), UUID(str(user.pk))
    known = user.passkeys.values_list("credential_id", flat=True)
    return {"options": options_to_create(challenge, account, user.email, known), "challenge": challenge.sealed()}
