"""Invitation of many people at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from authentication.actions.passwords import TicketKind, new_ticket
from authentication.domains import key_of_address
from authentication.mail import mail_links
from authentication.models import PasswordTicket
from authentication.policy import SignInPolicy, Ways
from workspace.action_names import Action
from workspace.actions.bulk import BulkChange, Plan, Selection, bulk_change
from workspace.actions.bulk_changes import sentences
from workspace.actions.members import pairs_of
from workspace.db.prepared import Among
from workspace.events import Actor, Sentence, record
from workspace.models import ChangeEvent, EndUser
from workspace.words import people, people_named


@bulk_change
class Invite(BulkChange):
    """Mail the link for the first password to whoever may use one and has none."""

    name, label = "invite", "Invite"

    def plan(self, selection: Selection) -> Plan:
        here = selection.environment
        allowed = selection.people.with_access_to(here)
        with_address = allowed.exclude(email="")
        without_password = with_address.filter(password="")
        policy, ways = SignInPolicy.of(here), dict[str, Ways]()
        ids, candidates = list[UUID](), without_password.order_by("pk").values_list("pk", "email")
        for pk, email in candidates:
            domain = key_of_address(email)
            ways[domain] = ways.get(domain) or policy.ways(email)
            ids += [pk] if ways[domain].has_password else []
        numbers = [each.count() for each in (selection.people, allowed, with_address)]
        barred = len(candidates) - len(ids)
        return Plan(
            ids,
            sentences(
                (numbers[0] - numbers[1], "cannot", "cannot", f"sign in to {here}. Give access or reactivate first."),
                (numbers[1] - numbers[2], "has", "have", "no email address."),
                (numbers[2] - len(candidates), "has", "have", "a password already."),
                (barred, "needs", "need", _why(policy)),
            ),
            ["The link in the mail works for 7 days. Mails cannot be taken back."],
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        here = selection.environment
        invited = list(EndUser.objects.filter(Among("pk", ids)).order_by("pk"))
        tickets = [new_ticket(person, here, TicketKind.INVITATION, now) for person in invited]
        PasswordTicket.objects.bulk_create([ticket for ticket, _ in tickets], batch_size=1000)
        mail_links(tickets)
        pairs = pairs_of(ids)
        return record(
            by=by,
            action=Action.END_USERS_INVITED,
            subject=here,
            environment=here,
            sentence=Sentence(
                "{by} invited {people} to {environment}.", by=by, people=people_named(pairs), environment=here
            ),
            people=ids,
            after={"invited": pairs},
        )

    def effect(self, selection: Selection, number: int) -> str:
        return f"{people(number)} will get a mail with a link to set a password for {selection.environment}."

    def done(self, selection: Selection, number: int) -> str:
        return f"{people(number)} will get an invitation to {selection.environment}. Mails go out one after the other."


def _why(policy: SignInPolicy) -> str:
    """Return why addresses get no password, after the verb."""
    if policy.is_password_enabled:
        return "no password, because they sign in with an identity provider."
    return "no password, because password authentication is off here."
