"""The personal data of one person in what identity providers said, and in the log of their requests."""

from collections.abc import Iterable
from urllib.parse import unquote

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisioning.models import ProvisionedGroup, ProvisionedUser, ScimRequest
from workspace.erasing import RECORDS, Erasure, deleted, erases, tells
from workspace.merging import Fact
from workspace.models import ChangeEvent, EndUser, Environment
from workspace.words import count, grouped, together

ERASED = "Personal data was deleted from this request."

RECORDS.add(ProvisionedUser)


@tells
def names_of_users(end_user: EndUser) -> Iterable[str]:
    """Return the userNames and all addresses of the person's SCIM Users."""
    for user in end_user.provisioned.all():
        yield user.user_name
        yield from (email["value"] for email in user.document.get("emails", []) if email.get("value"))


@erases("provisioned")
def delete_users(erasure: Erasure) -> list[Fact]:
    """Delete the person's SCIM Users. Their groups have another version then."""
    users = erasure.end_user.provisioned.select_related("connection__environment_provider__identity_provider")
    names = sorted({user.connection.name for user in users})
    groups = ProvisionedGroup.objects.filter(memberships__user__in=[user.pk for user in users])
    ProvisionedGroup.objects.filter(pk__in=list(groups.values_list("pk", flat=True))).update(
        version=F("version") + 1, updated_at=erasure.now
    )
    users.all().delete()
    if not names:
        return []
    hint = _("If %(provider)s sends the person again, that makes a new end user.") % {"provider": together(names)}
    return [Fact(_("SCIM users"), deleted(grouped(len(names)), len(names)), hint)]


@erases()
def empty_requests(erasure: Erasure) -> list[Fact]:
    """Delete the bodies of the requests that named the person."""
    places = Environment.objects.filter(workspace=erasure.workspace_id)
    requests = ScimRequest.objects.filter(environment_id__in=places.values("pk")).order_by()
    events = ChangeEvent.objects.filter(subjects__subject_id__in=[*erasure.ids, *erasure.records])
    changes = events.exclude(request_id="").values_list("request_id", flat=True)
    said = erasure.said_in(
        ("path", "query", "request_body", "response_body", "error"),
        erasure.end_user.provisioned.exclude(external_id="").values_list("external_id", flat=True),
    )
    conditions = [Q(request_id__in=list(changes.distinct())), *said]
    ids = {pk for condition in conditions for pk in requests.filter(condition).values_list("pk", flat=True)}
    found = ScimRequest.objects.filter(pk__in=ids)
    for pk, path in list(found.values_list("pk", "path")):
        if erasure.pattern.search(unquote(path)):
            found.filter(pk=pk).update(path="")
    found.update(query="", request_body="", response_body="", error="", notes=[ERASED])
    value = ngettext(
        "%(requests)s will lose what was sent and answered",
        "%(requests)s will lose what was sent and answered",
        len(ids),
    )
    return [Fact(_("SCIM requests"), value % {"requests": count(len(ids), "request", "requests")})]
