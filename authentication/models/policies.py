"""The two switches of each environment: identity providers, and passwords."""

from django.db import models

from workspace.db.prepared import Remembering
from workspace.models import Environment
from workspace.models.base import Entity


class EnvironmentPolicyQuerySet(models.QuerySet["EnvironmentPolicy"]):
    """Questions about policies."""

    def of(self, environment: Environment) -> "EnvironmentPolicy":
        """Return the environment's policy; until somebody changes it, an unsaved one with passwords only."""
        return _policy.first(environment.pk) or EnvironmentPolicy(environment=environment)


class EnvironmentPolicy(Entity):
    """How end users sign in to one environment."""

    environment = models.OneToOneField(Environment, models.CASCADE, related_name="policy")
    is_saml_enabled = models.BooleanField("SAML-based SSO authentication", default=False)
    is_password_enabled = models.BooleanField("password authentication", default=True)

    objects = EnvironmentPolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "environment policies"

    def __str__(self) -> str:
        return f"Sign-in to {self.environment}"


_policy = Remembering(
    lambda environment: EnvironmentPolicy.objects.filter(environment=environment), (Environment, "id")
)
