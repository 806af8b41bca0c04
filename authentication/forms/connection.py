"""Step 2 of the wizard: the IdP's side. What is typed is kept on every mistake, but a private key."""

from collections.abc import Callable
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authentication import idp_side
from authentication.forms.providers import CODE
from authentication.models import IdentityProvider
from authentication.saml.certificates import PRIVATE_KEY
from authentication.saml.metadata import IdpMetadata
from authentication.saml.metadata_text import MAX_BYTES
from authentication.sentences import in_words

MetadataSource = IdentityProvider.MetadataSource
Read = TypeVar("Read")
_MISSING = {"file": gettext_lazy("Choose the metadata file."), "xml": gettext_lazy("Paste the metadata XML.")}


class LinesField(forms.CharField):
    """Text of several lines. Browsers send CRLF; the form compares and keeps LF."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class Provided(models.TextChoices):
    """How the IdP's side is provided without a metadata URL. Without a script the filled fields decide."""

    FILE = "file", gettext_lazy("Upload a file")
    XML = "xml", gettext_lazy("Paste the XML")
    VALUES = "values", gettext_lazy("Enter single values")


class ConnectionForm(forms.Form):
    """Step 2: where the IdP is and how it signs, by URL, as a document or as single values."""

    has_metadata_url = forms.ChoiceField(
        label=gettext_lazy("Do you have your identity provider metadata URL?"),
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))],
        initial="yes",
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Select Yes or No.")},
    )
    metadata_url = forms.CharField(
        label=gettext_lazy("Metadata URL"), required=False, widget=forms.TextInput(attrs=CODE | {"inputmode": "url"})
    )
    provided = forms.ChoiceField(
        label=gettext_lazy("How do you provide your IdP information?"),
        choices=Provided.choices,
        required=False,
        widget=forms.RadioSelect,
    )
    metadata_file = forms.FileField(
        label=gettext_lazy("Upload metadata XML"),
        required=False,
        allow_empty_file=True,
        help_text=gettext_lazy("The file that your identity provider offers for download, at most 1 MB."),
        widget=forms.FileInput(attrs={"accept": ".xml,application/xml,text/xml,application/samlmetadata+xml"}),
    )
    metadata_xml = forms.CharField(
        label=gettext_lazy("Or paste metadata XML"), required=False, widget=forms.Textarea(attrs=CODE | {"rows": 4})
    )
    sso_url = forms.CharField(
        label=gettext_lazy("Identity provider single sign-on URL"),
        required=False,
        widget=forms.TextInput(attrs=CODE | {"inputmode": "url"}),
    )
    entity_id = forms.CharField(
        label=gettext_lazy("Identity provider issuer (entity ID)"), required=False, widget=forms.TextInput(attrs=CODE)
    )
    certificates = LinesField(
        label=gettext_lazy("X.509 certificate(s)"),
        required=False,
        help_text=gettext_lazy(
            "In PEM or Base64. Paste several, one below the other, while your identity provider changes them."
        ),
        widget=forms.Textarea(attrs=CODE | {"rows": 6}),
    )

    _VALUES = ("sso_url", "entity_id", "certificates")
    _ASKED = {"yes": ("metadata_url",), "no": ("metadata_xml", *_VALUES)}

    def __init__(
        self,
        data: QueryDict | None = None,
        files: "MultiValueDict[str, UploadedFile[bytes]] | None" = None,
        *,
        provider: IdentityProvider,
        now: datetime,
    ) -> None:
        self.provider, self.now = provider, now
        super().__init__(data, files, initial=_current(provider))

    def clean(self) -> dict[str, Any]:
        """Add `source` and `metadata` to the answers. For a URL `metadata` is None: fetching it is the next step."""
        answers = super().clean() or {}
        way = answers.get("has_metadata_url", "")
        self._drop_other_ways(answers)
        self._drop_private_keys(asked=self._ASKED.get(way, ()))
        url, answers["metadata_url"], answers["metadata"] = answers.get("metadata_url", ""), "", None
        if way == "yes":
            answers["source"] = MetadataSource.URL
            answers["metadata_url"] = self._checked("metadata_url", lambda: idp_side.read_metadata_url(url)) or ""
        elif way and self._is_document(answers):
            answers["source"] = MetadataSource.XML
            answers["metadata"] = self._metadata_of_document(answers)
        elif way:
            answers["source"] = (
                MetadataSource.FIELDS if {*self.changed_data} - {"provided"} else self.provider.metadata_source
            )
            answers["metadata"] = self._metadata_of_values(answers)
        self._ask_for_file_again(way, answers.get("metadata_file"))
        return answers

    def _drop_other_ways(self, answers: dict[str, Any]) -> None:
        """Count only what belongs to the chosen card: the other parts of the form were not in sight."""
        chosen = answers.get("provided")
        if chosen and chosen != Provided.FILE:
            answers["metadata_file"] = None
        if chosen and chosen != Provided.XML:
            answers["metadata_xml"] = ""
            self.errors.pop("metadata_xml", None)

    def _drop_private_keys(self, asked: tuple[str, ...]) -> None:
        """Blank every field with a private key, so that no page shows it again, and say so at those that count."""
        self.data = typed = dict(self.data.items())
        for name in chain(*self._ASKED.values()):
            if idp_side.is_private_key(typed.get(name, "")):
                typed[name] = ""
                if name in asked:
                    self.add_error(name, in_words(PRIVATE_KEY))

    def _metadata_of_document(self, answers: dict[str, Any]) -> IdpMetadata | None:
        is_file = answers.get("metadata_file") or answers.get("provided") == Provided.FILE
        field = "metadata_file" if is_file else "metadata_xml"
        return self._trusted(field, lambda: idp_side.read_metadata_xml(self._document(answers), self.now))

    def _is_document(self, answers: dict[str, Any]) -> bool:
        if chosen := answers.get("provided"):
            return chosen != Provided.VALUES
        return bool(answers.get("metadata_file") or answers.get("metadata_xml") or self.has_error("metadata_xml"))

    def _document(self, answers: dict[str, Any]) -> bytes:
        file, xml = answers.get("metadata_file"), answers.get("metadata_xml", "")
        if not (file or xml):
            raise idp_side.WrongAnswer(str(_MISSING[answers["provided"]]))
        if file and xml:
            raise idp_side.WrongAnswer(_("Upload a file or paste the XML, not both: they may differ."))
        if not answers.get("provided") and any(name in self.changed_data for name in self._VALUES):
            raise idp_side.WrongAnswer(_("Give the metadata XML or the single values, not both: they may differ."))
        if file and file.size > MAX_BYTES:
            raise idp_side.WrongAnswer(_("The file is larger than 1 MB. Upload the metadata of this provider alone."))
        return file.read() if file else xml.encode()

    def _metadata_of_values(self, answers: dict[str, Any]) -> IdpMetadata | None:
        sso_url = self._checked("sso_url", lambda: idp_side.read_sso_url(answers.get("sso_url", "")))
        entity_id = self._checked("entity_id", lambda: idp_side.read_entity_id(answers.get("entity_id", "")))
        found = self._checked("certificates", lambda: idp_side.read_certificates(answers.get("certificates", "")))
        if not (sso_url and entity_id and found):
            return None
        return self._trusted(
            "certificates",
            lambda: idp_side.typed_in(self.provider, sso_url, entity_id, found.certificates, found.left_out),
        )

    def _ask_for_file_again(self, way: str, file: "UploadedFile[bytes] | None") -> None:
        if way == "no" and file and self.errors and "metadata_file" not in self.errors:
            self.add_error(
                "metadata_file", _("Choose %(name)s again: browsers do not keep files.") % {"name": file.name}
            )

    def _trusted(self, field: str, read: Callable[[], IdpMetadata]) -> IdpMetadata | None:
        """Return what was read, unless all its certificates have expired."""
        metadata = self._checked(field, read)
        if metadata is not None:
            self._checked(field, lambda: idp_side.refuse_expired(self.provider, metadata.certificates, self.now))
        return metadata

    def _checked(self, field: str, read: Callable[[], Read]) -> Read | None:
        """Return what was read; None, and a sentence at the field, if something is wrong with it."""
        try:
            return None if self.has_error(field) else read()
        except idp_side.WrongAnswer as error:
            self.add_error(field, error.message)
            return None


def _current(provider: IdentityProvider) -> dict[str, Any]:
    """Return the answers of before; at first the likelier one of the two ways."""
    is_without_url = provider.vendor == IdentityProvider.Vendor.GOOGLE  # Google shows no metadata URL
    ways: dict[str, bool] = {MetadataSource.NONE: not is_without_url, MetadataSource.URL: True}
    return {
        "has_metadata_url": "yes" if ways.get(provider.metadata_source) else "no",
        "metadata_url": provider.metadata_url,
        "sso_url": provider.sso_url,
        "entity_id": provider.entity_id,
        "certificates": "\n".join(certificate.pem.strip() for certificate in provider.certificates.all()),
    }
