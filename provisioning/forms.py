"""What administrators choose and filter: forms check the shape, actions decide."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from authentication.models import EnvironmentProvider
from provisioning.actions.leaving import People
from provisioning.actions.tokens import MOST_TOGETHER, Retirement
from provisioning.models import EmailFrom, NameFrom, ProvisioningConnection, ScimRequest
from provisioning.models.requests import ScimRequestQuerySet
from workspace.isolation import isolated
from workspace.models import ChangeEvent, EndUserGroup, Environment, SourceKind
from workspace.models.events import ChangeEventQuerySet

Method = EnvironmentProvider.Method


class MethodForm(forms.Form):
    """The provisioning method with what belongs to each."""

    method = forms.ChoiceField(
        label=_("Provisioning method"),
        choices=Method.choices,
        error_messages={"invalid_choice": _("Choose one of the methods in the list.")},
    )
    syncs_groups = forms.BooleanField(
        label=_("Enable user groups syncing"),
        required=False,
        help_text=_(
            "A sign-in adds and removes memberships as the provider says. "
            "A sign-in that does not mention groups changes none."
        ),
    )
    takes_over_groups = forms.BooleanField(
        label=_("Take over existing groups of the same name"),
        required=False,
        help_text=_(
            "The provider then decides their members. Removed members are listed under Provisioning activity. "
            "Off: a pushed group whose name is taken is refused."
        ),
    )
    is_strict = forms.BooleanField(
        label=_("Refuse requests that break the standard"),
        required=False,
        help_text=_("Most providers deviate from the SCIM standard somewhere. Off: deviations are accepted and noted."),
    )


class PeopleForm(forms.Form):
    """What happens to the people of a connection that is given up; the method chosen instead is sent along."""

    people = forms.ChoiceField(
        label=_("What happens to them"),
        choices=People.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what happens to them.")},
    )
    method = forms.ChoiceField(
        choices=[choice for choice in Method.choices if choice[0] != Method.SCIM], widget=forms.HiddenInput
    )
    syncs_groups = forms.BooleanField(required=False, widget=forms.HiddenInput)


class NewTokenForm(forms.Form):
    """When a new token retires the old one. Without an old one nothing is asked."""

    retirement = forms.ChoiceField(
        label=_("The old token retires"),
        choices=Retirement.choices,
        initial=Retirement.FIRST_USE,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose when the old token retires.")},
    )
    retires_at = forms.DateTimeField(
        label=_("Date and time (UTC)"),
        required=False,
        help_text=format_lazy(_("Within {days} days. Only for a retirement at a date."), days=MOST_TOGETHER.days),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Enter a date and a time, for example 2026-12-31 18:00.")},
    )

    def __init__(self, data: QueryDict | None = None, *, has_old: bool) -> None:
        super().__init__(data)
        if not has_old:
            self.fields.clear()


class MappingForm(forms.Form):
    """A group of the IdP and what its members get: access to an environment, or membership in one of its groups too."""

    name = forms.CharField(
        label=_("IdP group"),
        max_length=250,
        help_text=_("Its name at the identity provider. It may be pushed later."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "pushed-groups"}),
        error_messages={"required": _("Enter the name that the group has at the identity provider.")},
    )
    target = forms.ChoiceField(
        label=_("Environment and end-user group"),
        error_messages={
            "required": _("Choose an environment or a group."),
            "invalid_choice": _("This group no longer exists, or a provider manages it now. Choose again."),
        },
    )

    def __init__(self, data: QueryDict | None = None, *, connection: ProvisioningConnection) -> None:
        super().__init__(data)
        self._connection = connection
        environments = connection.environment.workspace.environments.all()
        self._environments = {str(each.pk): each for each in environments}
        choices = [self._choices(each) for each in environments]
        cast(forms.ChoiceField, self.fields["target"]).choices = [("", _("Choose…")), *choices]

    def _choices(self, environment: Environment) -> tuple[str, list[tuple[UUID, str]]]:
        """Return an environment with what can be chosen in it: itself, its manual groups and the connection's."""
        fillable = Q(source_kind=SourceKind.MANUAL) | Q(source_id=str(self._connection.pk))
        groups = environment.groups.filter(fillable, is_everyone=False).values_list("pk", "name")
        place = str(environment)
        only = _("%(environment)s, access only") % {"environment": place}
        return environment.name, [(environment.pk, only), *((pk, f"{place} → {isolated(name)}") for pk, name in groups)]

    def clean_target(self) -> tuple[Environment, EndUserGroup | None]:
        """Return the environment, and the group if one was chosen."""
        target = self.cleaned_data["target"]
        if environment := self._environments.get(target):
            return environment, None
        group = EndUserGroup.objects.filter(pk=target).first()
        if group is None:
            raise forms.ValidationError(self.fields["target"].error_messages["invalid_choice"])
        return self._environments[str(group.environment_id)], group

    def clean(self) -> dict[str, object]:
        """Return the target as environment and group, if one was chosen."""
        environment, group = self.cleaned_data.get("target", (None, None))
        return {"name": self.cleaned_data.get("name"), "environment": environment, "group": group}


