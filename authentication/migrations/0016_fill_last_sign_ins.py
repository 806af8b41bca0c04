"""Fill when people signed in last from the attempts and sessions that are kept."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import OuterRef, Subquery


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    people = apps.get_model("workspace", "EndUser")._base_manager
    attempts = apps.get_model("authentication", "SignInAttempt")._base_manager.filter(outcome="succeeded")
    sessions = apps.get_model("authentication", "EndUserSession")._base_manager
    for rows, at in ((attempts, "at"), (sessions, "created_at")):
        theirs = rows.filter(end_user=OuterRef("pk")).order_by(f"-{at}")
        people.filter(last_sign_in_at=None).update(last_sign_in_at=Subquery(theirs.values(at)[:1]))


class Migration(migrations.Migration):
    dependencies = [
        ("authentication", "0015_differences_on_attempts"),
        ("workspace", "0020_search_and_sort_people"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
