"""An address that an IdP gave receives no password reset from the sign-in page, however it came about (C5)."""

import pytest

from provisioning.actions.connection_settings import choose_attributes
from provisioning.models import EmailFrom
from tests import factories
from tests.authentication.end_users import person, url
from workspace.events import Actor

pytestmark = pytest.mark.django_db
WORK, HOME = "ada.winter@acme.example", "ada@home.example"


def test_c5_a_bulk_change_of_attributes_feeds_no_reset(client, scim, mails):
    environment = scim.connection.environment
    ada = person(environment)
    assert ada.email == WORK
    scim.user(WORK, emails=[{"value": WORK, "type": "work"}, {"value": HOME, "type": "home"}])
    owner = Actor.administrator(factories.administrator(environment.workspace, "owner"))

    changes = choose_attributes(connection=scim.connection, name_from="", email_from=EmailFrom.HOME, by=owner)

    assert len(changes.after) == 1
    ada.refresh_from_db()
    assert ada.email == HOME
    assert mails(lambda: client.post(url(environment, "password/forgotten/"), {"email": HOME})) == []
