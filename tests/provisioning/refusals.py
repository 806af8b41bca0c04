"""What a refused SCIM request looks like, and that it changes nothing."""

from typing import Any

from django.apps import apps

from tests.scim import Answer
from workspace.models import EndUser

UNKNOWN = "01a2099e-8adc-7840-80c7-920880ceb065"
# Grows with every request, and with what the tests look at.
LOGS = {"provisioning_scimrequest", "django_session"}


def dump() -> dict[str, list[str]]:
    """Every row of every table but the logs, as text."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table not in LOGS]
    return {model._meta.db_table: sorted(map(str, model._default_manager.values())) for model in models}


def is_refused(answer: Answer, status: int, scim_type: str | None = None) -> bool:
    """Whether the answer is a SCIM error of that status, with a sentence for whoever reads it."""
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/scim+json"), answer.content
    assert answer.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert answer.body["status"] == str(status)
    assert answer.body.get("scimType") == scim_type
    return bool(answer.body["detail"])


def switch(value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": "active", "value": value}


def person() -> EndUser:
    return EndUser.objects.get(email="ada@example.com")


def has_access() -> bool:
    return person().is_active and person().accesses.exists()
