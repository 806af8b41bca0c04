"""SCIM errors (RFC 7644 section 3.12). The detail of each says what to do."""

from collections.abc import Sequence

from django_scim.exceptions import SCIMException
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from scim2_models import SCIMException as PayloadError

_ENDPOINTS = {
    name.lower(): name
    for name in ("Users", "Groups", "Me", "Bulk", "Schemas", "ResourceTypes", "ServiceProviderConfig", ".search")
}


# The names and numbers that lead to a value in a document.
Place = tuple[str | int, ...]


class ScimError(SCIMException):
    """A refusal with its HTTP status, a detail and, where the RFC has one, a scimType.

    `parts` are the refusals of single values of a document, if it is about such values alone.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        scim_type: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        parts: Sequence[tuple[Place, "ScimError"]] = (),
    ) -> None:
        super().__init__(detail, status=status, scim_type=scim_type)
        self.headers = headers or {}
        self.parts = parts

    def to_dict(self) -> dict[str, object]:
        """Return the RFC's error document, in which `status` is a string."""
        document: dict[str, object] = super().to_dict()
        return document | {"status": str(self.status)}


def unauthorized() -> ScimError:
    """Whatever is wrong with a token, the answer has the same bytes, so nobody learns where a token is valid."""
    detail = (
        "Send a live SCIM token of this connection as Authorization: Bearer <token>. "
        "Copy the Base URL and the token from the same page of the console."
    )
    return ScimError(401, detail, headers={"WWW-Authenticate": 'Bearer realm="scim"'})


def disabled() -> ScimError:
    return ScimError(403, "SCIM provisioning is off for this connection. Save the method SCIM in the console.")


def not_found() -> ScimError:
    """An unknown id and an id of another tenant get the same bytes."""
    return ScimError(404, "There is no such resource in this connection.")


def no_such_path(path: str) -> ScimError:
    """Name the endpoint that a path means in other letters or with a slash too many."""
    sent = path.partition("/v2/")[2]
    name = sent.lstrip("/").partition("/")[0]
    meant = _ENDPOINTS.get(name.lower())
    if meant is None or (name == meant and "//" not in f"/{sent}"):
        return not_found()
    return ScimError(
        404, f"There is no such path. Send /{meant} after the Base URL, in these letters and with one slash."
    )


def not_allowed(methods: list[str]) -> ScimError:
    allowed = ", ".join(methods)
    return ScimError(405, f"Use one of these methods here: {allowed}.", headers={"Allow": allowed})


def uniqueness(detail: str) -> ScimError:
    return ScimError(409, detail, "uniqueness")


def invalid_value(detail: str) -> ScimError:
    return ScimError(400, detail, "invalidValue")


def invalid_syntax(detail: str) -> ScimError:
    return ScimError(400, detail, "invalidSyntax")


def invalid_path(detail: str) -> ScimError:
    return ScimError(400, detail, "invalidPath")


def invalid_filter(detail: str) -> ScimError:
    return ScimError(400, detail, "invalidFilter")


def mutability(detail: str) -> ScimError:
    return ScimError(400, detail, "mutability")


def too_large(detail: str) -> ScimError:
    return ScimError(413, detail)


def too_many(seconds: int) -> ScimError:
    detail = f"This token makes too many requests. Wait {seconds} s, then go on."
    return ScimError(429, detail, headers={"Retry-After": str(seconds)})


def unavailable(reason: str) -> ScimError:
    return ScimError(503, f"{reason} Send the request again.", headers={"Retry-After": "5"})


def of_payload(error: ValidationError | PayloadError) -> ScimError:
    """The error for what scim2-models refuses."""
    if isinstance(error, PayloadError):
        # pydantic's text has several lines: a count, the place, and what is wrong there.
        lines = error.detail.splitlines()
        detail = error.detail if len(lines) < 3 else f"{lines[1]}: {lines[2].split('[type=')[0].strip()}"
        return ScimError(error.status, detail, error.scim_type or None)
    return of_parts([(found["loc"], _of_part(found)) for found in error.errors(include_url=False, include_input=False)])


def of_parts(parts: Sequence[tuple[Place, ScimError]]) -> ScimError:
    """Return the error for values that are refused, with the detail of the first one."""
    first = parts[0][1]
    return ScimError(
        first.status, first.detail, first.scim_type, parts=parts if all(place for place, _ in parts) else ()
    )


def _of_part(found: ErrorDetails) -> ScimError:
    where = ".".join(str(part) for part in found["loc"])
    scim_type = found.get("ctx", {}).get("scim_type") or "invalidValue"
    return ScimError(400, f"{where}: {found['msg']}" if where else found["msg"], scim_type)
