"""Forms of identity providers: step 1 of the wizard, and the names of attributes."""

from typing import Any

from django import forms
from django.http import QueryDict

from authentication.domains import enforced_domains
from authentication.guides import GUIDES
from authentication.guides.base import GROUPS_ATTRIBUTE
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.saml.attributes import CLAIMS_2005, CLAIMS_2008, XMLSOAP
from workspace.console.acting import refusals_in_form

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
        "name": "User.FirstName and User.LastName",
        "email": "User.email",
        "groups": "memberOf",
    },
}
# How fields of URLs, names and certificates look.
CODE = {"spellcheck": "false", "autocomplete": "off", "autocapitalize": "off", "class": "mono"}


class ProviderForm(forms.Form):
    """Step 1: the name of the provider, and who has to use it."""

    name = forms.CharField(
        label="Identity provider (IdP) name",
        help_text="For example: Okta Dev",
        max_length=100,
        error_messages={"required": "Enter a name, for example Okta Dev."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    vendor = forms.ChoiceField(
        label="Vendor",
        help_text="Decides which set-up guide you see in the next step.",
        choices=IdentityProvider.Vendor.choices,
        initial=IdentityProvider.Vendor.OTHER,
    )
    enforcement = forms.ChoiceField(
        label="Enforce SAML authentication for",
        help_text="No one yet: SSO is offered, passwords still work. "
        "Takes effect once the provider is set up and SAML-based SSO authentication is on.",
        choices=Enforcement.choices,
        initial=Enforcement.NO_ONE,
    )
    domains = forms.CharField(
        label="Specify domains",
        help_text="Separate with commas, for example: acme.com, acme.co.uk",
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

    name = forms.CharField(label="Name attribute", required=False, widget=forms.TextInput(attrs=CODE))
    email = forms.CharField(label="Email attribute", required=False, widget=forms.TextInput(attrs=CODE))
    groups = forms.CharField(label="Groups attribute", required=False, widget=forms.TextInput(attrs=CODE))

    def __init__(self, data: QueryDict | None = None, *, provider: IdentityProvider) -> None:
        names = {name: getattr(provider, f"{name}_attribute") for name in self.base_fields}
        super().__init__(data, initial=names)
        for name, field in self.fields.items():
            first = "the NameID if it is an email address, else " if name == "email" else ""
            field.help_text = f"Blank: {first}the usual names, among them {_usual_name(provider.vendor, name)}."


def _usual_name(vendor: str, name: str) -> str:
    """Return the vendor's own attribute names, or else the names that its set-up guide tells to send."""
    if own := _OWN_NAMES.get(vendor):
        return f"{own[name]} ({GUIDES[vendor].label})"
    sent = [attribute.name for attribute in GUIDES[vendor].attributes if attribute.name != GROUPS_ATTRIBUTE]
    return {"name": " and ".join(sent), "email": "email and mail", "groups": GROUPS_ATTRIBUTE}[name]
