"""Forms of one's own console account."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from workspace.models import User


class NameForm(forms.Form):
    """What people call the account's owner."""

    full_name = forms.CharField(
        label=_("Full name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your full name.")},
    )


class AddressForm(forms.Form):
    """The address that an account gets."""

    email = forms.CharField(
        label=_("New email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
        error_messages={"required": _("Enter an email address.")},
    )


class ThemeForm(forms.Form):
    """Light, dark, or as the system is."""

    theme = forms.ChoiceField(label=_("Theme"), choices=User.Theme, error_messages={"required": _("Choose a theme.")})


class LanguageForm(forms.Form):
    """A language, or what the browser asks for. Each language is called by its own name."""

    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("As the browser")), *settings.LANGUAGES], required=False
    )


class ForgottenPasswordForm(forms.Form):
    """The address of an account whose password is forgotten."""

    email = forms.CharField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={"required": _("Enter your email address.")},
    )
