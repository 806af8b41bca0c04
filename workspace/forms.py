"""What administrators type and choose: forms check the shape, actions decide."""

import re
from collections import defaultdict
from typing import Any, cast

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.html import escape

from workspace.actions.read_only import profile_read_only_reason
from workspace.db.keys import canonical
from workspace.events import Actor
from workspace.models import EndUser, EndUserGroup, Environment, EnvironmentAccess, SourceKind
from workspace.models.people import EndUserQuerySet
from workspace.profile import Profile

MOST_ADDRESSES = 1000


def sent(request: HttpRequest) -> QueryDict | None:
    """What binds a form: the data of a POST, however little that is."""
    return request.POST if request.method == "POST" else None


class SignInForm(forms.Form):
    """An administrator's or operator's account."""

    email = forms.CharField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={"required": "Enter your email address."},
    )
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )


class PasswordForm(forms.Form):
    """The password of who is signed in, asked for again before something of weight."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": "Enter your password."},
    )


class AddressesField(forms.CharField):
    """Email addresses, one per line or separated by commas; `Ada Lovelace <ada@example.com>` counts as its address."""

    widget = forms.Textarea(attrs={"spellcheck": "false", "autocapitalize": "none"})

    def clean(self, value: Any) -> list[str]:
        parts = (part.strip() for part in re.split(r"[\n,;]", super().clean(value)))
        addresses = [part[part.rfind("<") + 1 :].removesuffix(">").strip() for part in parts if part]
        if len(addresses) > MOST_ADDRESSES:
            raise forms.ValidationError(
                f"Give at most {MOST_ADDRESSES:,} addresses at once; these are {len(addresses):,}."
            )
        return addresses


class MembersForm(forms.Form):
    """End users to put into a group of the environment, by address."""

    addresses = AddressesField(
        label="Members",
        required=False,
        help_text="Email addresses, one per line or separated by commas. You can add more people later.",
    )

    def __init__(self, data: QueryDict | None = None, *, environment: Environment, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.environment = environment

    def clean_addresses(self) -> list[EndUser]:
        """The people behind the addresses; names those that nobody has, or whose owner may not sign in here."""
        typed = {canonical(address): address for address in self.cleaned_data["addresses"]}
        people = self.environment.workspace.end_users.filter(email_key__in=typed)
        allowed = list(people.with_access_to(self.environment))
        known = set(people.values_list("email_key", flat=True))
        _refuse_addresses(
            unknown=[address for key, address in typed.items() if key not in known],
            outside=[typed[key] for key in sorted(known - {person.email_key for person in allowed})],
            environment=self.environment,
        )
        return allowed


class GroupForm(forms.Form):
    """A group's name."""

    name = forms.CharField(
        label="Group name",
        max_length=250,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a group name."},
    )


class NewGroupForm(MembersForm, GroupForm):
    """A group's name and its first members."""

    field_order = ["name", "addresses"]


