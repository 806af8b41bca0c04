"""The steps of Get started that are about sign-in."""

from django.utils.translation import gettext_lazy as _

from authentication.models import EnvironmentPolicy, EnvironmentProvider
from workspace.console.first_steps import Progress, Step, first_step
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.models import Environment


@first_step(
    Step(
        place=1,
        title=_("Choose how end users sign in"),
        text=_("Switch SAML-based SSO authentication on for an identity provider. Until then, passwords work."),
        action=_("Choose sign-in"),
        needs=Permission.MANAGE_SIGN_IN,
    )
)
def choose_sign_in(environment: Environment) -> Progress:
    """Return whether anybody ever decided: until then there is no row."""
    is_chosen = EnvironmentPolicy.objects.filter(environment=environment).exists()
    return Progress(is_chosen, page_url("authentication:environment", environment))


@first_step(
    Step(
        place=2,
        title=_("Connect an identity provider"),
        text=_("Give it a name, copy two values to it, and take its metadata."),
        action=_("Connect"),
        needs=Permission.MANAGE_SIGN_IN,
    )
)
def connect(environment: Environment) -> Progress:
    """Return whether a provider is set up; a set-up that was begun goes on."""
    uses = _uses(environment)
    begun = next((use for use in uses if not use.identity_provider.is_set_up), None)
    is_done = any(use.identity_provider.is_set_up for use in uses)
    if begun is None:
        return Progress(is_done, page_url("authentication:provider-create", environment))
    return Progress(is_done, _url("authentication:provider-connect", environment, begun))


@first_step(
    Step(
        place=3,
        title=_("Test the sign-in"),
        text=_("See what the provider sends, before anybody depends on it."),
        action=_("Test sign-in"),
        needs=Permission.MANAGE_SIGN_IN,
    )
)
def test(environment: Environment) -> Progress:
    """Return whether a test sign-in of any provider has succeeded."""
    uses = [use for use in _uses(environment) if use.identity_provider.is_set_up]
    is_done = any(use.tested_at for use in uses)
    if not uses:
        return Progress(is_done, page_url("authentication:environment", environment))
    return Progress(is_done, _url("authentication:provider-test", environment, uses[0]))


def _uses(environment: Environment) -> list[EnvironmentProvider]:
    return list(environment.providers.select_related("identity_provider").order_by("created_at"))


def _url(route: str, environment: Environment, use: EnvironmentProvider) -> str:
    return page_url(route, environment, provider=use.identity_provider_id)
