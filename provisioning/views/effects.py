"""The effect of a change as a page asks for it and tells it: in sentences, with the names of who loses something."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisioning.models import ProvisioningConnection
from provisioning.views.providers import about, setup_url
from workspace.actions.exact import SetChange
from workspace.actions.profiles import ProfileChanges
from workspace.console.decorators import ConsoleRequest
from workspace.db.foreseen import foreseen
from workspace.isolation import isolated
from workspace.models import Environment
from workspace.words import count, grouped, listed

NAMED_PEOPLE = 10


@dataclass(frozen=True)
class Effect:
    """What a change does, in sentences; the names of those who lose something, which has to be confirmed."""

    sentences: list[str]
    names: list[str] = field(default_factory=list)


def effect_of_sets(changes: list[SetChange], connection: ProvisioningConnection) -> Effect:
    """Return the effect of access and memberships that come and go."""
    sentences = [sentence for each in changes for sentence in _sentences(each, connection)]
    return Effect(sentences, list(dict.fromkeys(name for each in changes for _, name in each.removed)))


def effect_of_profiles(changes: ProfileChanges) -> Effect:
    """Return the effect of new names and addresses."""
    sentences = []
    if changes.after:
        sentences.append(_("%(profiles)s changed.") % {"profiles": count(len(changes.after), "profile", "profiles")})
    if changes.refused:
        sentences.append(_refused(changes.refused))
    return Effect(
        sentences, [f"{isolated(str(name))} <{isolated(str(email))}>" for _, name, email, *_ in changes.after]
    )


def change_or_ask(
    request: ConsoleRequest, connection: ProvisioningConnection, change: Callable[[], Effect], submit: str
) -> HttpResponse:
    """Change and go back to the tab; where somebody loses something, ask for it first."""
    if "confirmed" not in request.POST:
        effect = foreseen(change)
        if effect.names:
            return ask(request, connection, effect, submit)
    return changed(request, connection, change)


def changed(request: ConsoleRequest, connection: ProvisioningConnection, change: Callable[[], Effect]) -> HttpResponse:
    """Change, say what that did, and go back to the tab."""
    messages.success(request, " ".join([_("Saved."), *change().sentences]))
    return to_mappings(connection)


def ask(request: ConsoleRequest, connection: ProvisioningConnection, effect: Effect, submit: str) -> HttpResponse:
    """Ask whether to change, with the effect; what was typed is sent along."""
    typed: Mapping[str, str] = request.POST.dict()
    first, *others = effect.sentences or [_("Nobody loses or gets anything by this.")]
    context = about(connection.environment_provider) | {
        "effect": first,
        "notes": others,
        "names": effect.names[:NAMED_PEOPLE],
        "more": len(effect.names[NAMED_PEOPLE:]),
        "hidden": [*((name, value) for name, value in typed.items() if name != "csrfmiddlewaretoken"), _CONFIRMED],
        "submit": submit,
        "mappings_url": setup_url("provisioning:mappings", connection.environment_provider),
    }
    return render(request, "provisioning/mappings/confirm.html", context)


def to_mappings(connection: ProvisioningConnection) -> HttpResponse:
    """Redirect to the tab Mappings."""
    return redirect(setup_url("provisioning:mappings", connection.environment_provider))


_CONFIRMED = ("confirmed", "yes")


def _sentences(change: SetChange, connection: ProvisioningConnection) -> list[str]:
    place, come, gone = change.place, len(change.added), len(change.removed)
    if isinstance(place, Environment):
        losing = ngettext(
            "%(people)s loses the access to %(environment)s that %(provider)s gives.",
            "%(people)s lose the access to %(environment)s that %(provider)s gives.",
            gone,
        )
        gaining = ngettext(
            "%(people)s gets access to %(environment)s.", "%(people)s get access to %(environment)s.", come
        )
        names = {"environment": place, "provider": isolated(connection.name)}
    else:
        losing = ngettext(
            "%(people)s leaves the group %(group)s of %(environment)s.",
            "%(people)s leave the group %(group)s of %(environment)s.",
            gone,
        )
        gaining = ngettext(
            "%(people)s joins the group %(group)s of %(environment)s.",
            "%(people)s join the group %(group)s of %(environment)s.",
            come,
        )
        names = {"group": place, "environment": place.environment}
    numbers = [(losing, gone), (gaining, come)]
    return [
        sentence % {**names, "people": count(number, "end user", "end users")} for sentence, number in numbers if number
    ]


def _refused(addresses: Sequence[str]) -> str:
    """Return which addresses were not taken, the first by name."""
    names, more = listed(addresses[:NAMED_PEOPLE]), len(addresses) - NAMED_PEOPLE
    if more > 0:
        return _("Not taken, because somebody else has it or it is no address: %(addresses)s and %(number)s more.") % {
            "addresses": names,
            "number": grouped(more),
        }
    return _("Not taken, because somebody else has it or it is no address: %(addresses)s.") % {"addresses": names}
