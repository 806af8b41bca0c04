"""What end users type to sign in, and how administrators look for it."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.http import QueryDict

from authentication.models import SignInAttempt
from authentication.models.sessions import SignInAttemptQuerySet
from workspace.models import EndUser, Environment

_PASSWORD = "password"


def _password(autocomplete: str, **attributes: Any) -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": autocomplete, **attributes})


class EmailForm(forms.Form):
    """Who wants to sign in."""

    email = forms.CharField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={"required": "Enter your email address."},
    )


class PasswordSignInForm(EmailForm):
    """An account and its password; the address stays as it is once the way was chosen by it."""

    password = forms.CharField(
        strip=False, widget=_password("current-password"), error_messages={"required": "Enter your password."}
    )

    def __init__(self, data: QueryDict | None = None, *, is_address_known: bool, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if is_address_known:
            self.fields["email"].widget.attrs |= {"readonly": True, "autofocus": False}
            self.fields["password"].widget.attrs["autofocus"] = True


class NewPasswordForm(forms.Form):
    """A password that a person chooses, by the rules of the installation."""

    password = forms.CharField(
        label="New password",
        strip=False,
        max_length=1000,
        widget=_password("new-password"),
        error_messages={"required": "Enter a new password."},
    )
    repeated = forms.CharField(
        label="New password again",
        strip=False,
        widget=_password("new-password"),
        error_messages={"required": "Enter the new password a second time."},
    )

    def __init__(self, data: QueryDict | None = None, *, end_user: EndUser) -> None:
        super().__init__(data)
        self.end_user = end_user
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        # The validators look at attributes; nothing in them asks for a console account.
        validate_password(password, cast(Any, self.end_user))
        return password

    def clean_repeated(self) -> str:
        repeated = self.cleaned_data["repeated"]
        if "password" in self.cleaned_data and repeated != self.cleaned_data["password"]:
            raise forms.ValidationError("The two are not the same. Enter the new password again.")
        return repeated


class ChangePasswordForm(NewPasswordForm):
    """A new password, by who knows the current one."""

    current = forms.CharField(
        label="Current password",
        strip=False,
        widget=_password("current-password"),
        error_messages={"required": "Enter your current password."},
    )
    field_order = ["current"]


class AttemptFilter(forms.Form):
    """Which attempts to sign in the list shows. A wrong value filters nothing and is named."""

    q = forms.CharField(label="Reference id or email address", required=False, max_length=254, widget=forms.SearchInput)
    outcome = forms.ChoiceField(required=False, choices=[("", "Any outcome"), *SignInAttempt.Outcome.choices])
    provider = forms.ChoiceField(label="Signed in with", required=False)

    def __init__(self, data: QueryDict, *, environment: Environment) -> None:
        super().__init__(data)
        self.environment = environment
        providers = environment.providers.listed()
        choices = [(str(each.identity_provider_id), each.identity_provider.name) for each in providers]
        cast(forms.ChoiceField, self.fields["provider"]).choices = [("", "Anything"), (_PASSWORD, "Password"), *choices]

    def asked(self) -> dict[str, Any]:
        """The valid values that were given."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def attempts(self) -> SignInAttemptQuerySet:
        """The attempts of the environment that the filter lets through, with what a row shows."""
        asked = self.asked()
        attempts = self._matching(asked.get("q", ""))
        if outcome := asked.get("outcome"):
            attempts = attempts.filter(outcome=outcome)
        if provider := asked.get("provider"):
            attempts = (
                attempts.with_password() if provider == _PASSWORD else attempts.filter(identity_provider=provider)
            )
        return attempts.select_related("end_user", "environment")

    def _matching(self, text: str) -> SignInAttemptQuerySet:
        """A search is for the whole workspace: who was handed a reference need not know where it comes from."""
        if not text:
            return self.environment.sign_in_attempts.all()
        attempts = SignInAttempt.objects.of(self.environment.workspace)
        try:
            return attempts.filter(pk=UUID(text))
        except ValueError:
            return attempts.by_email(text)