class ProfileSourcesForm(forms.Form):
    """Which attributes of a SCIM User feed name and email address."""

    name_from = forms.ChoiceField(label=_("Full name from"), choices=NameFrom.choices, required=False)
    email_from = forms.ChoiceField(
        label=_("Email address from"),
        choices=EmailFrom.choices,
        required=False,
        help_text=_("Where a user lacks the attribute, the automatic order decides."),
    )


class _ProviderFilter(forms.Form):
    """A filter of an environment's list by provider. A wrong value filters nothing and is named."""

    provider = forms.ChoiceField(label=_("Provider"), required=False)

    def __init__(self, data: QueryDict, *, environment: Environment) -> None:
        super().__init__(data)
        self.environment = environment
        connections = ProvisioningConnection.objects.of(environment).named()
        choices = [(str(connection.pk), connection.name) for connection in connections]
        cast(forms.ChoiceField, self.fields["provider"]).choices = [("", _("Any provider")), *choices]

    def asked(self) -> dict[str, Any]:
        """Return the valid values that were given."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}


class ChangeFilter(_ProviderFilter):
    """Which changes the activity shows."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200, widget=forms.SearchInput)
    kind = forms.ChoiceField(
        label=_("About"),
        required=False,
        choices={"": _("Everything"), "end_user": _("End users"), "group": _("Groups")},
    )
    field_order = ["q", "provider", "kind"]

    def events(self) -> ChangeEventQuerySet:
        """Return what connections changed in the environment."""
        asked = self.asked()
        events = ChangeEvent.objects.in_environment(self.environment).filter(
            actor_kind=ChangeEvent.ActorKind.CONNECTION
        )
        if provider := asked.get("provider"):
            events = events.filter(actor_id=provider)
        if kind := asked.get("kind"):
            events = events.filter(action__startswith=f"{kind}.")
        if text := asked.get("q"):
            events = events.filter(sentence__icontains=text)
        return events

    def among(self) -> ChangeEventQuerySet:
        """Return the changes of which the filter looks at the newest."""
        return ChangeEvent.objects.of(self.environment.workspace)


class RequestFilter(_ProviderFilter):
    """Which requests the activity shows."""

    method = forms.ChoiceField(
        label=_("Method"),
        required=False,
        choices=[("", _("Any method")), *((name, name) for name in ("GET", "POST", "PUT", "PATCH", "DELETE"))],
    )
    result = forms.ChoiceField(
        label=_("Result"), required=False, choices={"": _("Any result"), "failed": _("Failed only")}
    )
    field_order = ["provider", "method", "result"]

    def requests(self) -> ScimRequestQuerySet:
        """Return what was asked of the environment's connections."""
        asked = self.asked()
        requests = ScimRequest.objects.in_environment(self.environment)
        if provider := asked.get("provider"):
            requests = requests.filter(connection=provider)
        if method := asked.get("method"):
            requests = requests.filter(method=method)
        return requests.failed() if asked.get("result") else requests

    def among(self) -> ScimRequestQuerySet:
        """Return the requests of which the filter looks at the newest."""
        return ScimRequest.objects.in_environment(self.environment)
