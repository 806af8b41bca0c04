"""What is deleted of a removed workspace, when, and what stays of it and of others."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from provisioning.actions.deletion import delete_removed_workspaces
from provisioning.demo.seed import seed
from provisioning.jobs import delete_workspaces
from tests.scim import Scim, make_connection
from workspace.actions.workspaces import remove_workspace
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, Workspace

pytestmark = pytest.mark.django_db
APPS = ["workspace", "authentication", "provisioning"]
# Accounts may have roles elsewhere, changes are the audit log, and the last one counts attempts by hashes.
STAYS = {"user", "changeevent", "changesubject", "signinthrottle"}


@pytest.fixture
def demo(db):
    seed()


def remove(slug: str, ago: timedelta) -> None:
    remove_workspace(workspace=Workspace.objects.get(slug=slug), by=SYSTEM, now=timezone.now() - ago)


def rows() -> dict[str, int]:
    """How many rows each table has."""
    models = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    return {str(model._meta.model_name): model._default_manager.count() for model in models}


def test_after_seven_days_nothing_is_left_but_the_audit_log(demo):
    before = rows()
    for slug in ("acme", "globex"):
        remove(slug, timedelta(days=7))
    assert delete_removed_workspaces(timezone.now()) == 2
    after = rows()
    assert {name for name, number in after.items() if number} - STAYS == set()
    assert after["user"] == before["user"]
    assert after["changeevent"] == before["changeevent"] + 4
    assert ChangeEvent.objects.latest("id").sentence == "System deleted the removed workspace Globex for good."


def test_before_that_nothing_goes(demo):
    remove("acme", timedelta(days=7, minutes=-1))
    before = rows()
    assert delete_removed_workspaces(timezone.now()) == 0
    assert rows() == before


def test_another_workspace_keeps_everything(demo):
    remove("acme", timedelta(days=8))
    delete_removed_workspaces(timezone.now())
    globex = Workspace.objects.get()
    assert globex.slug == "globex"
    assert globex.end_users.exists() and globex.identity_providers.exists() and globex.administrators.count() == 3


def test_the_job_deletes_it(demo):
    remove("acme", timedelta(days=8))
    assert delete_workspaces(timezone.now()) == "1 workspace deleted."
    assert not Workspace.objects.filter(slug="acme").exists()


def test_a_token_of_a_removed_workspace_is_refused_until_it_is_taken_back(db):
    scim = Scim(make_connection("acme"))
    assert scim.get("/Users").status == 200
    Workspace.objects.update(removed_at=timezone.now())
    assert scim.get("/Users").status == 401
    Workspace.objects.update(removed_at=None)
    assert scim.get("/Users").status == 200
