"""Forms of end-user groups and their members."""

import re
from typing import cast

from django import forms
from django.http import QueryDict

from workspace.db.keys import canonical
from workspace.models import EndUser, Environment
from workspace.models.people import EndUserQuerySet
from workspace.words import listed

MOST_ADDRESSES = 1000


class AddressesField(forms.CharField):
    """Email addresses, one a line or separated by commas. Of `Ada Lovelace <ada@example.com>` the address is taken."""

    widget = forms.Textarea(attrs={"spellcheck": "false", "autocapitalize": "none"})

    def clean(self, value: object) -> list[str]:
        parts = (part.strip() for part in re.split(r"[\n,;]", super().clean(value)))
        addresses = [part[part.rfind("<") + 1 :].removesuffix(">").strip() for part in parts if part]
        if len(addresses) > MOST_ADDRESSES:
            raise forms.ValidationError(
                f"Give at most {MOST_ADDRESSES:,} addresses at once; these are {len(addresses):,}."
            )
        return addresses


class MembersForm(forms.Form):
    """End users of the environment, by address."""

    addresses = AddressesField(
        label="Members",
        required=False,
        help_text="Email addresses, one per line or separated by commas. You can add more people later.",
    )

    def __init__(self, data: QueryDict | None = None, *, environment: Environment) -> None:
        super().__init__(data)
        self.environment = environment

    def clean_addresses(self) -> list[EndUser]:
        """Return the people with these addresses. Errors name unknown addresses and people without access."""
        typed = {canonical(address): address for address in self.cleaned_data["addresses"]}
        people = self.environment.workspace.end_users.filter(email_key__in=typed)
        allowed = list(people.with_access_to(self.environment))
        known = set(people.values_list("email_key", flat=True))
        barred = known - {person.email_key for person in allowed}
        errors = []
        if unknown := [address for key, address in typed.items() if key not in known]:
            errors.append(
                f"No end user of {self.environment.workspace} has the address {listed(unknown)}."
                " Correct it, or add the person under End users first."
            )
        if outside := [address for key, address in sorted(typed.items()) if key in barred]:
            errors.append(f"{listed(outside)} cannot sign in to {self.environment}. Give access under End users first.")
        if errors:
            raise forms.ValidationError(errors)
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

    def __init__(self, data: QueryDict | None = None, *, environment: Environment, candidates: EndUserQuerySet) -> None:
        super().__init__(data, environment=environment)
        cast("forms.ModelChoiceField[EndUser]", self.fields["members"]).queryset = candidates
        self.fields["addresses"].label = "Email addresses"
        self.fields["addresses"].help_text = "One per line or separated by commas, in addition to those chosen above."

    def clean(self) -> dict[str, object]:
        """Add `people`: everybody chosen or typed."""
        answers = super().clean() or {}
        answers["people"] = {*answers.get("members", ()), *answers.get("addresses", ())}
        if not self.errors and not answers["people"]:
            raise forms.ValidationError("Choose at least one end user, or type an address.")
        return answers


class RemoveMembersForm(forms.Form):
    """Members to remove from a group."""

    members = forms.ModelMultipleChoiceField(
        EndUser.objects.none(),
        error_messages={
            "required": "Choose the members to remove first.",
            "invalid_choice": "Somebody you chose is not a member by hand any more. Choose again.",
        },
    )

    def __init__(self, data: QueryDict, *, members: EndUserQuerySet) -> None:
        super().__init__(data)
        cast("forms.ModelChoiceField[EndUser]", self.fields["members"]).queryset = members

    @property
    def problem(self) -> str:
        """Return the first error as a sentence."""
        return str(self.errors["members"][0])
