"""Which index a SCIM filter uses."""

import pytest
from django.db import connection as database

from provisioning.models import ProvisionedEmail, ProvisionedUser
from provisioning.search.filters import compile_filter
from workspace.models import EndUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(connection):
    """Enough users that an index is worth its while, and statistics that say so."""
    people = EndUser.objects.bulk_create(
        EndUser(workspace=connection.environment.workspace, full_name="x", email=f"{n}", email_key=f"{n}")
        for n in range(2_000)
    )
    users = ProvisionedUser.objects.bulk_create(
        ProvisionedUser(
            connection=connection, end_user=person, user_name=f"u{n}", user_name_key=f"u{n}", external_id=f"e{n}"
        )
        for n, person in enumerate(people)
    )
    ProvisionedEmail.objects.bulk_create(
        ProvisionedEmail(user=user, connection=connection, value_key=f"{user.user_name}@example.com") for user in users
    )
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("ANALYZE")
    return connection


INDEXES = {
    'userName eq "u77"': "scim_user_name_unique",
    'userName eq "u77" and active eq true': "scim_user_name_unique",
    'externalId eq "e77"': "scim_user_by_external_id",
    'emails.value eq "u77@example.com"': "scim_email_by_value",
    'emails[type eq "work"].value eq "u77@example.com"': "scim_email_by_value",
    'displayName eq "x"': "scim_user_by_display_name",
}


def test_equality_uses_the_index(crowd):
    for text, index in INDEXES.items():
        explained = crowd.users.filter(compile_filter(text, kind="User")).explain()
        assert index in explained or "sqlite_autoindex" in explained, (text, explained)
        assert "SCAN provisioning" not in explained and "Seq Scan" not in explained, (text, explained)


@pytest.mark.parametrize("last", ["a", "\ud7ff", "\uffff", "\U0010ffff"], ids=ascii)
def test_what_begins_so_ends_before_the_next_character_wherever_that_is(scim, last):
    """Half surrogates follow U+D7FF and are no characters; nothing follows the last character."""
    names = [f"x{last}", f"x{last}y", f"x{last}\U0010ffff", "x", "w", f"y{last}", f"x{'b' if last == 'a' else 'a'}"]
    for number, name in enumerate(names):
        scim.user(f"u{number}", externalId=name)
    found = scim.post("/Users/.search", {"filter": f'externalId sw "x{last}"'}).body["Resources"]
    assert [user["externalId"] for user in found] == names[:3]
