"""The base of the operators' pages: changes go through actions, everything else is read-only."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from workspace.actions.looking import note_look
from workspace.admin.lists import CutPaginator, LongList, OperatorList
from workspace.admin.looking_up import MOST, ids_with
from workspace.console.presenters import find_pages
from workspace.events import Actor, kind_of
from workspace.isolation import has_controls
from workspace.models import Administrator, ChangeEvent, Environment, User, Workspace
from workspace.names import WITHOUT_CONTROLS
from workspace.operator_site import Section
from workspace.refusals import ActionError
from workspace.visits import Visit

# Django's classes take type arguments only in the stubs.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[models.Model]
else:
    ModelAdmin, ModelForm = admin.ModelAdmin, forms.ModelForm

# Columns that no page shows, whoever adds one.
_SECRET = re.compile("^sealed|digest$|^password$|nonce|_secret$|^(secret|public|fold)_key$|^credential_id$")


def operator(request: HttpRequest) -> Actor:
    """Return the signed-in operator as an actor."""
    return Actor.operator(cast(User, request.user), Visit.of(request))


def checked_name(name: str, known: str = "") -> str:
    """Return a name that was typed. Raises ValidationError where it turns text round and is not the known one."""
    if name != known and has_controls(name):
        raise forms.ValidationError(WITHOUT_CONTROLS)
    return name


class OperatorAdmin(ModelAdmin):
    """A table for operators.

    `place` is the path from a row to its workspace's id, as "environment.workspace_id". Whoever looks at such rows
    leaves an event that the owners see. `is_first` puts the table before the others of its section.
    """

    section = Section.INSTALLATION
    is_first = False
    place = ""
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OperatorList

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, orphans: int = 0, allow_empty_first_page: bool = True
    ) -> CutPaginator:
        page = request.GET.get("p", "")
        return CutPaginator(queryset, per_page, int(page) if page.isdecimal() and len(page) < 6 else 1)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns, with a link to each related row."""
        relations = {each.name for each in self.opts.concrete_fields if isinstance(each, models.ForeignKey)}
        first, *others = super().get_list_display(request)
        return [first, *(self._linked(each) if each in relations else each for each in others)]

    def get_exclude(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        secret = [each.name for each in self.opts.concrete_fields if is_secret_column(each)]
        return [*(super().get_exclude(request, obj) or ()), *secret]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Let links lead to the rows of a related row, and nothing else be asked of other tables."""
        return lookup.endswith("__exact") or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if found := getattr(response, "context_data", {}).get("cl"):
            found.result_list = list(found.result_list)
            self._note_look(request, found.result_list)
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            response = super().changeform_view(request, object_id, form_url, extra_context)
        except ActionError as refusal:
            messages.error(request, refusal.message)
            return redirect(request.get_full_path())
        context = getattr(response, "context_data", None) or {}
        if row := context.get("original"):
            self._note_look(request, [row])
            context |= {"related": self._related(row), "console_page": self._console_page(request, row)}
        return response

    def workspace_of(self, row: models.Model) -> UUID | None:
        """Return the id of the workspace that a row belongs to; None for a row of the installation."""
        value: Any = row if self.place else None
        for name in self.place.split(".") if self.place else ():
            value = getattr(value, name) if value is not None else None
        return cast(UUID | None, value)

    def _note_look(self, request: HttpRequest, rows: Sequence[models.Model]) -> None:
        places = {place for row in rows if (place := self.workspace_of(row))}
        if places:
            what = str(self.opts.verbose_name_plural)
            note_look(workspaces=places, what=what, by=operator(request), now=timezone.now())

    def _related(self, row: models.Model) -> list[tuple[str, str]]:
        """Return names and addresses of the lists of rows that belong to a row."""
        lists = [
            (registered.opts, field.name)
            for registered in self.admin_site._registry.values()
            for field in registered.opts.concrete_fields
            if isinstance(field, models.ForeignKey) and field.related_model is type(row)
        ]
        found = [
            (str(opts.verbose_name_plural), f"{_page(opts, 'changelist')}?{name}__exact={quote(row.pk)}")
            for opts, name in lists
        ]
        changes = f"{_page(ChangeEvent._meta, 'changelist')}?q={row.pk}"
        return [*found, ("changes", changes)] if isinstance(row.pk, UUID) else found

    def _console_page(self, request: HttpRequest, row: models.Model) -> str:
        """Return the page of the console that shows a row, if the operator may open it there."""
        place = row.pk if isinstance(row, Workspace) else self.workspace_of(row)
        if not place or not Administrator.objects.filter(user=request.user.pk, workspace=place).exists():
            return ""
        if isinstance(row, Workspace):
            return reverse("workspace:workspace", args=[row.slug])
        environment = getattr(row, "environment", None)
        if not isinstance(environment, Environment):
            environment = Environment.objects.select_related("workspace").filter(workspace=place).first()
        return find_pages(environment, [(kind_of(row), str(row.pk))]).get(str(row.pk), "") if environment else ""

    def _linked(self, name: str) -> Callable[[Any], str]:
        field = self.opts.get_field(name)
        related = cast(type[models.Model], field.related_model)

        @admin.display(description=field.verbose_name, ordering=name)  # type: ignore[union-attr]
        def link(row: models.Model) -> str:
            if (value := getattr(row, name)) is None:
                return "-"
            return format_html('<a href="{}">{}</a>', _page(related._meta, "change", quote(value.pk)), value)

        return link


class ReadOnlyAdmin(OperatorAdmin):
    """Rows that operators only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class LongAdmin(ReadOnlyAdmin):
    """A table that may have a million rows. Its search finds whole values, which an index has."""

    sortable_by = ()
    search_help_text = "Finds whole ids, addresses and names, in any spelling."

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LongList

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return (queryset.filter(pk__in=self.found(search_term)) if search_term else queryset), False

    def found(self, text: str) -> list[object]:
        """Return the ids of the rows that have the text in a searched column, or belong to what is found by it."""
        ids: list[object] = []
        for name in self.search_fields:
            field = self.opts.get_field(name)
            if isinstance(field, models.ForeignKey):
                above = cast(LongAdmin, self.admin_site.get_model_admin(field.related_model))
                rows = self.model._base_manager.filter(**{f"{name}__in": above.found(text)})
                ids += rows.values_list("pk", flat=True)[:MOST]
            else:
                ids += ids_with(self.model, name, text)
        return ids


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


def is_secret_column(field: "models.Field[Any, Any]") -> bool:
    """Say whether no page may show a column."""
    return bool(_SECRET.search(field.name))


def _page(opts: Any, name: str, *arguments: str) -> str:
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=arguments)
