"""Pages of a provider among many people, changes and requests: what they look for has an index.

SQLite has no statistics, so its plans are those of the largest tables.
"""

import pytest
from django.db import connection as database
from django.urls import reverse
from django.utils import timezone

from authentication.losses import can_anybody_use_a_password
from authentication.policy import SignInPolicy
from tests.plans import plans
from tests.provisioning.setting_up import url

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(database.vendor != "sqlite", reason="needs large tables")]


def page(route: str) -> str:
    return reverse(route, kwargs={"workspace": "acme", "environment": "dev"})


def test_bypasses_are_looked_up_before_people(use):
    with plans("authentication_ssobypass") as found:
        can_anybody_use_a_password(use.environment, SignInPolicy.of(use.environment), timezone.now())
    assert found and all("LIST SUBQUERY" not in each and "end_user_by" not in each for each in found)


def test_what_requests_changed_is_found_by_their_ids(saved, admin):
    saved.user("ada")
    with plans("workspace_changeevent") as found:
        admin.get(page("provisioning:requests"))
    assert found and all("event_by_request" in each for each in found)


def test_each_line_of_the_checklist_is_one_look_up(saved, use, admin):
    with plans("workspace_changeevent") as found:
        admin.get(url("setup", use))
    assert len([each for each in found if "event_by_action (workspace_id=? AND action>? AND action<?)" in each]) == 7
    assert not any("TEMP B-TREE" in each for each in found)


def test_people_who_depend_on_a_provider_are_counted_by_indexes(saved, use, admin):
    saved.user("ada")
    with plans("workspace_environmentaccess") as found:
        admin.get(url("setup-people", use))
    assert any("COVERING INDEX access_by_source (environment_id=? AND source_kind=?)" in each for each in found)
    looked_up = [each for each in found if each.startswith("SEARCH workspace_environmentaccess")]
    assert len(looked_up) == 2 and all("(environment_id=? AND end_user_id=? AND" in each for each in looked_up)
    assert not any("DISTINCT" in each or "USING TEMP B-TREE" in each for each in found)
