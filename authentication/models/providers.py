"""Identity providers and how each environment uses them."""

from collections.abc import Iterable
from copy import copy
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

import idna
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from authentication.saml.attributes import AttributeNames
from authentication.saml.endpoints import SingleLogout
from authentication.saml.parties import ProviderFacts
from workspace.db.keys import canonical, kept_key
from workspace.db.prepared import Prepared, Remembering
from workspace.isolation import isolated
from workspace.models import Environment, Workspace
from workspace.models.base import Entity


class IdentityProviderQuerySet(models.QuerySet["IdentityProvider"]):
    """Questions about providers; start from `workspace.identity_providers`."""

    def offered_to(self, environment: Environment) -> Self:
        """Return those that are set up for other environments and not used in this one yet."""
        return self.exclude(entity_id="").exclude(environment_providers__environment=environment)

    def with_stale_metadata(self, now: datetime) -> Self:
        """Return those in use whose metadata URL was not read for a day, the longest unread first."""
        in_use = EnvironmentProvider.objects.filter(identity_provider=models.OuterRef("pk"))
        at_url = self.filter(models.Exists(in_use), metadata_source="url", workspace__removed_at=None)
        return at_url.exclude(metadata_fetched_at__gt=now - timedelta(days=1)).order_by("metadata_fetched_at")