class AddMembersForm(MembersForm):
    """End users to add to a group, chosen from the list or by address."""

    members = forms.ModelMultipleChoiceField(
        EndUser.objects.none(),
        required=False,
        error_messages={
            "invalid_choice": "Somebody you chose is in the group already, or lost access. Choose again.",
        },
    )

    def __init__(self, data: QueryDict | None = None, *, candidates: EndUserQuerySet, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        cast(forms.ModelChoiceField, self.fields["members"]).queryset = candidates
        self.fields["addresses"].label = "Email addresses"
        self.fields["addresses"].help_text = "One per line or separated by commas, in addition to those chosen above."

    def clean(self) -> None:
        if not self.errors and not self.people:
            raise forms.ValidationError("Choose at least one end user, or type an address.")

    @property
    def people(self) -> set[EndUser]:
        """Everybody who was chosen or typed."""
        return {*self.cleaned_data["members"], *self.cleaned_data["addresses"]}


class RemoveMembersForm(forms.Form):
    """Members of a group to take out of it."""

    members = forms.ModelMultipleChoiceField(
        EndUser.objects.none(),
        error_messages={
            "required": "Choose the members to remove first.",
            "invalid_choice": "Somebody you chose is not a member by hand any more. Choose again.",
        },
    )

    def __init__(self, data: QueryDict, *, members: EndUserQuerySet) -> None:
        super().__init__(data)
        cast(forms.ModelChoiceField, self.fields["members"]).queryset = members

    @property
    def problem(self) -> str:
        """The first thing to correct, as a sentence."""
        return str(self.errors["members"][0])


class EndUserForm(forms.Form):
    """Who a person is, and the environments that person may sign in to."""

    full_name = forms.CharField(
        max_length=250,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a full name."},
    )
    email = forms.CharField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter an email address."},
    )
    environments = forms.ModelMultipleChoiceField(
        Environment.objects.none(),
        label="Environment access",
        required=False,
        to_field_name="slug",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: QueryDict | None = None, *, environment: Environment, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.workspace = environment.workspace
        cast(forms.ModelChoiceField, self.fields["environments"]).queryset = self.workspace.environments.all()

    def profile(self, by: Actor) -> Profile:
        """Return who the person is, as the administrator typed it."""
        return Profile(self.cleaned_data["full_name"], self.cleaned_data["email"], by.source)

    def holder_of_email(self) -> EndUser | None:
        """Who has the address already, where that is what is wrong with it."""
        if not self.has_error("email") or "email" not in self.data:
            return None
        return EndUser.with_email(self.workspace, self.data["email"])


class AddEndUserForm(EndUserForm):
    """A new person, with a group in each environment."""

    def __init__(self, data: QueryDict | None = None, *, environment: Environment) -> None:
        super().__init__(data, environment=environment, initial={"environments": [environment.slug]})
        self.group_fields = {each: f"group_{each.slug}" for each in self.workspace.environments.all()}
        for each, name in self.group_fields.items():
            self.fields[name] = forms.ModelChoiceField(
                each.groups.filter(is_everyone=False, source_kind=SourceKind.MANUAL),
                label=f"Group in {each}",
                help_text=f"Counts only with access to {escape(each.name)}.",
                required=False,
                empty_label="Everyone only",
            )

    def groups_by_environment(self) -> list[tuple[Environment, forms.BoundField]]:
        """For the page: each environment with the field of its group."""
        return [(environment, self[name]) for environment, name in self.group_fields.items()]

    @property
    def groups(self) -> list[EndUserGroup]:
        """The chosen groups, as far as their environment was chosen too."""
        chosen = (self.cleaned_data[self.group_fields[each]] for each in self.cleaned_data["environments"])
        return [group for group in chosen if group]


class EditEndUserForm(EndUserForm):
    """A person's profile, unless an IdP keeps it, and the access given by hand."""

    def __init__(self, data: QueryDict | None = None, *, environment: Environment, end_user: EndUser) -> None:
        accesses = list(end_user.accesses.select_related("environment"))
        by_hand = [each.environment.slug for each in accesses if each.source_kind == SourceKind.MANUAL]
        initial = {"full_name": end_user.full_name, "email": end_user.email, "environments": by_hand}
        super().__init__(data, environment=environment, initial=initial)
        self.read_only_reason = profile_read_only_reason(end_user)
        for name in ("full_name", "email"):
            self.fields[name].disabled = bool(self.read_only_reason)
        self.fields["environments"].help_text = _access_hint(accesses)


class EndUserFilter(forms.Form):
    """Which end users the list shows."""

    q = forms.CharField(label="Search", required=False, max_length=254, widget=forms.SearchInput)
    access = forms.ChoiceField(label="Access to", required=False)
    status = forms.ChoiceField(required=False, choices=[("", "Any status"), *EndUser.Status.choices])
    sort = forms.CharField(required=False, widget=forms.HiddenInput)

    ORDERS = {"name": "name_key", "-name": "-name_key", "email": "email_key", "-email": "-email_key"}

    def __init__(self, data: QueryDict, *, environment: Environment) -> None:
        super().__init__(data)
        self.environment = environment
        choices = [("", environment.name), ("any", "Any environment, or none")]
        cast(forms.ChoiceField, self.fields["access"]).choices = choices

    def people(self) -> EndUserQuerySet:
        """Those of the workspace whom the filter lets through; a wrong value filters nothing and is named."""
        self.full_clean()
        asked = self.cleaned_data
        people = self.environment.workspace.end_users.matching(asked.get("q", ""))
        if not asked.get("access"):
            people = people.filter(pk__in=self.environment.accesses.values("end_user"))
        if status := asked.get("status"):
            people = people.filter(status=status)
        return people.order_by(self.ORDERS.get(asked.get("sort", ""), "name_key"), "id")


class SearchForm(forms.Form):
    """A search over a list of names."""

    q = forms.CharField(label="Search", required=False, max_length=254, widget=forms.SearchInput)

    def text(self) -> str:
        """What is searched for; nothing where it cannot be searched for."""
        self.full_clean()
        return self.cleaned_data.get("q", "")


def _access_hint(accesses: list[EnvironmentAccess]) -> str:
    """What the check boxes do not show: access that an IdP gives."""
    given: dict[str, list[str]] = defaultdict(list)
    for access in accesses:
        if access.source_kind != SourceKind.MANUAL:
            given[access.source_name].append(access.environment.name)
    if not given:
        return "Where this person may sign in."
    # Hints may hold markup, so names in them are escaped here.
    others = [
        f"{escape(name)} gives access to {escape(', '.join(environments))}" for name, environments in given.items()
    ]
    return f"Access that you give by hand. {' and '.join(others)} as well."


def _refuse_addresses(*, unknown: list[str], outside: list[str], environment: Environment) -> None:
    errors = []
    if unknown:
        errors.append(
            f"No end user of {environment.workspace} has the address {', '.join(unknown)}."
            " Correct it, or add the person under End users first."
        )
    if outside:
        errors.append(f"{', '.join(outside)} cannot sign in to {environment}. Give access under End users first.")
    if errors:
        raise forms.ValidationError(errors)
