"""The base of the operators' pages: changes go through actions, everything else is read-only."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from workspace.events import Actor
from workspace.isolation import has_controls
from workspace.models import User
from workspace.names import WITHOUT_CONTROLS
from workspace.visits import Visit

# Django's classes take type arguments only in the stubs.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[models.Model]
else:
    ModelAdmin, ModelForm = admin.ModelAdmin, forms.ModelForm


def operator(request: HttpRequest) -> Actor:
    """Return the signed-in operator as an actor."""
    return Actor.operator(cast(User, request.user), Visit.of(request))


def checked_name(name: str, known: str = "") -> str:
    """Return a name that was typed. Raises ValidationError where it turns text round and is not the known one."""
    if name != known and has_controls(name):
        raise forms.ValidationError(WITHOUT_CONTROLS)
    return name


class ReadOnlyAdmin(ModelAdmin):
    """Rows that operators only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class AddOnlyAdmin(ReadOnlyAdmin):
    """Rows that operators create through an action and otherwise only read."""

    add_form: type[ModelForm]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return ModelAdmin.has_add_permission(self, request)

    def get_form(
        self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: object
    ) -> type[ModelForm]:
        if obj is None:
            kwargs["form"] = self.add_form
        return super().get_form(request, obj, change, **kwargs)
