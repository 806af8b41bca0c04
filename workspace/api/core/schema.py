"""The OpenAPI schema, from what the endpoints say of themselves."""

from typing import Any

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from workspace import scopes
from workspace.api.core.fields import Answer, Strict
from workspace.api.core.operations import Operation

_LABELS = {noun.name: str(noun.label) for noun in scopes.NOUNS}
_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="A new random text for each change. A request that is repeated with it within 24 hours gets the answer "
    "of the first one and changes nothing.",
)
_IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of the version that is meant. If it has changed since, the answer is 412.",
)
_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of a known version. If it has not changed, the answer is 304 without a body.",
)
_ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200], description="The version, for If-Match.", required=True
)
_LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=[201], description="Where it can be read.", required=True
)
# Every answer that is a problem: what it is called in the schema, and when it is given.
PROBLEMS = {
    400: ("BadRequest", "The request cannot be read, or a value is unknown or of the wrong type. `errors` names it."),
    401: ("Unauthorized", "There is no token, or it is unknown, revoked or expired."),
    403: ("Forbidden", "The token lacks the scope that `scope` names, or may not do this."),
    404: ("NotFound", "Nothing with this id is in the workspace of the token."),
    405: ("MethodNotAllowed", "The path does not take this method. `Allow` names those that it takes."),
    406: ("NotAcceptable", "`Accept` leaves out application/json."),
    409: ("Conflict", "A name or an address is taken, or another request changed the same at the same time."),
    412: ("PreconditionFailed", "It is not the version that `If-Match` names."),
    413: ("ContentTooLarge", "The body is larger than 2 MB."),
    415: ("UnsupportedMediaType", "The body is not application/json."),
    422: ("Refused", "`code` and `detail` say why. Also an `Idempotency-Key` that was sent with another request."),
    429: ("TooManyRequests", "The token makes too many requests. `Retry-After` says how many seconds to wait."),
    503: ("Unavailable", "The database does not answer. Repeat the request after `Retry-After` seconds."),
}  # fmt: skip
_ALWAYS = (400, 401, 403, 405, 406, 429, 503)


class FaultAnswer(Answer):
    """What is wrong with one value."""

    pointer = serializers.CharField(required=False, help_text="JSON pointer (RFC 6901) into the body.")
    parameter = serializers.CharField(required=False, help_text="The name of a parameter of the URL.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemAnswer(Answer):
    """An error (RFC 9457). Nothing was changed."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="The reason, for programs.")
    detail = serializers.CharField(help_text="The reason and what to do, for people.")
    request_id = serializers.UUIDField(help_text="The id of the request in the logs of the server.")
    scope = serializers.CharField(required=False, help_text="The scope that the token lacks.")
    errors = FaultAnswer(many=True, required=False)


class ApiSchema(AutoSchema):
    """An operation of the schema."""

    view: Any

    @property
    def described(self) -> Operation:
        return getattr(self.view, self.method.lower()).operation

    @property
    def _has_version(self) -> bool:
        return self.described.gives is not None and self.described.gives is self.view.thing

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        self.method = args[3].upper()
        if not hasattr(getattr(self.view, self.method.lower()), "operation"):
            return None
        operation: dict[str, Any] = super().get_operation(*args, **kwargs) or {}
        self.resolve_serializer(ProblemAnswer, "response")
        codes = {*_ALWAYS, *self._further_problems()}
        answers = {str(code): {"$ref": f"#/components/responses/{PROBLEMS[code][0]}"} for code in codes}
        return operation | {"responses": dict(sorted({**operation["responses"], **answers}.items()))}

    def _further_problems(self) -> set[int]:
        is_change = self.method != "GET"
        codes = {409, 422} if is_change else set()
        codes |= {404} if "{" in self.path else set()
        codes |= {412} if is_change and self.view.thing else set()
        return codes | ({413, 415} if self.method in ("POST", "PATCH") else set())

    def get_operation_id(self) -> str:
        return self.described.name

    def get_summary(self) -> str:
        return self.described.summary

    def get_description(self) -> str:
        described = self.described
        about = [described.about] if described.about else []
        scope = f"Scope: `{self.view.noun}:{described.level}`."
        places = ["The token must be for all environments."] if described.is_everywhere else []
        return "\n\n".join([*about, " ".join([scope, *places])])

    def get_tags(self) -> list[str]:
        return [str(_LABELS[self.view.noun])]

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [{"apiToken": []}]

    def get_override_parameters(self) -> list[Any]:
        described = self.described
        found: list[Any] = [described.asks] if described.asks else []
        if self._has_version:
            found.append(_ETAG)
            found += [_IF_NONE_MATCH] if self.method == "GET" else []
        if described.status == 201:
            found.append(_LOCATION)
        if self.method != "GET" and self.view.thing:
            found.append(_IF_MATCH)
        return [*found, _KEY] if self.method == "POST" else found

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return type(serializer).__name__.removesuffix("Answer")

    def get_request_serializer(self) -> Any:
        return self.described.takes

    def get_response_serializers(self) -> Any:
        described = self.described
        kind = page_of(described.lists) if described.lists else described.gives
        answers: dict[int, Any] = {described.status: OpenApiResponse(kind, _SUCCESS[described.status])}
        if self.method == "GET" and self._has_version:
            answers[304] = OpenApiResponse(None, "It has not changed since the version of `If-None-Match`.")
        return answers

    def _get_examples(self, serializer: Any, direction: Any, media_type: str, *args: Any, **kwargs: Any) -> Any:
        # An example of the schema stands at its component.
        return []

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        mapped = super()._map_serializer(serializer, direction, bypass_extensions)
        if example := getattr(serializer, "example", None):
            mapped = mapped | {"examples": [example]}
        return mapped | {"additionalProperties": False} if isinstance(serializer, Strict) else mapped


_SUCCESS = {200: "Done, or found.", 201: "Created.", 202: "Accepted.", 204: "Done. There is no body."}


_PAGES: dict[type[Answer], type[Answer]] = {}


def page_of(kind: type[Answer]) -> type[Answer]:
    """Return the schema of a page of a list."""
    if kind not in _PAGES:
        fields = {
            "__doc__": "A page of a list.",
            "items": kind(many=True),
            "next": serializers.CharField(allow_null=True, help_text="The `cursor` of the next page, or null."),
        }
        _PAGES[kind] = type(f"{kind.__name__.removesuffix('Answer')}PageAnswer", (Answer,), fields)
    return _PAGES[kind]


def add_shared(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Add what all operations share. drf-spectacular calls it at the end."""
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components = result["components"]
    components["responses"] = {name: {"description": about, "content": problem} for name, about in PROBLEMS.values()}
    about = "An API token of the workspace. Administrators make it under API tokens. Each operation names its scope."
    components["securitySchemes"] = {"apiToken": {"type": "http", "scheme": "bearer", "description": about}}
    used = {tag for path in result["paths"].values() for operation in path.values() for tag in operation["tags"]}
    result["tags"] = [{"name": label} for label in map(str, _LABELS.values()) if label in used]
    result["servers"] = [{"url": settings.ORIGIN}]
    return result
