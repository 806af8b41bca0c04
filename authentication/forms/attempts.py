"""Which sign-in attempts a list shows."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authentication.models import SignInAttempt
from authentication.models.sessions import SignInAttemptQuerySet
from workspace.models import Environment

_PASSWORD = "password"


class AttemptFilter(forms.Form):
    """Which attempts the list shows. A wrong value filters nothing, and its error is shown."""

    q = forms.CharField(
        label=gettext_lazy("Reference id or email address"), required=False, max_length=254, widget=forms.SearchInput
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        required=False,
        choices=[("", gettext_lazy("Any outcome")), *SignInAttempt.Outcome.choices],
    )
    provider = forms.ChoiceField(label=gettext_lazy("Signed in with"), required=False)

    def __init__(self, data: QueryDict, *, environment: Environment) -> None:
        super().__init__(data)
        self.environment = environment
        providers = environment.providers.listed()
        choices = [(str(each.identity_provider_id), each.identity_provider.name) for each in providers]
        cast(forms.ChoiceField, self.fields["provider"]).choices = [
            ("", _("Anything")),
            (_PASSWORD, _("Password")),
            *choices,
        ]

    def asked(self) -> dict[str, Any]:
        """Return the valid values that were given."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def attempts(self) -> SignInAttemptQuerySet:
        """Return the attempts that the filter lets through, with what a row shows."""
        asked = self.asked()
        attempts = self._matching(asked.get("q", ""))
        if outcome := asked.get("outcome"):
            attempts = attempts.filter(outcome=outcome)
        if provider := asked.get("provider"):
            attempts = (
                attempts.with_password() if provider == _PASSWORD else attempts.filter(identity_provider=provider)
            )
        return attempts.select_related("end_user", "environment", "identity_provider")

    def among(self) -> SignInAttemptQuerySet | None:
        """Return the attempts of which the filter looks at the newest; None where an index finds what is asked for."""
        return None if self.asked().get("q") else self.environment.sign_in_attempts.all()

    def _matching(self, text: str) -> SignInAttemptQuerySet:
        """Search the whole workspace: somebody with a reference may not know its environment."""
        if not text:
            return self.environment.sign_in_attempts.all()
        attempts = SignInAttempt.objects.of(self.environment.workspace)
        try:
            return attempts.filter(pk=UUID(text))
        except ValueError:
            return attempts.by_email(text)
