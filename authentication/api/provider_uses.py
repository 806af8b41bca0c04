"""How environments use identity providers: use in another one, enforcement, on and off, remove."""

from typing import Any

from rest_framework import serializers

from authentication.actions.identity_providers import update_provider
from authentication.actions.provider_use import disable_provider, enable_provider, remove_provider, use_provider
from authentication.api.providers import ENFORCEMENT_STARTS, Enforcement, providers_of, refuse_needless_domains
from authentication.api.shown_providers import ProviderAnswer, UseAnswer, uses_of
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.models.providers import EnvironmentProviderQuerySet, IdentityProviderQuerySet
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Choice, Flag, Id, Input, Text
from workspace.api.core.operations import operation
from workspace.api.core.problems import Problem, wrong
from workspace.api.shown_people import ID


class NewUse(Input):
    """An environment that is to use the provider."""

    environment = Id()

    example = {"environment": ID}


class UseChange(Input):
    """What is to be different. What is left out stays."""

    is_enabled = Flag(required=False)
    end_sessions = Flag(
        required=False, help_text="With is_enabled false: whether sessions that were opened through it end now."
    )
    enforcement = Choice(Enforcement.choices, required=False, help_text="Who has to sign in with the provider.")
    domains = serializers.ListField(
        child=Text(max_length=255), max_length=100, required=False, help_text="For the enforcement selected_domains."
    )

    example = {"enforcement": "selected_domains", "domains": ["acme.com"]}


class Uses(Endpoint):
    """The uses of one provider."""

    noun, thing, key = "providers", ProviderAnswer, "provider"

    def find(self, call: Call) -> IdentityProviderQuerySet:
        return providers_of(call)

    @operation(
        "Use an identity provider in an environment",
        "Of a provider that is set up. Nobody has to sign in through it there yet.",
        takes=NewUse,
        gives=UseAnswer,
        status=201,
    )
    def post(self, call: Call, provider: IdentityProvider, given: dict[str, Any]) -> EnvironmentProvider:
        environment = call.environment(given["environment"], "environment")
        return use_provider(provider=provider, environment=environment, by=call.by)


class OfUse(Endpoint):
    """What is below the use of one provider in one environment."""

    noun, thing, key = "providers", UseAnswer, "use"

    def find(self, call: Call) -> EnvironmentProviderQuerySet:
        found = uses_of(call).filter(identity_provider=self.kwargs["provider"])
        return found.select_related("environment__workspace", "identity_provider")


class OneUse(OfUse):
    """The use of one provider in one environment."""

    @operation("Read the use of an identity provider", gives=UseAnswer)
    def get(self, call: Call, use: EnvironmentProvider) -> EnvironmentProvider:
        return use

    @operation("Change the use of an identity provider", ENFORCEMENT_STARTS, takes=UseChange, gives=UseAnswer)
    def patch(self, call: Call, use: EnvironmentProvider, given: dict[str, Any]) -> EnvironmentProvider:
        if given.get("end_sessions") and given.get("is_enabled", True):
            raise wrong("end_sessions", "invalid", "Sessions end when the provider is turned off.")
        if given.keys() & {"enforcement", "domains"}:
            wished = use.as_wished()
            enforcement = given.get("enforcement", wished.enforcement)
            refuse_needless_domains(enforcement, given)
            update_provider(
                environment_provider=use,
                name=use.identity_provider.name,
                vendor=use.identity_provider.vendor,
                enforcement=enforcement,
                domains=given.get("domains", wished.domains),
                by=call.by,
            )
        if given.get("is_enabled") is True:
            enable_provider(environment_provider=use, by=call.by)
        elif "is_enabled" in given:
            ends_at = call.now if given.get("end_sessions") else None
            disable_provider(environment_provider=use, by=call.by, sessions_end_at=ends_at)
        return self.find(call).get(pk=use.pk)

    @operation(
        "Remove an identity provider from an environment",
        "With its last use the provider is deleted, which needs a token for all environments. "
        "Sessions that were opened through it go on: turn it off with `end_sessions` first to end them.",
    )
    def delete(self, call: Call, use: EnvironmentProvider) -> None:
        others = use.identity_provider.environment_providers.exclude(pk=use.pk)
        if call.places is not None and not others.exists():
            detail = (
                "No other environment uses this provider, so it would be deleted. Use a token for all environments."
            )
            raise Problem(403, "other_environments", detail)
        remove_provider(environment_provider=use, by=call.by)
