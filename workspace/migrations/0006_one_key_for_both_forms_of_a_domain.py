"""Give both forms of an internationalised domain one key, so that `xn--…` finds the people who are there."""

from typing import Any

from django.db import migrations
from django.db.models import Q

from workspace.db.keys import canonical, new_id


def fill(apps: Any, schema_editor: Any) -> None:
    """Where a workspace has one address in both forms, the person of the form with letters keeps it."""
    EndUser, User = apps.get_model("workspace", "EndUser"), apps.get_model("workspace", "User")
    for row in list(EndUser.objects.filter(Q(email_key__contains="xn--") | Q(name_key__contains="xn--"))):
        row.name_key, row.email_key = canonical(row.full_name), canonical(row.email)
        holders = EndUser.objects.filter(workspace=row.workspace_id, email_key=row.email_key)
        if holder := holders.exclude(pk=row.pk).first():
            _take_address(apps, row, holder)
        row.save()
    for user in list(User.objects.filter(email_key__contains="xn--")):
        key = canonical(user.email)
        if not User.objects.filter(email_key=key).exists():
            User.objects.filter(pk=user.pk).update(email_key=key)


def _take_address(apps: Any, person: Any, holder: Any) -> None:
    Event, Subject = apps.get_model("workspace", "ChangeEvent"), apps.get_model("workspace", "ChangeSubject")
    event = Event.objects.create(
        id=new_id(),
        workspace_id=person.workspace_id,
        actor_kind="system",
        actor_name="System",
        action="end_user.updated",
        subject_kind="enduser",
        subject_id=str(person.pk),
        subject_name=f"{person.full_name} <{person.email}>",
        sentence=f"System took the address of {person.full_name}: {person.email} and {holder.email} are one address.",
        before={"email": person.email, "user_name": ""},
        after={"email": "", "user_name": person.email[:250]},
    )
    Subject.objects.create(event=event, kind="enduser", subject_id=person.pk)
    person.user_name, person.email, person.email_key = person.email[:250], "", None
    person.user_name_key = canonical(person.user_name)


class Migration(migrations.Migration):
    dependencies = [("workspace", "0005_people_without_address")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
