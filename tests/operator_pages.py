"""What holds on the operators' pages of every table."""

import re
from collections.abc import Iterable
from unittest.mock import patch

from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from workspace.admin.base import LongAdmin, OperatorAdmin
from workspace.admin.lists import DayFilter
from workspace.admin.looking_up import indexed_among
from workspace.operator_site import Section

# Columns of secrets and digests. A comparison key such as `name_key` holds a name.
_SECRET = re.compile(
    "sealed|digest|password|secret|nonce|credential|public_key|fold_key|^response$|^content$|^members$"
)
# What pages show on purpose: whether these may be used, and that a mail or a rule is about a second factor.
_NO_SECRET = re.compile("^(is|has|requires)_")


def page(model: type[Model], action: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=args)


def hold_to_the_rules(operator: Client, models: Iterable[type[Model]]) -> None:
    """Open list, search and a row of every table. Each has a row."""
    for model in models:
        registered, rows = admin.site.get_model_admin(model), model._default_manager
        assert (
            getattr(registered, "section", "") in set(Section)
            and len(registered.list_display) > 1
            and registered.search_fields
        ), model
        assert registered.list_filter or rows.count() == 1, model
        pages = [
            page(model, "changelist"),
            f"{page(model, 'changelist')}?q=Ada",
            page(model, "change", rows.first().pk),
        ]
        texts = [_text(operator, url) for url in pages]
        for row in rows.all():
            for name in secret_columns(model):
                value = getattr(row, name)
                assert not value or all(str(value) not in text for text in texts), f"{model}.{name} is shown"
        assert operator.get(page(model, "changelist"), {"q": "nobody has this"}).context["cl"].result_count == 0, model
        assert operator.post(page(model, "delete", rows.first().pk), {"post": "yes"}).status_code == 403, model
        _hold_long_to_the_rules(operator, model, registered)


def _hold_long_to_the_rules(operator: Client, model: type[Model], registered: admin.ModelAdmin) -> None:
    if not isinstance(registered, LongAdmin):
        return
    for name in registered.search_fields:
        assert indexed_among(model, name) is not None, f"No index finds {model} by {name}"
    listed = operator.get(page(model, "changelist")).context["cl"]
    kinds = {type(each).__name__ for each in listed.filter_specs}
    assert kinds <= {"DayFilter", "Filter", "ChoicesFieldListFilter", "BooleanFieldListFilter", "DateFieldListFilter"}
    if any(isinstance(each, DayFilter) for each in listed.filter_specs):
        month = f"{model._default_manager.first().pk}"
        assert month and operator.get(page(model, "changelist"), {"day": "2001-01"}).context["cl"].result_count == 0
        assert operator.get(page(model, "changelist"), {"day": "2001-13-99"}).status_code == 200


def secret_columns(model: type[Model]) -> list[str]:
    names = [field.name for field in model._meta.concrete_fields]
    return [name for name in names if _SECRET.search(name) and not _NO_SECRET.search(name)]


def read_only(operator: Client, models: Iterable[type[Model]]) -> None:
    for model in models:
        row = model._default_manager.first()
        assert operator.get(page(model, "add")).status_code == 403, model
        assert operator.post(page(model, "change", row.pk), {}).status_code == 403, model
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        operator.post(page(model, "changelist"), chosen)
        assert model._default_manager.filter(pk=row.pk).exists(), model


def query_counts(operator: Client, models: Iterable[type[Model]]) -> dict[str, int]:
    """Return how many queries each list takes, once the operator's look is noted."""
    counts = {}
    for model in models:
        operator.get(page(model, "changelist"))
        # A second page takes a query more.
        with CaptureQueriesContext(connection) as queries, patch.object(OperatorAdmin, "list_per_page", 1000):
            assert operator.get(page(model, "changelist")).status_code == 200
        counts[model.__name__] = len(queries)
    return counts


def _text(operator: Client, url: str) -> str:
    response = operator.get(url)
    assert response.status_code == 200, url
    return response.content.decode()
