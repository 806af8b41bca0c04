"""Forms of identity providers: step 1 of the wizard, and the names of attributes."""

from typing import Any

from django import forms
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authentication.domains import enforced_domains
from authentication.guides import GUIDES
from authentication.guides.base import GROUPS_ATTRIBUTE
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.saml.attributes import CLAIMS_2005, CLAIMS_2008, XMLSOAP
from workspace.console.acting import refusals_in_form
from workspace.words import together

Enforcement = EnvironmentProvider.Enforcement
# What these vendors send by themselves, whatever else is configured.
_OWN_NAMES: dict[str, dict[str, str]] = {
    IdentityProvider.Vendor.ENTRA: {
        "name": "http://schemas.microsoft.com/identity/claims/displayname",
        "email": f"{CLAIMS_2005}/emailaddress",
        "groups": f"{CLAIMS_2008}/groups",
    },
    IdentityProvider.Vendor.ADFS: {
        "name": f"{XMLSOAP}/CommonName",
        "email": f"{CLAIMS_2005}/emailaddress",
        "groups": f"{XMLSOAP}/Group",
    },
    IdentityProvider.Vendor.ONELOGIN: {
        "name": _("User.FirstName and User.LastName"),
        "email": "User.email",
        "groups": "memberOf",
    },
}
_OUR_NAMES = ("name", "email", "groups")


class Arrival(models.TextChoices):
    """How the groups of a person stand in the assertion."""

    SEVERAL = "several", gettext_lazy("Several values")
    COMMA = "comma", gettext_lazy("One value separated by commas")
    SEMICOLON = "semicolon", gettext_lazy("One value separated by semicolons")
    ANOTHER = "another", gettext_lazy("One value separated by another character")


_SEPARATORS: dict[str, str] = {Arrival.SEVERAL: "", Arrival.COMMA: ",", Arrival.SEMICOLON: ";"}
_ARRIVALS = {separator: arrival for arrival, separator in _SEPARATORS.items()}
# How fields of URLs, names and certificates look.
CODE = {"spellcheck": "false", "autocomplete": "off", "autocapitalize": "off", "class": "mono"}


class ProviderForm(forms.Form):
    """Step 1: the name of the provider, and who has to use it."""

    name = forms.CharField(
        label=gettext_lazy("Identity provider (IdP) name"),
        help_text=gettext_lazy("For example: Okta Dev"),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter a name, for example Okta Dev.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    vendor = forms.ChoiceField(
        label=gettext_lazy("Vendor"),
        help_text=gettext_lazy("Decides which set-up guide you see in the next step."),
        choices=IdentityProvider.Vendor.choices,
        initial=IdentityProvider.Vendor.OTHER,
    )
    enforcement = forms.ChoiceField(
        label=gettext_lazy("Enforce SAML authentication for"),
        choices=Enforcement.choices,
        initial=Enforcement.NO_ONE,
        widget=forms.Select(attrs={"aria-describedby": "enforcement-hints"}),
    )
    domains = forms.CharField(
        label=gettext_lazy("Specify domains"),
        help_text=gettext_lazy("Separate with commas, for example: acme.com, acme.co.uk"),
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Replace the typed domains by a list, which is empty unless the enforcement is for selected domains."""
        answers = super().clean() or {}
        typed, answers["domains"] = answers.get("domains", ""), []
        with refusals_in_form(self):
            answers["domains"] = enforced_domains(answers.get("enforcement", ""), typed.split(","))
        return answers


class AttributesForm(forms.Form):
    """Which attributes of an assertion are read. Blank means the usual names."""

    name = forms.CharField(label=gettext_lazy("Name attribute"), required=False, widget=forms.TextInput(attrs=CODE))
    email = forms.CharField(label=gettext_lazy("Email attribute"), required=False, widget=forms.TextInput(attrs=CODE))
    groups = forms.CharField(label=gettext_lazy("Groups attribute"), required=False, widget=forms.TextInput(attrs=CODE))
    arrival = forms.ChoiceField(
        label=gettext_lazy("How groups arrive"),
        help_text=gettext_lazy("Several values: each value is a group, whatever characters its name has."),
        choices=Arrival.choices,
        required=False,
        widget=forms.RadioSelect,
    )
    separator = forms.CharField(
        label=gettext_lazy("Another character"),
        help_text=gettext_lazy("The character between two groups. Only for the last choice above."),
        required=False,
        strip=False,
        max_length=1,
        widget=forms.TextInput(attrs=CODE),
    )
    missing_groups = forms.ChoiceField(
        label=gettext_lazy("A sign-in without the group attribute"),
        help_text=gettext_lazy("Some identity providers leave the attribute out when somebody’s last group is gone."),
        choices=IdentityProvider.MissingGroups.choices,
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(self, data: QueryDict | None = None, *, provider: IdentityProvider) -> None:
        names = {name: getattr(provider, f"{name}_attribute") for name in _OUR_NAMES}
        self.provider, separator = provider, provider.groups_separator
        arrival = _ARRIVALS.get(separator, Arrival.ANOTHER)
        initial = {"arrival": arrival, "separator": separator if arrival == Arrival.ANOTHER else ""}
        super().__init__(data, initial={**names, **initial, "missing_groups": provider.missing_groups})
        for name in names:
            self.fields[name].help_text = _blank(name) % {"names": _usual_name(provider.vendor, name)}

    def clean(self) -> dict[str, Any]:
        """Replace the choice of how groups arrive by the separator. What was not sent stays as it is."""
        answers = super().clean() or {}
        arrival = answers.pop("arrival", "")
        answers["missing_groups"] = answers.get("missing_groups") or self.initial["missing_groups"]
        if not arrival:
            answers["separator"] = self.provider.groups_separator
        elif arrival != Arrival.ANOTHER:
            answers["separator"] = _SEPARATORS[arrival]
        elif not (answers.get("separator") or "separator" in self.errors):
            self.add_error("separator", _("Enter the character between two groups, for example |."))
        return answers


def _blank(name: str) -> str:
    """Return what a blank field means, with a place for usual names."""
    if name == "email":
        return _("Blank: the NameID if it is an email address, else the usual names, among them %(names)s.")
    return _("Blank: the usual names, among them %(names)s.")


def _usual_name(vendor: str, name: str) -> str:
    """Return the vendor's own attribute names, or else the names that its set-up guide tells to send."""
    if own := _OWN_NAMES.get(vendor):
        return f"{own[name]} ({_(GUIDES[vendor].label)})"
    sent = [attribute.name for attribute in GUIDES[vendor].attributes if attribute.name != GROUPS_ATTRIBUTE]
    return {"name": together(sent), "email": together(["email", "mail"]), "groups": GROUPS_ATTRIBUTE}[name]
