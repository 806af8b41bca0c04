"""SCIM connections and their tokens."""

from datetime import datetime
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from authentication.models import EnvironmentProvider
from workspace.db.counting import NumberOf
from workspace.models import EndUser, EndUserGroup, Environment, EnvironmentAccess, GroupMembership, Source, SourceKind
from workspace.models.base import Entity
from workspace.models.people import EndUserQuerySet


class NameFrom(models.TextChoices):
    """Which attribute of a SCIM User feeds the full name, where the user has it."""

    AUTOMATIC = "", _("Automatic: displayName, else name")
    DISPLAY_NAME = "displayName", "displayName"
    FORMATTED = "name.formatted", "name.formatted"
    PARTS = "name", _("name.givenName and name.familyName")
    NICK_NAME = "nickName", "nickName"
    USER_NAME = "userName", "userName"


class EmailFrom(models.TextChoices):
    """Which attribute of a SCIM User feeds the email address, where the user has it."""

    AUTOMATIC = "", _("Automatic: the primary email, else the work email, else userName")
    USER_NAME = "userName", "userName"
    WORK = "work", 'emails[type eq "work"].value'
    HOME = "home", 'emails[type eq "home"].value'
    OTHER = "other", 'emails[type eq "other"].value'


class ProvisioningConnectionQuerySet(models.QuerySet["ProvisioningConnection"]):
    """Questions about connections; they belong to an environment through its use of a provider."""

    def of(self, environment: Environment) -> Self:
        return self.filter(environment_provider__environment=environment).order_by(
            "environment_provider__identity_provider__name_key"
        )

    def named(self) -> Self:
        """Read what the name and the Base URL need along with them."""
        return self.select_related("environment_provider__environment", "environment_provider__identity_provider")


