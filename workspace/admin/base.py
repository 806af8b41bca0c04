"""What the operators' pages of every app have in common: what has an action goes through it, the rest is read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from workspace.events import Actor


def operator(request: Any) -> Actor:
    """The signed-in operator as an actor."""
    return Actor.operator(request.user, request.request_id)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that operators look at: they change elsewhere, through actions."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class AddOnlyAdmin(ReadOnlyAdmin):
    """Rows that operators make through an action and then look at."""

    add_form: type[forms.ModelForm]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def get_form(
        self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        if obj is None:
            kwargs["form"] = self.add_form
        return super().get_form(request, obj, change, **kwargs)
