"""An environment's providers as its list shows them: state, enforcement, the next step, and the ellipsis menu."""

from datetime import datetime

from django.utils.translation import gettext as _

from authentication.actions.enforcement import enforced_for
from authentication.models import EnvironmentProvider
from authentication.views.described import expiry_badge
from workspace.console.navigation import page_url
from workspace.models import Environment

Enforcement = EnvironmentProvider.Enforcement
State = EnvironmentProvider.State

TONES = {State.ON: "success", State.OFF: "neutral", State.UNFINISHED: "warning"}


def provider_row(
    environment: Environment, environment_provider: EnvironmentProvider, may_change: bool, now: datetime
) -> dict[str, object]:
    """Return a provider that this environment uses, as the list shows it."""
    provider = environment_provider.identity_provider
    last = next(iter(provider.certificates.all()), None)
    return {
        "environment_provider": environment_provider,
        "provider": provider,
        "menu_id": f"provider-menu-{provider.pk}",
        "url": _url("provisioning:overview", environment, environment_provider),
        "tone": TONES[environment_provider.state],
        "certificate": expiry_badge(last, now) if last else None,
        "enforcement": enforcement_words(environment_provider),
        "wish": wish_words(environment_provider),
        "test_url": _url("authentication:provider-test", environment, environment_provider) if may_change else "",
        "button": next_step(environment, environment_provider) if may_change else None,
        "menu": provider_menu(environment, environment_provider, may_change),
    }


def enforcement_words(environment_provider: EnvironmentProvider) -> str:
    """Return whom the provider is enforced for: "Enforced for acme.com once turned on"."""
    if environment_provider.enforcement == Enforcement.NO_ONE:
        return _("Enforced for no one yet")
    told = {
        State.ON: _("Enforced for %(whom)s"),
        State.OFF: _("Enforced for %(whom)s once turned on"),
        State.UNFINISHED: _("Enforced for %(whom)s once set up"),
    }[environment_provider.state]
    return told % {"whom": enforced_for(environment_provider.enforcement, environment_provider.domain_names)}


def wish_words(environment_provider: EnvironmentProvider) -> str:
    """Return whom the enforcement that waits for a test is for; empty if none waits."""
    wished = environment_provider.as_wished()
    return "" if wished is environment_provider else str(enforced_for(wished.enforcement, wished.domain_names))


def enforcement_notes(environment: Environment) -> list[str]:
    """Return which providers of an environment are enforced for whom, once SAML-based SSO authentication is on."""
    rows = environment.providers.usable().listed().exclude(enforcement=Enforcement.NO_ONE)
    return [
        _("%(provider)s is enforced for %(whom)s.")
        % {"provider": row.identity_provider, "whom": enforced_for(row.enforcement, row.domain_names)}
        for row in rows
    ]


def next_step(environment: Environment, environment_provider: EnvironmentProvider) -> dict[str, str] | None:
    """Return the button with the next step of a provider; None if there is none. `method` is how it is pressed."""
    if environment_provider.state == State.UNFINISHED:
        label, route, method = _("Continue set-up"), "authentication:provider-connect", "get"
    elif environment_provider.state == State.OFF:
        label, route, method = _("Turn on"), "authentication:provider-enable", "post"
    elif not environment_provider.is_method_chosen:
        label, route, method = _("Set up"), "provisioning:setup", "get"
    else:
        return None
    return {"label": label, "url": _url(route, environment, environment_provider), "method": method}


def provider_menu(
    environment: Environment, environment_provider: EnvironmentProvider, may_change: bool
) -> list[dict[str, object]]:
    """Return the ellipsis menu: set-up, use, and last what takes a way in. Viewers get only the entries that read."""
    is_set_up = environment_provider.state != State.UNFINISHED
    is_on = environment_provider.state == State.ON
    entries: list[tuple[str, str, bool, dict[str, object]]] = [
        (_("Edit"), "authentication:provider-edit", may_change, {"group": _("Set-up")}),
        (_("End user & group provisioning"), "provisioning:setup", True, {"group": _("Set-up")}),
        (_("Test sign-in"), "authentication:provider-test", may_change and is_set_up, {"group": _("Set-up")}),
        (_("Certificates"), "authentication:provider-certificates", is_set_up, {"group": _("Set-up")}),
        (_("Sign-in settings"), "authentication:provider-settings", may_change and is_set_up, {"group": _("Set-up")}),
        (_("Use in another environment"), "authentication:provider-use", may_change and is_set_up, {"group": _("Use")}),
        (_("Turn off"), "authentication:provider-disable", may_change and is_on, {"group": "End", "method": "post"}),
        (_("Remove"), "authentication:provider-remove", may_change, {"group": "End", "danger": True}),
    ]
    return [
        {"label": label, "url": _url(route, environment, environment_provider), **extra}
        for label, route, is_shown, extra in entries
        if is_shown
    ]


def _url(route: str, environment: Environment, environment_provider: EnvironmentProvider) -> str:
    return page_url(route, environment, provider=environment_provider.identity_provider_id)
