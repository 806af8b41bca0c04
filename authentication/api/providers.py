"""Identity providers: list, create, read, change, remove; their connection, certificates and changed metadata."""

from typing import Any

from django.db.models import Exists, OuterRef
from rest_framework import serializers

from authentication.actions.identity_providers import create_provider, update_provider
from authentication.actions.metadata_refresh import confirm_metadata, discard_metadata, refresh_metadata
from authentication.actions.provider_connection import connect_provider
from authentication.actions.provider_use import remove_provider
from authentication.api.connections import ConnectionInput, Reading, fetched_again, read_connection
from authentication.api.shown_providers import CertificateAnswer, ConnectedProviderAnswer, ProviderAnswer, uses_of
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.models.providers import IdentityProviderQuerySet
from authentication.saml.texts import Text as Sentence
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Choice, Id, Input, Text
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, PageQuery, page
from workspace.api.core.problems import wrong
from workspace.api.shown_people import ID

Enforcement = EnvironmentProvider.Enforcement
# A provider, and sentences about certificates that were left out.
ReadProvider = tuple[IdentityProvider, tuple[Sentence, ...]]
ENFORCEMENT_STARTS = (
    "An enforcement that reaches further than the one in force starts after a successful test sign-in at `test_url`."
)


class ProviderQuery(PageQuery):
    """Which identity providers."""

    environment = Id(required=False, help_text="Those that it uses.")


class NewProvider(Input):
    """An identity provider that one environment is to use."""

    environment = Id()
    name = Text(max_length=100)
    vendor = Choice(IdentityProvider.Vendor.choices, default=IdentityProvider.Vendor.OTHER)
    enforcement = Choice(Enforcement.choices, default=Enforcement.NO_ONE)
    domains = serializers.ListField(
        child=Text(max_length=255), max_length=100, default=list, help_text="For the enforcement selected_domains."
    )
    connection = ConnectionInput(required=False, help_text="The identity provider's side. It may follow later.")

    example = {"environment": ID, "name": "Okta Dev", "vendor": "okta", "connection": ConnectionInput.example}


class ProviderChange(Input):
    """What is to be different. What is left out stays."""

    name = Text(max_length=100, required=False)
    vendor = Choice(IdentityProvider.Vendor.choices, required=False)

    example = {"name": "Okta Production"}


class Decision(Input):
    """Which changed metadata is meant."""

    digest = Text(max_length=64, help_text="`digest` of `pending_metadata`.")

    example = {"digest": "9b74c9897bac770f…"}


class Providers(Endpoint):
    """The identity providers of the token's environments."""

    noun = "providers"
    reading: Reading | None = None

    @operation("List identity providers", asks=ProviderQuery, lists=ProviderAnswer)
    def get(self, call: Call, asked: dict[str, Any]) -> Page:
        providers = providers_of(call)
        if environment := asked.get("environment"):
            used = uses_of(call).filter(environment=environment)
            providers = providers.filter(pk__in=used.values("identity_provider"))
        return page(providers, asked)

    def prepare(self, given: list[Any], path: dict[str, Any]) -> None:
        (new,) = given
        if "connection" in new:
            draft, call = IdentityProvider(workspace=self.call.workspace), self.call
            self.reading = Reading(lambda: read_connection(draft, new["connection"], "connection/", call.now))

    @operation(
        "Create an identity provider",
        f"For one environment. {ENFORCEMENT_STARTS}",
        takes=NewProvider,
        gives=ConnectedProviderAnswer,
        status=201,
        is_everywhere=True,
    )
    def post(self, call: Call, given: dict[str, Any]) -> ReadProvider:
        refuse_needless_domains(given["enforcement"], given)
        use = create_provider(
            environment=call.environment(given["environment"], "environment"),
            name=given["name"],
            vendor=given["vendor"],
            enforcement=given["enforcement"],
            domains=given["domains"],
            by=call.by,
        )
        return _connected(use, self.reading, call) if self.reading else (use.identity_provider, ())


class _OfProvider(Endpoint):
    """What is below one identity provider."""

    noun, thing, key = "providers", ProviderAnswer, "provider"

    def find(self, call: Call) -> IdentityProviderQuerySet:
        return providers_of(call)


class OneProvider(_OfProvider):
    """One identity provider."""

    @operation("Read an identity provider", gives=ProviderAnswer)
    def get(self, call: Call, provider: IdentityProvider) -> IdentityProvider:
        return provider

    @operation("Change an identity provider", takes=ProviderChange, gives=ProviderAnswer, is_everywhere=True)
    def patch(self, call: Call, provider: IdentityProvider, given: dict[str, Any]) -> IdentityProvider:
        use = _first_use(provider)
        wished = use.as_wished()
        update_provider(
            environment_provider=use,
            name=given.get("name", provider.name),
            vendor=given.get("vendor", provider.vendor),
            enforcement=wished.enforcement,
            domains=wished.domains,
            by=call.by,
        )
        return use.identity_provider

    @operation(
        "Remove an identity provider",
        "From all environments, with its certificates. Sessions that were opened through it go on.",
        is_everywhere=True,
    )
    def delete(self, call: Call, provider: IdentityProvider) -> None:
        for use in EnvironmentProvider.objects.of_provider(provider.pk):
            remove_provider(environment_provider=use, by=call.by)


