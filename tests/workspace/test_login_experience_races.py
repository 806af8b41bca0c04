"""Looks that are saved at once, in threads with connections of their own."""

import pytest

from tests import factories
from tests.workspace.races import at_once
from workspace.actions.login_experience import save_login_experience
from workspace.branding.look import Look
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, LoginExperience

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_pages_that_are_saved_at_once_one_is_told(transactional_db):
    environment = factories.workspace().environments.get(slug="dev")
    for seen in range(4):

        def save(name: str, seen: int = seen):
            look = Look(app_name=f"{name} {seen}")
            return lambda: save_login_experience(environment=environment, look=look, seen=seen, by=SYSTEM)

        assert sorted(at_once(save("One"), save("Two"))) == ["changed_meanwhile", "done"]
        assert LoginExperience.objects.get().version == seen + 1
    assert ChangeEvent.objects.filter(action="login_experience.changed").count() == 4