class IdentityProvider(Entity):
    """An IdP, set up once in a workspace. Its own SP entity ID and ACS URL follow from its id."""

    class Vendor(models.TextChoices):
        OKTA = "okta", "Okta"
        ENTRA = "entra", "Microsoft Entra ID"
        ONELOGIN = "onelogin", "OneLogin"
        GOOGLE = "google", "Google Workspace"
        JUMPCLOUD = "jumpcloud", "JumpCloud"
        PING = "ping", "PingOne"
        ADFS = "adfs", "AD FS"
        KEYCLOAK = "keycloak", "Keycloak"
        OTHER = "other", _("Another identity provider")

    class MetadataSource(models.TextChoices):
        NONE = "", _("Not given yet")
        URL = "url", _("Metadata URL")
        XML = "xml", _("Metadata XML")
        FIELDS = "fields", _("Typed in")

    class MissingGroups(models.TextChoices):
        UNCHANGED = "unchanged", _("Changes no groups")
        NONE = "none", _("Means no groups")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="identity_providers")
    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=500, editable=False)
    vendor = models.CharField(max_length=20, choices=Vendor, default=Vendor.OTHER)
    metadata_source = models.CharField(max_length=10, choices=MetadataSource, blank=True)
    metadata_url = models.CharField(max_length=2000, blank=True)
    metadata_fetched_at = models.DateTimeField(null=True, blank=True)
    metadata_valid_until = models.DateTimeField(null=True, blank=True)
    entity_id = models.CharField("issuer (entity ID)", max_length=1024, blank=True)
    sso_url = models.CharField("single sign-on URL", max_length=2000, blank=True)
    sso_binding = models.CharField(max_length=10, blank=True)
    slo_url = models.CharField("single logout URL", max_length=2000, blank=True)
    slo_binding = models.CharField("binding of single logout", max_length=10, blank=True)
    slo_response_url = models.CharField("single logout URL for responses", max_length=2000, blank=True)
    wants_signed_requests = models.BooleanField(default=False)
    signs_requests = models.BooleanField("sign AuthnRequests", default=False)
    allows_sha1 = models.BooleanField("accept SHA-1 signatures", default=False)
    # A response to no request then begins a sign-in here; it never signs anybody in (security.md S6).
    allows_idp_initiated = models.BooleanField("IdP-initiated sign-in", default=False)
    # Blank: the usual names are tried.
    name_attribute = models.CharField(max_length=300, blank=True)
    email_attribute = models.CharField(max_length=300, blank=True)
    groups_attribute = models.CharField(max_length=300, blank=True)
    # Splits a groups attribute of one value. Blank: each value is a name, whatever it contains.
    groups_separator = models.CharField(max_length=1, blank=True)
    missing_groups = models.CharField(
        "a sign-in without the group attribute", max_length=10, choices=MissingGroups, default=MissingGroups.UNCHANGED
    )
    # Metadata from a refresh, as authentication/pending.py writes it, until somebody decides.
    pending_metadata = models.JSONField(null=True, blank=True, editable=False)
    # Of which expiry the owners were told, and how many days before.
    expiry_told = models.CharField(max_length=20, blank=True, editable=False)

    objects = IdentityProviderQuerySet.as_manager()

    class Meta:
        ordering = ["name_key"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name_key"], name="identity_provider_name_unique")]

    def __str__(self) -> str:
        return isolated(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name_key = kept_key(self.name, self.name_key)
        super().save(*args, **kwargs)

    @property
    def is_set_up(self) -> bool:
        """Say whether the IdP's side is known. Without it nobody can be sent there."""
        return bool(self.entity_id)

    @property
    def must_sign_requests(self) -> bool:
        """Say whether AuthnRequests are signed: the IdP's metadata asks for it, or an administrator switched it on."""
        return self.wants_signed_requests or self.signs_requests

    @property
    def slo(self) -> SingleLogout:
        """Return where the IdP takes logout messages, if it does."""
        return SingleLogout(self.slo_url, self.slo_binding, self.slo_response_url)

    @slo.setter
    def slo(self, value: SingleLogout) -> None:
        self.slo_url, self.slo_binding, self.slo_response_url = value.url, value.binding, value.response_url

    @property
    def has_single_logout(self) -> bool:
        """Say whether a sign-out here also signs out at the IdP, and the other way round."""
        return bool(self.slo_url and self.slo_binding)

    @property
    def pinned_pems(self) -> tuple[str, ...]:
        """Return the certificates (PEM) that prove the provider's signatures; no others do (S3)."""
        return tuple(pem for (pem,) in _pinned(self.pk))

    @property
    def attribute_names(self) -> AttributeNames:
        """Return how attributes of the IdP's assertions are read. Every reader of them uses this."""
        return AttributeNames(
            name=self.name_attribute,
            email=self.email_attribute,
            groups=self.groups_attribute,
            separator=self.groups_separator,
            is_missing_none=self.missing_groups == self.MissingGroups.NONE,
        )

    @property
    def facts(self) -> ProviderFacts:
        """Return what messages of the IdP are checked by."""
        return self.facts_with(self.pinned_pems)

    def facts_with(self, pems: Iterable[str]) -> ProviderFacts:
        """Return the same of a provider whose pinned certificates have been read."""
        return ProviderFacts(self.entity_id, tuple(pems), self.allows_sha1, settings.SAML_CLOCK_SKEW)

    @property
    def sp_entity_id(self) -> str:
        return f"{settings.ORIGIN}/saml/{self.pk}/metadata"

    @property
    def acs_url(self) -> str:
        return f"{settings.ORIGIN}/saml/{self.pk}/acs"

    @property
    def sp_slo_url(self) -> str:
        return f"{settings.ORIGIN}/saml/{self.pk}/slo"


class SigningCertificate(Entity):
    """A certificate that the IdP signs with. There are several during a rollover."""

    identity_provider = models.ForeignKey(IdentityProvider, models.CASCADE, related_name="certificates")
    pem = models.TextField()
    fingerprint = models.CharField("SHA-256 fingerprint", max_length=95)
    subject = models.CharField(max_length=500)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()

    class Meta:
        ordering = ["-not_after", "fingerprint"]
        constraints = [models.UniqueConstraint(fields=["identity_provider", "fingerprint"], name="certificate_unique")]

    def __str__(self) -> str:
        return f"{self.subject} ({self.fingerprint[:11]}…)"

    def is_expired(self, now: datetime) -> bool:
        return self.not_after < now


_pinned = Prepared(
    lambda provider: SigningCertificate.objects.filter(identity_provider=provider).values_list("pem"),
    (IdentityProvider, "id"),
)


class EnvironmentProviderQuerySet(models.QuerySet["EnvironmentProvider"]):
    """Questions about the providers of an environment; start from `environment.providers`."""

    def listed(self) -> Self:
        return self.select_related("identity_provider", "environment").order_by("identity_provider__name_key")

    def of_provider(self, provider: UUID) -> Self:
        """Return the uses of a provider in all environments, the first one first."""
        rows = self.filter(identity_provider=provider).select_related("environment__workspace", "identity_provider")
        return rows.order_by("created_at")

    def usable(self) -> Self:
        """Return those through which somebody can sign in: set up and turned on, in a workspace that is not removed."""
        return self.filter(is_enabled=True, environment__workspace__removed_at=None).exclude(
            identity_provider__entity_id=""
        )

    def usable_in(self, environment: Environment) -> "list[EnvironmentProvider]":
        """Return the usable ones of an environment, in the order of their names, with its policy if it has one."""
        return _usable(environment.pk)


class EnvironmentProvider(Entity):
    """One environment's use of a provider, with its own enforcement and provisioning."""

    class Enforcement(models.TextChoices):
        NO_ONE = "no_one", _("No one yet")
        ALL_DOMAINS = "all_domains", _("All domains")
        SELECTED_DOMAINS = "selected_domains", _("Selected domains")

    class Method(models.TextChoices):
        MANUAL = "manual", _("Manual provisioning")
        JIT = "jit", _("JIT provisioning")
        SCIM = "scim", _("SCIM provisioning")

    class State(models.TextChoices):
        ON = "on", _("On")
        OFF = "off", _("Off")
        UNFINISHED = "unfinished", _("Set-up not finished")

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="providers")
    identity_provider = models.ForeignKey(IdentityProvider, models.CASCADE, related_name="environment_providers")
    is_enabled = models.BooleanField(default=True)
    enforcement = models.CharField(max_length=20, choices=Enforcement, default=Enforcement.NO_ONE)
    domains = models.JSONField(default=list, blank=True)
    # What an administrator chose, until a test sign-in has proved it or somebody starts it without one.
    wished_enforcement = models.CharField(max_length=20, choices=Enforcement, blank=True)
    wished_domains = models.JSONField(default=list, blank=True)
    # The digest of what the last successful test sign-in has proved, as `configuration` returns it.
    tested_configuration = models.CharField(max_length=64, blank=True, editable=False)
    tested_at = models.DateTimeField(null=True, blank=True)
    method = models.CharField("provisioning method", max_length=10, choices=Method, default=Method.MANUAL)
    # Until an administrator has saved the choice, the provider's row says "Set up".
    is_method_chosen = models.BooleanField(default=False)
    syncs_groups = models.BooleanField("user groups syncing", default=False)

    objects = EnvironmentProviderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "identity_provider"], name="environment_provider_unique")
        ]

    def __str__(self) -> str:
        return f"{self.identity_provider} in {self.environment}"

    @property
    def domain_names(self) -> list[str]:
        """Return the domains as people write them; they are stored in ASCII."""
        return [idna.decode(domain) for domain in self.domains]

    def as_wished(self) -> "EnvironmentProvider":
        """Return a copy, not to be saved, in which the wished enforcement is in force; itself if there is no wish."""
        if not self.wished_enforcement:
            return self
        wished = copy(self)
        wished.enforcement, wished.domains = self.wished_enforcement, self.wished_domains
        wished.wished_enforcement, wished.wished_domains = "", []
        return wished

    def covers(self, enforcement: str, domains: Iterable[str]) -> bool:
        """Say whether whoever another enforcement would force to use SAML has to use it already."""
        if enforcement == self.Enforcement.SELECTED_DOMAINS and self.enforcement == enforcement:
            return set(domains) <= set(self.domains)
        return self.enforcement == self.Enforcement.ALL_DOMAINS or enforcement == self.Enforcement.NO_ONE

    @property
    def domain_keys(self) -> list[str]:
        """Return the domains as they are compared."""
        return [canonical(domain) for domain in self.domains]

    @property
    def follows_groups(self) -> bool:
        """Say whether memberships follow each sign-in."""
        return self.method == self.Method.JIT and self.syncs_groups

    @property
    def state(self) -> State:
        if not self.identity_provider.is_set_up:
            return self.State.UNFINISHED
        return self.State.ON if self.is_enabled else self.State.OFF


_usable = Remembering(
    lambda environment: (
        EnvironmentProvider.objects.filter(environment=environment)
        .usable()
        .listed()
        .select_related("environment__policy")
    ),
    (Environment, "id"),
)
