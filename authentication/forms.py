"""Forms of identity providers. What is typed is kept on every mistake, but a private key."""

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from authentication import idp_side
from authentication.actions.identity_providers import normalise_domains
from authentication.guides import GUIDES
from authentication.guides.base import GROUPS_ATTRIBUTE
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.saml.attributes import CLAIMS_2005, CLAIMS_2008, XMLSOAP
from authentication.saml.certificates import PRIVATE_KEY
from authentication.saml.metadata import IdpMetadata
from authentication.saml.metadata_text import MAX_BYTES
from workspace.refusals import ActionError

Enforcement = EnvironmentProvider.Enforcement
MetadataSource = IdentityProvider.MetadataSource
# What these vendors send of themselves, whatever else is configured.
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
_CODE = {"spellcheck": "false", "autocomplete": "off", "autocapitalize": "off", "class": "mono"}


class ProviderForm(forms.Form):
    """Step 1: what the provider is called here, and who has to use it."""

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
        answers = super().clean() or {}
        typed, answers["domains"] = answers.get("domains", ""), []
        if answers.get("enforcement") == Enforcement.SELECTED_DOMAINS:
            answers["domains"] = self._domains(typed)
        return answers

    def _domains(self, typed: str) -> list[str]:
        try:
            domains = normalise_domains(typed.split(","))
        except ActionError as error:
            self.add_error("domains", error.message)
            return []
        if not domains:
            self.add_error("domains", "Enter at least one domain, for example acme.com.")
        return domains


