"""Invitation of many people at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authentication.actions.passwords import TicketKind, new_ticket
from authentication.mail import mail_links
from authentication.models import PasswordTicket
from authentication.policy import SignInPolicy
from workspace.action_names import Action
from workspace.actions.bulk import BulkChange, Plan, Selection, bulk_change
from workspace.actions.bulk_changes import about, counted
from workspace.actions.members import pairs_of
from workspace.db.packed import PackedIds
from workspace.db.parameters import Among
from workspace.events import Actor, Sentence, record
from workspace.models import ChangeEvent, EndUser
from workspace.words import people_named


@bulk_change
class Invite(BulkChange):
    """Mail the link for the first password to whoever may use one and has none."""

    name, label = "invite", gettext_lazy("Invite")

    def plan(self, selection: Selection) -> Plan:
        here = selection.environment
        allowed = selection.people.with_access_to(here)
        candidates = allowed.exclude(email="").filter(password="")
        policy = SignInPolicy.of(here)
        chosen = policy.with_password(candidates)
        ids = PackedIds.of(chosen)
        left = allowed.filter(Q(email="") | ~Q(password="")).aggregate(
            unaddressed=Count("pk", filter=Q(email="")), known=Count("pk", filter=~Q(email=""))
        )
        # All who may sign in here are counted by an index alone.
        needless = 0 if chosen is candidates else selection.count_allowed() - sum(left.values()) - len(ids)
        return Plan(
            ids,
            [
                *counted(
                    selection.people.count() - sum(left.values()) - needless - len(ids),
                    "%(number)s person cannot sign in to %(environment)s. Give access or reactivate first.",
                    "%(number)s people cannot sign in to %(environment)s. Give access or reactivate first.",
                    environment=here,
                ),
                *counted(
                    left["unaddressed"],
                    "%(number)s person has no email address.",
                    "%(number)s people have no email address.",
                ),
                *counted(
                    left["known"],
                    "%(number)s person has a password already.",
                    "%(number)s people have a password already.",
                ),
                *_without(needless, policy),
            ],
            [_("The link in the mail works for 7 days. Mails cannot be taken back.")],
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
        return about(
            number,
            "%(number)s person will get a mail with a link to set a password for %(environment)s.",
            "%(number)s people will get a mail with a link to set a password for %(environment)s.",
            environment=selection.environment,
        )

    def done(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person will get an invitation to %(environment)s. Mails go out one after the other.",
            "%(number)s people will get an invitation to %(environment)s. Mails go out one after the other.",
            environment=selection.environment,
        )


def _without(number: int, policy: SignInPolicy) -> list[str]:
    """Return why the addresses of so many people get no password."""
    if policy.is_password_enabled:
        return counted(
            number,
            "%(number)s person needs no password, because they sign in with an identity provider.",
            "%(number)s people need no password, because they sign in with an identity provider.",
        )
    return counted(
        number,
        "%(number)s person needs no password, because password authentication is off here.",
        "%(number)s people need no password, because password authentication is off here.",
    )
