"""How an environment's pages look for end users, and the files that they show."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from workspace.branding.fonts import STACKS, UPLOADED
from workspace.branding.look import COLOURS, FILES, NAMES, Look
from workspace.models.base import Entity
from workspace.models.workspaces import Environment

MAX_APP_NAME = 100
_DIGEST = 64


def _colour(name: str) -> "models.CharField[str, str]":
    return models.CharField(max_length=7, default=COLOURS[name][1])


def _digest() -> "models.CharField[str, str]":
    return models.CharField(max_length=_DIGEST, blank=True, default="")


class LoginExperience(Entity):
    """The look of one environment, once somebody saved one. Files are named by their digests."""

    environment = models.OneToOneField(Environment, models.CASCADE, related_name="login_experience")
    # How often it was saved: a form that was opened before the last time does not overwrite it.
    version = models.PositiveIntegerField(default=0)
    app_name = models.CharField(max_length=MAX_APP_NAME, blank=True, default="")
    footer = models.TextField(blank=True, default="")
    page_background = _colour("page_background")
    form_background = _colour("form_background")
    brand_color = _colour("brand_color")
    primary_text_color = _colour("primary_text_color")
    secondary_text_color = _colour("secondary_text_color")
    font = models.CharField(
        max_length=20,
        choices=[*((name, label) for name, (label, _) in STACKS.items()), (UPLOADED, gettext_lazy("Uploaded font"))],
        default="system",
    )
    logo = _digest()
    favicon = _digest()
    font_file = _digest()

    def __str__(self) -> str:
        return f"Login experience of {self.environment}"

    @property
    def look(self) -> Look:
        return Look(**{name: getattr(self, name) for name in NAMES})

    @staticmethod
    def look_of(environment: Environment) -> Look:
        """Return the look of an environment; the default one if nobody saved another."""
        found: LoginExperience | None = getattr(environment, "login_experience", None)
        return found.look if found else Look()

    @staticmethod
    def version_of(environment: Environment) -> int:
        """Return how often the look of an environment was saved."""
        found: LoginExperience | None = getattr(environment, "login_experience", None)
        return found.version if found else 0


class BrandingFileQuerySet(models.QuerySet["BrandingFile"]):
    """Questions about files. Start from `environment.branding_files`, or with the names in a URL."""

    def at(self, workspace: str, environment: str) -> Self:
        """Return those of the environment with these short names, unless its workspace is removed."""
        place = {"environment__slug": environment, "environment__workspace__slug": workspace}
        return self.filter(environment__workspace__removed_at=None, **place)

    def in_use(self) -> Self:
        """Return those that end users' pages show. The others were uploaded for a preview."""
        return self.filter(_is_used())

    def left(self, before: datetime) -> Self:
        """Return those that were uploaded before then and are not in use."""
        return self.filter(updated_at__lt=before).exclude(_is_used())


def _is_used() -> Q:
    uses = [Q(**{"kind": name, f"environment__login_experience__{name}": F("digest")}) for name in FILES]
    return uses[0] | uses[1] | uses[2]


class BrandingFile(Entity):
    """A logo, an icon or a font as it is served. Its digest is in its URL, so a browser keeps it for ever."""

    class Kind(models.TextChoices):
        LOGO = "logo", gettext_lazy("Logo")
        FAVICON = "favicon", gettext_lazy("Favicon")
        FONT = "font_file", gettext_lazy("Font")

    KEPT_FOR_PREVIEW = timedelta(days=1)

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="branding_files")
    digest = models.CharField(max_length=_DIGEST)
    kind = models.CharField(max_length=10, choices=Kind)
    # As it was called where it came from.
    name = models.CharField(max_length=100)
    content_type = models.CharField(max_length=50)
    content = models.BinaryField()
    size = models.PositiveIntegerField()

    objects = BrandingFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "kind", "digest"], name="branding_file_digest_unique")
        ]

    def __str__(self) -> str:
        return self.name


class LoginExperienceDraft(Entity):
    """A look that nobody saved, for its preview. It is kept for a day."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="login_experience_drafts")
    values = models.JSONField()

    def __str__(self) -> str:
        return f"Preview of {self.environment}"

    @property
    def look(self) -> Look:
        return Look(**self.values)
