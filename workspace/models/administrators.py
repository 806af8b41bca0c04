"""Accounts of the console: administrators of workspaces and operators of the installation."""

from typing import Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.addresses import MAX_EMAIL, is_address
from workspace.db.keys import canonical, name_key
from workspace.isolation import isolated
from workspace.models.base import Entity, PasswordOwner
from workspace.models.workspaces import Workspace


class UserManager(BaseUserManager["User"]):
    """Creation of accounts, and look-up by canonical address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email_key=canonical(username or ""))

    def with_password(self, email: str, password: str) -> "User | None":
        """Return the active account with this address and password, or None. Neither takes longer than the other."""
        user = self.filter(email_key=canonical(email)).first()
        is_right = (user or self.model()).check_password(password)
        return user if user and user.is_active and is_right else None


def validate_address(text: str) -> None:
    """Raise ValidationError for what is no email address. Django's own validator knows ASCII letters only."""
    if not is_address(text):
        raise ValidationError(_("Enter an email address like ada@example.com."))


class User(PasswordOwner, Entity, AbstractBaseUser, PermissionsMixin):
    """An account that can open the console: never an end user."""

    class Theme(models.TextChoices):
        SYSTEM = "system", gettext_lazy("As the system")
        LIGHT = "light", gettext_lazy("Light")
        DARK = "dark", gettext_lazy("Dark")

    password = models.CharField("password", max_length=128)
    email = models.CharField(max_length=MAX_EMAIL, validators=[validate_address])
    email_key = models.CharField("email address", max_length=500, unique=True, editable=False)
    full_name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("operator", default=False)
    theme = models.CharField(max_length=10, choices=Theme, default=Theme.SYSTEM, db_default=Theme.SYSTEM.value)
    # Empty: as the browser asks.
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    # Counts how often all sessions of the account were ended.
    sessions_ended = models.PositiveIntegerField(default=0, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email_key"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        ordering = ["email_key"]

    def __str__(self) -> str:
        return isolated(self.email)

    def set_keys(self) -> None:
        self.email_key = canonical(self.email)

    def get_session_auth_hash(self) -> str:
        """Return what a session must hold to count. A new password changes it, and so does `end_sessions`."""
        present = super().get_session_auth_hash()
        return f"{present}.{self.sessions_ended}" if self.sessions_ended else present

    @property
    def has_second_factor(self) -> bool:
        """Say whether the account has an authenticator app or a passkey."""
        return hasattr(self, "authenticator_app") or self.passkeys.exists()

    def end_sessions(self) -> None:
        """End all sessions of the account, in every browser."""
        User.objects.filter(pk=self.pk).update(sessions_ended=models.F("sessions_ended") + 1)


class AdministratorQuerySet(models.QuerySet["Administrator"]):
    """Questions about administrators. Start from `workspace.administrators`."""

    def owners(self) -> Self:
        """Return the owners whose accounts are active."""
        return self.filter(role=Administrator.Role.OWNER, user__is_active=True)

    def without_second_factor(self) -> Self:
        return self.filter(user__authenticator_app=None, user__passkeys=None)

    def requiring_second_factor(self) -> Self:
        """Return the roles in workspaces that require one of all their administrators."""
        return self.filter(workspace__requires_second_factor=True, workspace__removed_at=None)

    def matching(self, text: str) -> list["Administrator"]:
        """Return those whose name or address has every word of the text, in any spelling, with their accounts.

        A workspace has few administrators, so they are compared here.
        """
        words = name_key(text).split()
        found = self.select_related("user__authenticator_app").prefetch_related("user__passkeys")
        return [each for each in found if all(word in each.searched for word in words)]


class Administrator(Entity):
    """A console account's role in one workspace."""

    class Role(models.TextChoices):
        OWNER = "owner", gettext_lazy("Owner")
        ADMIN = "admin", gettext_lazy("Admin")
        VIEWER = "viewer", gettext_lazy("Viewer")

    user = models.ForeignKey(User, models.CASCADE, related_name="roles")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="administrators")
    role = models.CharField(max_length=10, choices=Role)
    # Get started has left their sidebar, and the workspace no longer opens with it.
    has_closed_get_started = models.BooleanField("closed Get started", default=False, db_default=False)

    objects = AdministratorQuerySet.as_manager()

    class Meta:
        ordering = ["user__email_key"]
        constraints = [models.UniqueConstraint(fields=["user", "workspace"], name="administrator_unique")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()} of {self.workspace})"

    @property
    def name(self) -> str:
        """Return what people call the administrator: the name, or the address where there is none."""
        return self.user.full_name or self.user.email

    @property
    def is_last_owner(self) -> bool:
        """Say whether the workspace would be without an active owner."""
        others = self.workspace.administrators.owners().exclude(pk=self.pk)
        return self.role == self.Role.OWNER and not others.exists()

    @property
    def searched(self) -> str:
        """Return name and address as a search compares them."""
        return f"{name_key(self.user.full_name)} {self.user.email_key}"
