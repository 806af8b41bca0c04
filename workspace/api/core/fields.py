"""Serializers that take nothing else than what they name, and no number for a text."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import QueryDict
from rest_framework import serializers

from workspace.api.core.bodies import escaped
from workspace.api.core.problems import Fault, Problem
from workspace.db.keys import is_id

if TYPE_CHECKING:
    from workspace.api.core.calls import Call

UNKNOWN = "unknown_field"


class Text(serializers.CharField):
    """A JSON string. Blanks stay: what a name may hold is decided by the actions."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **options})

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Id(serializers.UUIDField):
    """A UUID as JSON string, with its hyphens."""

    def to_internal_value(self, data: object) -> object:
        if not (isinstance(data, str) and is_id(data)):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    """One of several JSON strings."""

    def to_internal_value(self, data: object) -> object:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: object) -> object:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Moment(serializers.DateTimeField):
    """A time as RFC 3339 writes it, with its offset, of the years 2000 to 2999."""

    def to_internal_value(self, value: object) -> object:
        moment = super().to_internal_value(value)
        if not 2000 <= moment.year < 3000:
            self.fail("invalid", format="a year from 2000 to 2999")
        return moment

    def enforce_timezone(self, value: Any) -> Any:
        if value.tzinfo is None:
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        return super().enforce_timezone(value)


class Strict(serializers.Serializer):
    """Named values, of which unknown ones are refused."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values. Raises ValidationError that names unknown values beside wrong ones."""
        unknown = {}
        if isinstance(data, Mapping):
            known = ", ".join(self.fields) or "none"
            detail = serializers.ErrorDetail(f"Unknown. Known are: {known}.", UNKNOWN)
            unknown = {name: [detail] for name in data if name not in self.fields}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**error.detail, **unknown}) from None
        if unknown:
            raise serializers.ValidationError(unknown)
        return values


class Input(Strict):
    """The body of a request, with an example of it for the documentation."""

    example: ClassVar[Mapping[str, object]] = {}


class Query(Strict):
    """The parameters of a URL."""


class Answer(serializers.Serializer):
    """What an endpoint shows, with an example of it for the documentation."""

    example: ClassVar[Mapping[str, object]] = {}

    @classmethod
    def shown(cls, rows: list[Any], call: "Call") -> Iterable[Any]:
        """Return what the fields read of each row. Related data are read here, for all rows at once."""
        return rows


def checked(kind: type[Strict], data: Mapping[str, object], key: str) -> dict[str, Any]:
    """Return the values of a body (`key` is "pointer") or of parameters. Raises Problem naming all that is wrong."""
    serializer = kind(data=data)
    if serializer.is_valid():
        return dict(serializer.validated_data)
    faults = list(_faults(serializer.errors, key))
    raise Problem(400, "invalid", "The request is not valid. `errors` names what is wrong.", errors=faults)


def parameters(kind: type[Query], query: QueryDict) -> dict[str, Any]:
    """Return the parameters of a URL. Raises Problem."""
    fields = kind().fields
    data: dict[str, object] = {}
    for name, values in query.lists():
        if isinstance(fields.get(name), serializers.ListField):
            data[name] = values
        elif len(values) == 1:
            data[name] = values[0]
        else:
            fault: Fault = {"parameter": name, "code": "repeated", "detail": "Send this parameter once."}
            raise Problem(400, "invalid", "The request is not valid.", errors=[fault])
    return checked(kind, data, "parameter")


def _faults(errors: Any, key: str, at: str = "") -> Iterable[Fault]:
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            place = at if name == "non_field_errors" else f"{at}/{escaped(str(name))}"
            yield from _faults(inner, key, place)
        return
    for index, each in enumerate(errors):
        if isinstance(each, Mapping | list):
            yield from _faults(each, key, f"{at}/{index}")
        else:
            where = at if key == "pointer" else at.split("/")[1]
            yield {key: where, "code": each.code, "detail": str(each)}  # type: ignore[misc]