class ProvisioningConnection(Entity):
    """One environment's SCIM connection with one provider: the tenant key of everything an IdP pushes."""

    environment_provider = models.OneToOneField(EnvironmentProvider, models.CASCADE, related_name="connection")
    # Off while its administrator has not saved the method SCIM, and after another method was saved.
    is_enabled = models.BooleanField(default=False)
    # When SCIM was first saved.
    saved_at = models.DateTimeField(null=True, blank=True, editable=False)
    takes_over_groups = models.BooleanField(
        "take over existing groups of the same name", default=True, help_text="Otherwise such a group is refused."
    )
    is_strict = models.BooleanField("strict SCIM", default=False, help_text="Refuse what the RFCs do not allow.")
    only_mapped = models.BooleanField("only members of mapped groups get access", default=False)
    name_from = models.CharField("full name from", max_length=20, choices=NameFrom, blank=True)
    email_from = models.CharField("email address from", max_length=20, choices=EmailFrom, blank=True)

    objects = ProvisioningConnectionQuerySet.as_manager()

    is_kept_by_events = True
    # What administrators choose: every request reads these columns, and reads them anew with each lock.
    SETTINGS = ("is_enabled", "takes_over_groups", "is_strict", "only_mapped", "name_from", "email_from")

    def __str__(self) -> str:
        return str(self.environment_provider)

    @property
    def environment(self) -> Environment:
        return self.environment_provider.environment

    @property
    def name(self) -> str:
        """Return the provider's name, by which people know the connection."""
        return self.environment_provider.identity_provider.name

    @property
    def is_new(self) -> bool:
        """Say whether SCIM was never saved: only then the set-up page shows the first token in clear."""
        return self.saved_at is None and not self.is_enabled

    @cached_property
    def base_url(self) -> str:
        return f"{settings.ORIGIN}/scim/{self.pk}/v2"

    @property
    def source(self) -> Source:
        """Return the source of the access that this connection gives."""
        return Source(SourceKind.SCIM, str(self.pk), self.name)

    def concerns(self) -> list[models.Model]:
        """Return what every event about the connection concerns."""
        return [self, self.environment_provider.identity_provider, self.environment]

    @property
    def granted_accesses(self) -> models.QuerySet[EnvironmentAccess]:
        """Return the access that it gives, in any environment of its workspace."""
        ours = EnvironmentAccess.objects.filter(environment__workspace=self.environment.workspace_id)
        return ours.of_source(self.source)

    @property
    def managed_groups(self) -> models.QuerySet[EndUserGroup]:
        """Return the end-user groups whose members it decides."""
        ours = EndUserGroup.objects.filter(environment__workspace=self.environment.workspace_id)
        return ours.of_source(self.source)

    @property
    def granted_memberships(self) -> models.QuerySet[GroupMembership]:
        """Return the memberships in groups that it manages, and those that it gives in other groups by mappings."""
        mapped = self.groups.filter(display_name_key__in=self.mappings.values("name_key"))
        return GroupMembership.objects.filter(
            models.Q(group__in=self.managed_groups.order_by().values("pk"))
            | models.Q(
                group__in=self.mappings.exclude(group=None).values("group"),
                source_id__in=[str(pk) for pk in mapped.values_list("pk", flat=True)],
            ),
            source_kind=SourceKind.SCIM,
        )

    @property
    def people(self) -> EndUserQuerySet:
        """Return those who have access through it."""
        granted = self.granted_accesses.filter(end_user=models.OuterRef("pk"))
        return EndUser.objects.filter(models.Exists(granted), workspace=self.environment.workspace_id)

    def count_people(self) -> int:
        """Return how many people have access through it, without looking at each."""
        return self._let_in()[1]

    def count_people_and_lone(self) -> tuple[int, int]:
        """Return that number, and how many of them would be deactivated without it, without looking at each."""
        let_in, number = self._let_in()
        workspace, source = self.environment.workspace, self.source
        accesses = EnvironmentAccess.objects.filter(environment__workspace=workspace).order_by()
        others = accesses.exclude(source_kind=source.kind, source_id=source.id)
        deactivated = workspace.end_users.filter(status=EndUser.Status.DEACTIVATED).order_by()
        has_other = let_in.filter(end_user__in=others.values("end_user"))
        # Few people are deactivated: each is looked up among the others.
        is_off = let_in.filter(
            ~models.Exists(others.filter(end_user=models.OuterRef("end_user"))), end_user__in=deactivated.values("pk")
        )
        return number, number - has_other.count() - is_off.count()

    def _let_in(self) -> tuple[models.QuerySet[EnvironmentAccess, tuple[UUID]], int]:
        """Return whom it lets in, each once, and how many they are."""
        ours = EnvironmentAccess.objects.of_source(self.source).order_by()
        in_each = NumberOf(ours.filter(environment=models.OuterRef("pk")).values("pk"))
        # An index counts them in each environment.
        numbers = dict(self.environment.workspace.environments.order_by().values_list("pk", in_each))
        places = [pk for pk, number in numbers.items() if number]
        found = ours.filter(environment__in=places).values_list("end_user")
        if len(places) > 1:
            return found.distinct(), found.distinct().count()
        # In one environment a source lets in each person once, so none has to be told apart.
        return found, sum(numbers.values())

    @property
    def has_people(self) -> bool:
        """Say whether any person or group depends on it."""
        return self.users.exists() or self.granted_accesses.exists() or self.managed_groups.exists()


class ScimTokenQuerySet(models.QuerySet["ScimToken"]):
    """Questions about tokens; start from `connection.tokens`."""

    def live(self) -> Self:
        now = timezone.now()
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now), revoked_at=None)


class ScimToken(Entity):
    """A bearer token of a connection: looked up by its public prefix, proved by a hash."""

    connection = models.ForeignKey(ProvisioningConnection, models.CASCADE, related_name="tokens")
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64, editable=False)
    last_four = models.CharField(max_length=4)
    sealed = models.TextField(blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.GenericIPAddressField(null=True, blank=True)
    # The token that the first use of this one retires.
    replaces = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="replaced_by")

    objects = ScimTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.masked

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    @property
    def retires_another(self) -> bool:
        """Say whether its next use is the first one, and retires another token."""
        return self.replaces_id is not None and self.last_used_at is None

    @property
    def is_revealable(self) -> bool:
        """Say whether there is a copy of the token that may be shown again."""
        return bool(self.sealed) and settings.REVEAL_TOKENS

    @property
    def masked(self) -> str:
        return f"{self.prefix}_{'•' * 12}{self.last_four}"
