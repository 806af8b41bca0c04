"""The people whom a sign-in means by what the same provider has provisioned (product.md "Who is it?")."""

from django.db.models import Q

from authentication.models import EnvironmentProvider
from authentication.records import finds_people_by_record, lists_people_with_record
from provisioning.models import ProvisionedUser
from workspace.db.keys import name_key
from workspace.db.prepared import Prepared
from workspace.models import EndUser
from workspace.models.people import EndUserQuerySet


@finds_people_by_record
def people_of(environment_provider: EnvironmentProvider, name_id: str) -> list[EndUser]:
    """Return the people whose User has the NameID as `userName`, by its key, or as `externalId`, exactly."""
    if environment_provider.method != EnvironmentProvider.Method.SCIM:
        return []
    named = _by_user_name(environment_provider.pk, name_key(name_id))
    found = {user.end_user for user in [*named, *_by_external_id(environment_provider.pk, name_id)]}
    for person in found:
        person.workspace = environment_provider.environment.workspace
    return list(found)


@lists_people_with_record
def people_with_user(environment_provider: EnvironmentProvider) -> EndUserQuerySet:
    """Return the people of whom the provider's own connection has a User."""
    if environment_provider.method != EnvironmentProvider.Method.SCIM:
        return EndUser.objects.none()
    users = ProvisionedUser.objects.filter(
        connection__environment_provider=environment_provider, connection__is_enabled=True
    )
    return EndUser.objects.filter(pk__in=users.values("end_user"))


_by_user_name = Prepared(
    lambda use, key: (
        ProvisionedUser.objects.filter(
            Q(connection__environment_provider=use, user_name_key=key), connection__is_enabled=True
        )
        .defer("document", "folded")
        .select_related("end_user")
        .order_by()
    ),
    (EnvironmentProvider, "id"),
    (ProvisionedUser, "user_name_key"),
)
# Two are enough to see that the NameID names nobody.
_by_external_id = Prepared(
    lambda use, text: (
        ProvisionedUser.objects.filter(
            Q(connection__environment_provider=use, external_id=text), connection__is_enabled=True
        )
        .exclude(external_id="")
        .defer("document", "folded")
        .select_related("end_user")
        .order_by()[:2]
    ),
    (EnvironmentProvider, "id"),
    (ProvisionedUser, "external_id"),
)