class Connection(_OfProvider):
    """The identity provider's side: where it is, and which certificates prove its signatures."""

    reading: Reading

    def prepare(self, given: list[Any], path: dict[str, Any]) -> None:
        provider = self.find(self.call).filter(pk=path["provider"]).first()
        if provider is not None:
            self.reading = Reading(lambda: read_connection(provider, given[0], "", self.call.now))

    @operation(
        "Set the connection of an identity provider",
        "Exactly these certificates are trusted from now on. All owners get a mail.",
        takes=ConnectionInput,
        gives=ConnectedProviderAnswer,
        is_everywhere=True,
    )
    def post(self, call: Call, provider: IdentityProvider, given: dict[str, Any]) -> ReadProvider:
        return _connected(_first_use(provider), self.reading, call)


class Refresh(_OfProvider):
    """The metadata at the provider's URL."""

    reading: Reading

    def prepare(self, given: list[Any], path: dict[str, Any]) -> None:
        provider = self.find(self.call).filter(pk=path["provider"]).first()
        if provider is not None:
            self.reading = Reading(lambda: fetched_again(provider, self.call.now))

    @operation(
        "Refresh the metadata of an identity provider",
        "What changes trust is not in force until it is confirmed: see `pending_metadata`.",
        gives=ConnectedProviderAnswer,
        is_everywhere=True,
    )
    def post(self, call: Call, provider: IdentityProvider) -> ReadProvider:
        read, use = self.reading.connected(), _first_use(provider)
        refresh_metadata(
            environment_provider=use, metadata=read.metadata, url=read.url, fetched_at=call.now, by=call.by
        )
        return self.find(call).get(pk=provider.pk), read.metadata.left_out


class Certificates(_OfProvider):
    """The certificates that prove the provider's signatures."""

    @operation("List certificates of an identity provider", asks=PageQuery, lists=CertificateAnswer)
    def get(self, call: Call, provider: IdentityProvider, asked: dict[str, Any]) -> Page:
        return page(provider.certificates.all(), asked)


class Confirmation(_OfProvider):
    """The consent to changed metadata."""

    @operation(
        "Confirm changed metadata of an identity provider",
        "Its certificates and URLs are trusted from now on. All owners get a mail.",
        takes=Decision,
        gives=ProviderAnswer,
        is_everywhere=True,
    )
    def post(self, call: Call, provider: IdentityProvider, given: dict[str, Any]) -> IdentityProvider:
        use = _first_use(provider)
        confirm_metadata(environment_provider=use, digest=given["digest"], by=call.by, now=call.now)
        return self.find(call).get(pk=provider.pk)


class Discard(_OfProvider):
    """The refusal of changed metadata."""

    @operation(
        "Discard changed metadata of an identity provider",
        "The connection stays as it is.",
        takes=Decision,
        gives=ProviderAnswer,
        is_everywhere=True,
    )
    def post(self, call: Call, provider: IdentityProvider, given: dict[str, Any]) -> IdentityProvider:
        discard_metadata(environment_provider=_first_use(provider), digest=given["digest"], by=call.by)
        return self.find(call).get(pk=provider.pk)


def providers_of(call: Call) -> IdentityProviderQuerySet:
    """Return the providers that the token can see: those that one of its environments uses."""
    used = EnvironmentProvider.objects.filter(identity_provider=OuterRef("pk"), environment__in=call.environments())
    return IdentityProvider.objects.filter(Exists(used), workspace=call.workspace)


def refuse_needless_domains(enforcement: str, given: dict[str, Any]) -> None:
    """Raise Problem where domains were sent that would count for nothing."""
    if given.get("domains") and enforcement != Enforcement.SELECTED_DOMAINS:
        raise wrong("domains", "invalid", "Domains belong to the enforcement selected_domains alone.")


def _first_use(provider: IdentityProvider) -> EnvironmentProvider:
    """Return the use that changes of the whole provider are recorded with, as the console records them."""
    use = EnvironmentProvider.objects.of_provider(provider.pk)[0]
    use.identity_provider = provider
    return use


def _connected(use: EnvironmentProvider, reading: Reading, call: Call) -> ReadProvider:
    """Return the provider with its new connection, and what was left out of that."""
    read = reading.connected()
    connect_provider(
        environment_provider=use,
        metadata=read.metadata,
        source=read.source,
        metadata_url=read.url,
        by=call.by,
        now=call.now,
    )
    return use.identity_provider, read.metadata.left_out
