"""Forms of an import: the file, what its columns mean, and which lines are shown."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.imports.columns import FIELDS, matched
from workspace.imports.decoding import Decoded, decoded
from workspace.imports.reading import Table
from workspace.models import Environment, ImportedLine, PeopleImport
from workspace.refusals import ActionError
from workspace.words import Text, together

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.utils.datastructures import MultiValueDict

_LONGEST_SAMPLE = 40
_PASTED = "Pasted lines"
_HINTS = {
    "full_name": gettext_lazy("A new person needs one."),
    "email": gettext_lazy("People are found by their address."),
    "access": gettext_lazy("Names of environments, separated by commas."),
    "groups": gettext_lazy(
        "Names of groups, separated by semicolons. “PROD: Sales” is a group of another environment."
    ),
}


class UploadForm(forms.Form):
    """A CSV file, or its lines."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        required=False,
        allow_empty_file=True,
        help_text=gettext_lazy("At most 10,000 lines and 2 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain"}),
    )
    lines = forms.CharField(
        label=gettext_lazy("Or paste lines"),
        required=False,
        strip=False,
        help_text=gettext_lazy("The first line names the columns."),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        files: "MultiValueDict[str, UploadedFile[bytes]] | None" = None,
    ) -> None:
        super().__init__(data, files)

    def clean(self) -> dict[str, Any]:
        """Add `content` and `file_name`."""
        answers = super().clean() or {}
        file, lines = answers.get("file"), answers.get("lines", "")
        if file and lines.strip():
            raise forms.ValidationError(_("Upload a file or paste lines, not both: they may differ."))
        if file:
            try:
                answers["content"], answers["file_name"] = decoded(file.read()), file.name
            except ActionError as refusal:
                self.add_error("file", refusal.message)
        elif lines.strip():
            # The form has lost what the browser could not send, so NUL is the only character to replace.
            answers["content"], answers["file_name"] = Decoded(lines.replace("\0", "\ufffd"), "UTF-8"), _PASTED
        else:
            self.add_error("file", _("Choose a CSV file, or paste its lines."))
        return answers


class ColumnsForm(forms.Form):
    """What each column means, and what a line means that does not say all."""

    default_access = forms.ModelMultipleChoiceField(
        Environment.objects.none(),
        label=gettext_lazy("Environment access of new people whose line names none"),
        required=False,
        to_field_name="slug",
        widget=forms.CheckboxSelectMultiple,
    )
    creates_groups = forms.BooleanField(
        label=gettext_lazy("Create missing groups"),
        required=False,
        help_text=gettext_lazy("Otherwise lines that name a group that does not exist are refused."),
    )
    field_order = [*FIELDS, "default_access", "creates_groups"]

    def __init__(self, data: QueryDict | None = None, *, job: PeopleImport, table: Table) -> None:
        environments = job.workspace.environments.all()
        slugs = {str(environment.pk): environment.slug for environment in environments}
        chosen = [slugs[pk] for pk in job.default_access if pk in slugs]
        initial = {**job.columns, "default_access": chosen, "creates_groups": job.creates_groups}
        super().__init__(data, initial=initial)
        cast("forms.ModelChoiceField[Environment]", self.fields["default_access"]).queryset = environments
        columns = [(str(place), _column(table, place)) for place in range(len(table.head))]
        found = matched(table.head)
        for name, (label, _names) in FIELDS.items():
            self.fields[name] = forms.ChoiceField(
                label=label,
                required=name == "email",
                choices=[("", _("Not in the file")), *columns],
                help_text=_hint(name, [table.head[place] for place in found.get(name, [])]),
                error_messages={"required": _("Choose the column with the email addresses.")},
            )
        self.order_fields(self.field_order)

    def columns(self) -> dict[str, int]:
        """Return the number of the column of each field that is in the file."""
        return {name: int(self.cleaned_data[name]) for name in FIELDS if self.cleaned_data[name]}


class LineFilter(forms.Form):
    """Which lines of an import are shown."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        required=False,
        choices=[("", gettext_lazy("All lines")), *ImportedLine.Outcome.choices],
    )

    def asked(self) -> str:
        """Return the outcome to show; empty for all, and if it is not valid."""
        self.full_clean()
        return str(self.cleaned_data.get("outcome", ""))


def _column(table: Table, place: int) -> str:
    """Return the name of a column with a sample of its values."""
    sample = table.sample(place)
    cut = f"{sample[:_LONGEST_SAMPLE]}…" if len(sample) > _LONGEST_SAMPLE else sample
    return f"{table.head[place]} ({cut})" if cut else table.head[place]


def _hint(name: str, candidates: list[str]) -> Text:
    """Return the hint of a field; of one that several columns may mean, with their names."""
    if len(candidates) < 2:
        return _HINTS[name]
    return _("%(number)s columns may be this: %(names)s. Choose one. %(hint)s") % {
        "number": len(candidates),
        "names": together(candidates),
        "hint": _HINTS[name],
    }
