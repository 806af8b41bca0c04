"""Give both forms of an internationalised domain one key in names and addresses of SCIM Users."""

from typing import Any

from django.db import migrations
from django.db.models import TextField
from django.db.models.functions import Cast

from workspace.db.keys import canonical


def fill(apps: Any, schema_editor: Any) -> None:
    """A userName that another user has in the other form keeps its key."""
    User, Email = (apps.get_model("provisioning", name) for name in ("ProvisionedUser", "ProvisionedEmail"))
    for user in list(User.objects.annotate(text=Cast("folded", TextField())).filter(text__contains="xn--")):
        for name in ("username", "displayname"):
            if name in user.folded:
                user.folded[name] = canonical(user.folded[name])
        for email in user.folded.get("emails", []):
            if "value" in email:
                email["value"] = canonical(email["value"])
        user.display_name_key = canonical(user.display_name_key)
        key = canonical(user.user_name)
        if not User.objects.filter(connection=user.connection_id, user_name_key=key).exists():
            user.user_name_key = key
        columns = ("folded", "display_name_key", "user_name_key")
        User.objects.filter(pk=user.pk).update(**{name: getattr(user, name) for name in columns})
    for email in list(Email.objects.filter(value_key__contains="xn--")):
        Email.objects.filter(pk=email.pk).update(value_key=canonical(email.value_key))


class Migration(migrations.Migration):
    dependencies = [
        ("provisioning", "0006_share_external_ids"),
        ("workspace", "0006_one_key_for_both_forms_of_a_domain"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