class LinesField(forms.CharField):
    """Text of several lines, whose line ends count as they were before the browser changed them."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class ConnectionForm(forms.Form):
    """Step 2: where the IdP is and how it signs, by URL, as a document or as single values."""

    has_metadata_url = forms.ChoiceField(
        label="Do you have your identity provider metadata URL?",
        choices=[("yes", "Yes"), ("no", "No")],
        initial="yes",
        widget=forms.RadioSelect,
        error_messages={"required": "Select Yes or No."},
    )
    metadata_url = forms.CharField(
        label="Metadata URL", required=False, widget=forms.TextInput(attrs=_CODE | {"inputmode": "url"})
    )
    metadata_file = forms.FileField(
        label="Upload metadata XML",
        required=False,
        allow_empty_file=True,
        help_text="The file that your identity provider offers for download, at most 1 MB.",
        widget=forms.FileInput(attrs={"accept": ".xml,application/xml,text/xml,application/samlmetadata+xml"}),
    )
    metadata_xml = forms.CharField(
        label="Or paste metadata XML", required=False, widget=forms.Textarea(attrs=_CODE | {"rows": 4})
    )
    sso_url = forms.CharField(
        label="Identity provider single sign-on URL",
        required=False,
        widget=forms.TextInput(attrs=_CODE | {"inputmode": "url"}),
    )
    entity_id = forms.CharField(
        label="Identity provider issuer (entity ID)", required=False, widget=forms.TextInput(attrs=_CODE)
    )
    certificates = LinesField(
        label="X.509 certificate(s)",
        required=False,
        help_text="In PEM or Base64. Paste several, one below the other, while your identity provider changes them.",
        widget=forms.Textarea(attrs=_CODE | {"rows": 6}),
    )

    _VALUES: dict[str, Callable[[str], Any]] = {
        "sso_url": idp_side.read_sso_url,
        "entity_id": idp_side.read_entity_id,
        "certificates": idp_side.read_certificates,
    }
    _ASKED = {"yes": ("metadata_url",), "no": ("metadata_xml", *_VALUES)}

    metadata: IdpMetadata
    source: str

    def __init__(
        self, data: QueryDict | None = None, files: MultiValueDict | None = None, *, provider: IdentityProvider
    ) -> None:
        self.provider = provider
        super().__init__(data, files, initial=_current(provider))

    def clean(self) -> dict[str, Any]:
        """Read the answers into `metadata` and `source`; nothing is fetched for an answer that is wrong already."""
        answers = super().clean() or {}
        self.now = timezone.now()
        way = answers.get("has_metadata_url", "")
        self._drop_private_keys(asked=self._ASKED.get(way, ()))
        if way:
            self._read(way, answers)
        file = answers.get("metadata_file")
        if way == "no" and file and self.errors and "metadata_file" not in self.errors:
            self.add_error("metadata_file", f"Choose {file.name} again: browsers do not keep files.")
        return answers

    @property
    def kept_url(self) -> str:
        """The metadata URL, if that is where the data comes from."""
        return self.cleaned_data["metadata_url"] if self.source == MetadataSource.URL else ""

    def _drop_private_keys(self, asked: tuple[str, ...]) -> None:
        """A private key goes no further than this request: no field shows it again, one that counts says so."""
        self.data = typed = dict(self.data.items())
        for name in chain(*self._ASKED.values()):
            if idp_side.is_private_key(typed.get(name, "")):
                typed[name] = ""
                if name in asked:
                    self.add_error(name, PRIVATE_KEY)

    def _read(self, way: str, answers: dict[str, Any]) -> None:
        if way == "yes":
            self.source = MetadataSource.URL
            self._take("metadata_url", lambda: idp_side.read_metadata_url(answers["metadata_url"], self.now))
        elif answers.get("metadata_file") or answers.get("metadata_xml") or self.has_error("metadata_xml"):
            self.source = MetadataSource.XML
            self._read_document(answers)
        else:
            self.source = MetadataSource.FIELDS if self.has_changed() else self.provider.metadata_source
            self._read_values(answers)

    def _read_document(self, answers: dict[str, Any]) -> None:
        field = "metadata_file" if answers.get("metadata_file") else "metadata_xml"
        self._take(field, lambda: idp_side.read_metadata_xml(self._document(answers), self.now))

    def _document(self, answers: dict[str, Any]) -> bytes:
        file, xml = answers.get("metadata_file"), answers.get("metadata_xml", "")
        if file and xml:
            raise idp_side.WrongAnswer("Upload a file or paste the XML, not both: they may differ.")
        if any(name in self.changed_data for name in self._VALUES):
            raise idp_side.WrongAnswer("Give the metadata XML or the single values, not both: they may differ.")
        if file and file.size > MAX_BYTES:
            raise idp_side.WrongAnswer("The file is larger than 1 MB. Upload the metadata of this provider alone.")
        return file.read() if file else xml.encode()

    def _read_values(self, answers: dict[str, Any]) -> None:
        values = [self._checked(name, partial(read, answers.get(name, ""))) for name, read in self._VALUES.items()]
        if all(values):
            self._take("certificates", lambda: idp_side.typed_in(self.provider, *values))

    def _take(self, field: str, read: Callable[[], IdpMetadata]) -> None:
        """Keep what was read, unless all its certificates have expired."""
        if metadata := self._checked(field, read):
            self.metadata = metadata
            held = set(self.provider.certificates.values_list("fingerprint", flat=True))
            self._checked(field, lambda: idp_side.refuse_expired(metadata.certificates, held, self.now))

    def _checked(self, field: str, read: Callable[[], Any]) -> Any:
        """What was read; nothing, and a sentence at the field, where something is wrong with it."""
        try:
            return None if self.has_error(field) else read()
        except idp_side.WrongAnswer as error:
            return self.add_error(field, str(error))


class AttributesForm(forms.Form):
    """Which attributes of an assertion are read; those left blank are looked for under their usual names."""

    name = forms.CharField(label="Name attribute", required=False, widget=forms.TextInput(attrs=_CODE))
    email = forms.CharField(label="Email attribute", required=False, widget=forms.TextInput(attrs=_CODE))
    groups = forms.CharField(label="Groups attribute", required=False, widget=forms.TextInput(attrs=_CODE))

    def __init__(self, data: QueryDict | None = None, *, provider: IdentityProvider) -> None:
        names = {name: getattr(provider, f"{name}_attribute") for name in self.base_fields}
        super().__init__(data, initial=names)
        for name, field in self.fields.items():
            first = "the NameID if it is an email address, else " if name == "email" else ""
            field.help_text = f"Blank: {first}the usual names, among them {_usual_name(provider.vendor, name)}."


def _usual_name(vendor: str, name: str) -> str:
    """Where a vendor has names of its own, those; else what its set-up guide tells to send."""
    if own := _OWN_NAMES.get(vendor):
        return f"{own[name]} ({GUIDES[vendor].label})"
    sent = [attribute.name for attribute in GUIDES[vendor].attributes if attribute.name != GROUPS_ATTRIBUTE]
    return {"name": " and ".join(sent), "email": "email and mail", "groups": GROUPS_ATTRIBUTE}[name]


def _current(provider: IdentityProvider) -> dict[str, Any]:
    """The answers that were given before; at first the likelier one of the two ways."""
    is_without_url = provider.vendor == IdentityProvider.Vendor.GOOGLE  # which shows none
    ways: dict[str, bool] = {MetadataSource.NONE: not is_without_url, MetadataSource.URL: True}
    return {
        "has_metadata_url": "yes" if ways.get(provider.metadata_source) else "no",
        "metadata_url": provider.metadata_url,
        "sso_url": provider.sso_url,
        "entity_id": provider.entity_id,
        "certificates": "\n".join(certificate.pem.strip() for certificate in provider.certificates.all()),
    }
