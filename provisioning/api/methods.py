"""The provisioning method of a provider in an environment."""

from typing import Any

from authentication.api.provider_uses import OfUse
from authentication.api.shown_providers import UseAnswer
from authentication.models import EnvironmentProvider
from provisioning.actions.connections import choose_method
from provisioning.actions.leaving import People
from provisioning.api.connections import refuse_reaching_elsewhere
from provisioning.models import ProvisioningConnection
from workspace.api.core.calls import Call
from workspace.api.core.fields import Choice, Flag, Input
from workspace.api.core.operations import operation
from workspace.api.core.problems import wrong

Method = EnvironmentProvider.Method
# The method that a setting belongs to.
_METHODS = {"syncs_groups": Method.JIT, "takes_over_groups": Method.SCIM, "is_strict": Method.SCIM}


class MethodChoice(Input):
    """How end users and groups come to be. What is left out stays."""

    method = Choice(Method.choices)
    syncs_groups = Flag(required=False, help_text="For jit: memberships follow each sign-in.")
    takes_over_groups = Flag(
        required=False, help_text="For scim: existing groups of the same name are taken over, unless it says false."
    )
    is_strict = Flag(required=False, help_text="For scim: refuse what the RFCs do not allow.")
    people = Choice(
        People.choices,
        required=False,
        help_text="What happens to those whom a SCIM connection provisioned; needed where scim is given up.",
    )

    example = {"method": "scim"}


class ProvisioningMethod(OfUse):
    """The provisioning method of one use."""

    @operation(
        "Choose the provisioning method of an identity provider",
        "scim makes a SCIM connection and switches it on: issue a token of it next. All owners get a mail.",
        takes=MethodChoice,
        gives=UseAnswer,
    )
    def post(self, call: Call, use: EnvironmentProvider, given: dict[str, Any]) -> EnvironmentProvider:
        for name, method in _METHODS.items():
            if name in given and given["method"] != method:
                raise wrong(name, "invalid", f"It belongs to the method {method} alone.")
        if (connection := ProvisioningConnection.objects.filter(environment_provider=use).first()) is not None:
            refuse_reaching_elsewhere(connection, call)
            given = {"takes_over_groups": connection.takes_over_groups} | given
        choose_method(environment_provider=use, **({"syncs_groups": use.syncs_groups} | given), by=call.by)
        return self.find(call).get(pk=use.pk)
