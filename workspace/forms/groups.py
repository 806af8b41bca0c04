"""Forms of end-user groups and their members."""

import re
from collections.abc import Mapping
from typing import cast

from django import forms
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workspace.db.keys import canonical
from workspace.models import EndUser, EndUserGroup, Environment
from workspace.models.people import EndUserQuerySet
from workspace.words import grouped, listed

MOST_ADDRESSES = 1000


class AddressesField(forms.CharField):
    """Email addresses, one a line or separated by commas. Of `Ada Lovelace <ada@example.com>` the address is taken."""

    widget = forms.Textarea(attrs={"spellcheck": "false", "autocapitalize": "none"})

    def clean(self, value: object) -> list[str]:
        parts = (part.strip() for part in re.split(r"[\n,;]", super().clean(value)))
        addresses = [part[part.rfind("<") + 1 :].removesuffix(">").strip() for part in parts if part]
        if len(addresses) > MOST_ADDRESSES:
            raise forms.ValidationError(
                _("Give at most %(most_addresses)s addresses at once; these are %(addresses)s.")
                % {"most_addresses": grouped(MOST_ADDRESSES), "addresses": grouped(len(addresses))}
            )
        return addresses


class MembersForm(forms.Form):
    """End users of the environment to put into a group, picked from a list or by address."""

    members = forms.ModelMultipleChoiceField(
        EndUser.objects.none(),
        required=False,
        error_messages={
            "invalid_choice": gettext_lazy("Somebody you chose is in the group already, or lost access. Choose again."),
        },
    )
    addresses = AddressesField(
        label=gettext_lazy("Email addresses"),
        required=False,
        help_text=gettext_lazy("One per line or separated by commas, in addition to those chosen above."),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        initial: Mapping[str, object] | None = None,
        environment: Environment,
        candidates: EndUserQuerySet,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.environment = environment
        cast("forms.ModelChoiceField[EndUser]", self.fields["members"]).queryset = candidates

    def clean_members(self) -> EndUserQuerySet:
        """Refuse more people than a page carries along."""
        members = cast(EndUserQuerySet, self.cleaned_data["members"])
        if len(members) > MOST_ADDRESSES:
            raise forms.ValidationError(
                _("Choose at most %(most_addresses)s people at once; these are %(members)s.")
                % {"most_addresses": grouped(MOST_ADDRESSES), "members": grouped(len(members))}
            )
        return members

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
                ngettext(
                    "No end user of %(workspace)s has the address %(unknown)s. Correct it, or add the person "
                    "under End users first.",
                    "No end user of %(workspace)s has one of the addresses %(unknown)s. Correct them, or add the "
                    "people under End users first.",
                    len(unknown),
                )
                % {"workspace": self.environment.workspace, "unknown": listed(unknown)}
            )
        if outside := [address for key, address in sorted(typed.items()) if key in barred]:
            errors.append(
                ngettext(
                    "%(outside)s cannot sign in to %(environment)s. Give access under End users first.",
                    "%(outside)s cannot sign in to %(environment)s. Give access under End users first.",
                    len(outside),
                )
                % {"outside": listed(outside), "environment": self.environment}
            )
        if errors:
            raise forms.ValidationError(errors)
        return allowed

    def clean(self) -> dict[str, object]:
        """Add `people`: everybody picked or typed."""
        answers = super().clean() or {}
        answers["people"] = {*answers.get("members", ()), *answers.get("addresses", ())}
        return answers


class GroupForm(forms.Form):
    """A group's name."""

    name = forms.CharField(
        label=gettext_lazy("Group name"),
        max_length=250,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter a group name.")},
    )


class NewGroupForm(MembersForm, GroupForm):
    """A group's name and its first members."""

    field_order = ["name", "members", "addresses"]


class AddMembersForm(MembersForm):
    """End users to add to a group."""

    def clean(self) -> dict[str, object]:
        answers = super().clean()
        if not self.errors and not answers["people"]:
            raise forms.ValidationError(_("Choose at least one end user, or type an address."))
        return answers


class Into(models.TextChoices):
    """Where members are restored."""

    GROUP = "group", gettext_lazy("The group that was taken over")
    NEW = "new", gettext_lazy("A new group")


class RestoreForm(GroupForm):
    """Where members that were set aside are restored. While an IdP manages their group, it is a new one."""

    into = forms.ChoiceField(
        label=gettext_lazy("Restore into"), choices=Into.choices, initial=Into.GROUP, widget=forms.RadioSelect
    )
    field_order = ["into", "name"]

    def __init__(self, data: QueryDict | None = None, *, group: EndUserGroup | None, name: str) -> None:
        known = group.name if group else name
        super().__init__(data, initial={"name": _("%(value)s (restored)") % {"value": known[:230]} if group else known})
        if group is None or group.is_managed:
            del self.fields["into"]
        else:
            self.fields["name"].required = False
            self.fields["name"].help_text = _("Only for a new group.")

    def clean(self) -> dict[str, object]:
        answers = super().clean() or {}
        if answers.get("into") == Into.NEW and not answers.get("name"):
            self.add_error("name", _("Enter a group name."))
        return answers

    def new_name(self) -> str | None:
        """Return the name of the new group; None for the group that was taken over."""
        return None if self.cleaned_data.get("into") == Into.GROUP else self.cleaned_data["name"]


class RemoveMembersForm(forms.Form):
    """Members to remove from a group."""

    members = forms.ModelMultipleChoiceField(
        EndUser.objects.none(),
        error_messages={
            "required": gettext_lazy("Choose the members to remove first."),
            "invalid_choice": gettext_lazy("Somebody you chose is not a member by hand any more. Choose again."),
        },
    )

    def __init__(self, data: QueryDict, *, members: EndUserQuerySet) -> None:
        super().__init__(data)
        cast("forms.ModelChoiceField[EndUser]", self.fields["members"]).queryset = members

    @property
    def problem(self) -> str:
        """Return the first error as a sentence."""
        return str(self.errors["members"][0])
