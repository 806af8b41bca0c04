"""The step of Get started that is about provisioning."""

from django.utils.translation import gettext_lazy as _

from workspace.console.first_steps import Progress, Step, first_step
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.models import Environment


@first_step(
    Step(
        place=4,
        title=_("Choose the provisioning"),
        text=_("Say how end users come here: by hand, at their first sign-in, or by SCIM."),
        action=_("Choose provisioning"),
        needs=Permission.MANAGE_PROVISIONING,
    )
)
def choose_provisioning(environment: Environment) -> Progress:
    """Return whether the method of a provider is chosen; that of the first provider without one comes next."""
    uses = list(environment.providers.order_by("created_at"))
    is_done = any(use.is_method_chosen for use in uses)
    undecided = next((use for use in uses if not use.is_method_chosen), None)
    if undecided is None:
        return Progress(is_done, page_url("authentication:environment", environment))
    return Progress(is_done, page_url("provisioning:setup", environment, provider=undecided.identity_provider_id))
