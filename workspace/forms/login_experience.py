"""The form of an environment's login experience."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.branding.colours import read_colour
from workspace.branding.files import Cleaned, UnusableFile
from workspace.branding.fonts import MAX_FONT, STACKS, UPLOADED, checked_font
from workspace.branding.footer import FooterError, check_footer
from workspace.branding.look import COLOURS, FILES, Look
from workspace.branding.pictures import MAX_FAVICON, MAX_LOGO, clean_favicon, clean_logo
from workspace.forms import sent
from workspace.words import Text

_READ: dict[str, tuple[int, Callable[[bytes], Cleaned]]] = {
    "logo": (MAX_LOGO, clean_logo),
    "favicon": (MAX_FAVICON, clean_favicon),
    "font_file": (MAX_FONT, checked_font),
}


class ColourInput(forms.TextInput):
    """A colour as text, with the browser's picker beside it.

    Without a script, both are sent: a picker that was moved counts, unless the text was changed too.
    """

    template_name = "workspace/login_experience/colour.html"
    label: Text = ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs) | {"label": self.label}
        try:
            context["picked"] = read_colour(str(value or "")).lower()
        except ValueError:
            context["picked"] = "#000000"
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str | None:
        text, picked, shown = (data.get(f"{name}{part}") for part in ("", "_picked", "_shown"))
        try:
            is_as_shown = shown is not None and read_colour(str(text or "")).lower() == shown
        except ValueError:
            is_as_shown = False
        return picked if is_as_shown and picked and picked != shown else text


class ColourField(forms.CharField):
    """A colour, written as #RRGGBB."""

    widget = ColourInput

    def __init__(self, *, label: Text) -> None:
        super().__init__(label=label)
        self.widget.label = label

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return read_colour(text)
        except ValueError:
            raise forms.ValidationError(
                _("Write the color as # and six digits from 0 to F, such as #108291.")
            ) from None


class LoginExperienceForm(forms.Form):
    """Everything of a look. An uploaded file is replaced by the digest under which it is kept."""

    # Which look the form was filled from.
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    logo = forms.FileField(
        label=gettext_lazy("Logo"), required=False, help_text=gettext_lazy("PNG or SVG, at most 5 MB.")
    )
    favicon = forms.FileField(
        label=gettext_lazy("Favicon"), required=False, help_text=gettext_lazy("ICO or PNG, at most 1 MB.")
    )
    app_name = forms.CharField(
        label=gettext_lazy("App name"),
        required=False,
        max_length=1000,  # the action says how many there may be
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "In titles and headings of pages, and in mails. Leave it empty for the workspace's name."
        ),
    )
    footer = forms.CharField(
        label=gettext_lazy("Login form footer"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "Markdown with links, headings and lists, such as [Privacy](https://example.com/privacy)."
        ),
    )
    page_background = ColourField(label=COLOURS["page_background"][0])
    form_background = ColourField(label=COLOURS["form_background"][0])
    brand_color = ColourField(label=COLOURS["brand_color"][0])
    primary_text_color = ColourField(label=COLOURS["primary_text_color"][0])
    secondary_text_color = ColourField(label=COLOURS["secondary_text_color"][0])
    font = forms.ChoiceField(
        label=gettext_lazy("Font"),
        choices=[*((key, label) for key, (label, _) in STACKS.items()), (UPLOADED, gettext_lazy("Uploaded font"))],
    )
    font_file = forms.FileField(
        label=gettext_lazy("Font file"),
        required=False,
        help_text=gettext_lazy("WOFF2, at most 1 MB. Used with the font Uploaded font."),
    )

    def __init__(self, request: HttpRequest | None, *, look: Look, version: int) -> None:
        data, files = (sent(request), request.FILES or None) if request else (None, None)
        values = {name: value for name, value in look.values.items() if name not in FILES}
        super().__init__(data, files, initial=values | {"seen": version})
        self.uploaded: dict[str, tuple[str, Cleaned]] = {}
        for kind in FILES:
            self.fields[f"{kind}_kept"] = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
            self.fields[f"{kind}_removed"] = forms.BooleanField(label=_("Remove"), required=False)
            self.initial[f"{kind}_kept"] = getattr(look, kind)
            self.fields[kind].widget.attrs["accept"] = _ACCEPTED[kind]

    def clean_logo(self) -> None:
        self._read("logo")

    def clean_favicon(self) -> None:
        self._read("favicon")

    def clean_font_file(self) -> None:
        self._read("font_file")

    def clean_footer(self) -> str:
        footer = str(self.cleaned_data["footer"])
        try:
            check_footer(footer)
        except FooterError as error:
            raise forms.ValidationError(str(error)) from None
        return footer

    def use(self, choice: str) -> None:
        """Take a colour that the page proposed, given as the field and the colour: `brand_color=#108291`."""
        name, _equals, colour = choice.partition("=")
        if name in COLOURS:
            self._type({name: colour})

    def see(self, version: int) -> None:
        """Let the form overwrite a look that was saved meanwhile, once it is sent again."""
        self._type({"seen": str(version)})

    def keep(self, kind: str, digest: str) -> None:
        """Remember under which digest a file is kept, also when the form is shown again."""
        values: dict[str, str] = {f"{kind}_kept": digest, f"{kind}_removed": ""}
        if kind == "font_file":
            values["font"] = UPLOADED
        self._type(values)
        self.cleaned_data |= values

    def look(self) -> Look:
        """Return the look of a valid form."""
        files = {
            kind: "" if self.cleaned_data[f"{kind}_removed"] else self.cleaned_data[f"{kind}_kept"] for kind in FILES
        }
        names = ["app_name", "footer", *COLOURS, "font"]
        return Look(**{name: self.cleaned_data[name] for name in names}, **files)

    def _type(self, values: Mapping[str, str]) -> None:
        """Replace what was typed."""
        data = cast(QueryDict, self.data).copy()
        for name, value in values.items():
            data[name] = value
        self.data = data

    def _read(self, kind: str) -> None:
        uploaded: UploadedFile[bytes] | None = self.cleaned_data[kind]
        if uploaded is None:
            return
        most, clean = _READ[kind]
        if (uploaded.size or 0) > most:
            size = f"{(uploaded.size or 0) / 1_000_000:.1f}"
            raise forms.ValidationError(
                _("This file has %(size)s MB. Choose one of at most %(number)s MB.")
                % {"size": size, "number": most // 1000000}
            )
        try:
            self.uploaded[kind] = (uploaded.name or kind, clean(uploaded.read()))
        except UnusableFile as error:
            raise forms.ValidationError(str(error)) from None


_ACCEPTED = {"logo": ".png,.svg", "favicon": ".ico,.png", "font_file": ".woff2"}
