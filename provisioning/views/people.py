"""What identity providers say of an end user."""

from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from provisioning.models import ProvisionedMembership, ProvisionedUser
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import end_user_tabs, page_url
from workspace.isolation import isolated
from workspace.models import EndUser, Environment, Source


@console
@require_safe
def detail(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Show the tab Provisioning: each connection's record, and where name and address come from."""
    person = get_object_or_404(environment.workspace.end_users, pk=end_user)
    context = {
        "end_user": person,
        "tabs": end_user_tabs(request, person),
        "facts": [
            {"label": _("Full name"), "value": person.full_name, "hint": _provenance(person.name_source)},
            {
                "label": _("Email address"),
                "value": person.email or _("None"),
                "hint": _provenance(person.email_source),
            },
        ],
        "records": [_record(record) for record in _records(person)],
        "list_url": page_url("workspace:end-users", environment),
    }
    return render(request, "provisioning/people/detail.html", context)


def _records(person: EndUser) -> list[ProvisionedUser]:
    """Return what each connection of the workspace says of the person, in the order of the environments."""
    memberships = ProvisionedMembership.objects.select_related("group__group").order_by("group__display_name_key")
    records = person.provisioned.select_related(
        "connection__environment_provider__environment__workspace",
        "connection__environment_provider__identity_provider",
    ).prefetch_related(Prefetch("memberships", memberships))
    return list(records.order_by("connection__environment_provider__environment__position", "created_at"))


def _record(record: ProvisionedUser) -> dict[str, object]:
    connection, environment = record.connection, record.connection.environment
    provider = connection.environment_provider.identity_provider_id
    return {
        "record": record,
        "connection": connection,
        "environment": environment,
        "document_label": _("Document of %(connection)s") % {"connection": isolated(connection.name)},
        "code_id": f"document-{record.pk}",
        "url": page_url("provisioning:setup", environment, provider=provider),
        "groups": [
            {"name": membership.group.display_name, "url": _group_url(environment, membership)}
            for membership in record.memberships.all()
        ],
    }


def _group_url(environment: Environment, membership: ProvisionedMembership) -> str:
    group = membership.group.group_id
    return page_url("workspace:group", environment, group=group) if group else ""


def _provenance(source: Source) -> str:
    """Return who gave a value, for people."""
    sentence = _("by %(name)s") if source.is_manual else _("from %(name)s")
    return sentence % {"name": isolated(source.name)}
