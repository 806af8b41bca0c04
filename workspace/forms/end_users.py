"""Forms of one end user."""

from collections import defaultdict
from typing import cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.actions.read_only import profile_read_only_reason
from workspace.events import Actor
from workspace.markup import value_html
from workspace.models import EndUser, Environment, EnvironmentAccess, SourceKind
from workspace.profile import Profile
from workspace.words import listed


class EndUserForm(forms.Form):
    """A person's profile and environments."""

    full_name = forms.CharField(
        label=gettext_lazy("Full name"),
        max_length=250,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter a full name.")},
    )
    email = forms.CharField(
        label=gettext_lazy("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter an email address.")},
    )
    environments = forms.ModelMultipleChoiceField(
        Environment.objects.none(),
        label=gettext_lazy("Environment access"),
        required=False,
        to_field_name="slug",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, data: QueryDict | None = None, *, environment: Environment, initial: dict[str, object] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.user_name = ""
        self.workspace = environment.workspace
        field = cast("forms.ModelChoiceField[Environment]", self.fields["environments"])
        field.queryset = self.workspace.environments.all()

    def profile(self, by: Actor) -> Profile:
        """Return the profile as the administrator typed it."""
        return Profile(self.cleaned_data["full_name"], self.cleaned_data["email"], by.source, self.user_name)

    def holder_of_email(self) -> EndUser | None:
        """Return the person who has the address, if the address has an error."""
        if not self.has_error("email") or "email" not in self.data:
            return None
        return EndUser.with_email(self.workspace, self.data["email"])


class AddEndUserForm(EndUserForm):
    """A new person, with at most one group in each environment."""

    def __init__(self, data: QueryDict | None = None, *, environment: Environment) -> None:
        super().__init__(data, environment=environment, initial={"environments": [environment.slug]})
        self.group_fields = {each: f"group_{each.slug}" for each in self.workspace.environments.all()}
        for each, name in self.group_fields.items():
            self.fields[name] = forms.ModelChoiceField(
                each.groups.filter(is_everyone=False, source_kind=SourceKind.MANUAL),
                label=_("Group in %(each)s") % {"each": each},
                help_text=_("Counts only with access to %(value_html)s.") % {"value_html": value_html(each.name)},
                required=False,
                empty_label=_("Everyone only"),
            )

    def groups_by_environment(self) -> list[tuple[Environment, forms.BoundField]]:
        """Return each environment with the field of its group."""
        return [(environment, self[name]) for environment, name in self.group_fields.items()]

    def clean(self) -> dict[str, object]:
        """Add `groups`: the chosen groups of the chosen environments."""
        answers = super().clean() or {}
        chosen = (answers.get(self.group_fields[each]) for each in answers.get("environments", ()))
        answers["groups"] = [group for group in chosen if group]
        return answers


class EditEndUserForm(EndUserForm):
    """A person's profile and access given by hand. A profile that an IdP manages is read-only."""

    def __init__(self, data: QueryDict | None = None, *, environment: Environment, end_user: EndUser) -> None:
        accesses = list(end_user.accesses.select_related("environment"))
        by_hand = [each.environment.slug for each in accesses if each.source_kind == SourceKind.MANUAL]
        initial: dict[str, object] = {"full_name": end_user.full_name, "email": end_user.email, "environments": by_hand}
        super().__init__(data, environment=environment, initial=initial)
        # Only an IdP can leave a person without an address; whoever has none may go on without.
        self.user_name, self.fields["email"].required = end_user.user_name, bool(end_user.email)
        self.read_only_reason = profile_read_only_reason(end_user)
        for name in ("full_name", "email"):
            self.fields[name].disabled = bool(self.read_only_reason)
        self.fields["environments"].help_text = _access_hint(accesses)


def _access_hint(accesses: list[EnvironmentAccess]) -> str:
    """Return the hint of the check boxes, which names the access that IdPs give."""
    given: dict[str, list[str]] = defaultdict(list)
    for access in accesses:
        if access.source_kind != SourceKind.MANUAL:
            given[access.source_name].append(access.environment.name)
    if not given:
        return _("Where this person may sign in.")
    # Templates do not escape hints, so names become HTML here.
    others = [
        _("%(value_html)s gives access to %(value_html_2)s")
        % {"value_html": value_html(name), "value_html_2": value_html(listed(environments))}
        for name, environments in given.items()
    ]
    return _("Access that you give by hand. %(others)s as well.") % {"others": " and ".join(others)}
