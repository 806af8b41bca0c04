"""The schema as the documentation page shows it: sections of operations, with their values in words."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString

from workspace.markup import wrapped_html

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """A parameter, or a field of a body."""

    name: str
    type: str
    about: SafeString
    is_required: bool


@dataclass(frozen=True)
class Told:
    """One operation."""

    id: str
    method: str
    path: str
    summary: str
    about: list[SafeString]
    parameters: list[Value]
    takes: list[Value]
    gives: list[Value]
    statuses: list[tuple[str, SafeString]]
    example: str
    answer: str


@dataclass(frozen=True)
class Section:
    """The operations on one kind of thing."""

    id: str
    title: str
    operations: list[Told]


def sections(document: Json) -> list[Section]:
    """Return the operations of a schema by their nouns."""
    found: dict[str, list[Told]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_told(document, path, method.upper(), operation))
    titles = [tag["name"] for tag in document["tags"]]
    return [Section(f"section-{number}", title, found[title]) for number, title in enumerate(titles)]


def marked(text: str) -> SafeString:
    """Return a text of the schema as HTML, in which what stands between ` is code."""
    parts = [(f"<code>{escape(part)}</code>" if at % 2 else escape(part)) for at, part in enumerate(text.split("`"))]
    return wrapped_html("".join(parts))


def _told(document: Json, path: str, method: str, operation: Json) -> Told:
    body = _content(operation.get("requestBody", {}))
    answers = {status: _resolved(document, answer) for status, answer in operation["responses"].items()}
    given = next((_content(answer) for status, answer in answers.items() if status.startswith("2")), None)
    takes, gives = (_resolved(document, each) if each else {} for each in (body, given))
    return Told(
        id=operation["operationId"].replace("_", "-"),
        method=method,
        path=path,
        summary=operation["summary"],
        about=[marked(each) for each in operation["description"].split("\n\n")],
        parameters=[_parameter(document, each) for each in operation.get("parameters", [])],
        takes=_values(document, takes),
        gives=_values(document, gives),
        statuses=[(status, marked(answer["description"])) for status, answer in answers.items()],
        example=_curl(path, method, takes),
        answer=_example(document, gives),
    )


def _content(holder: Json) -> Json | None:
    media = holder.get("content", {}).get("application/json")
    return media["schema"] if media else None


def _resolved(document: Json, schema: Json) -> Json:
    """Return what a reference leads to."""
    if "$ref" not in schema:
        return schema
    found: Any = document
    for name in schema["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def _values(document: Json, schema: Json) -> list[Value]:
    required = schema.get("required", [])
    return [
        Value(name, _type(document, each), marked(each.get("description", "")), name in required)
        for name, each in schema.get("properties", {}).items()
    ]


def _parameter(document: Json, told: Json) -> Value:
    where = "" if told["in"] == "query" else f" ({told['in']})"
    return Value(
        told["name"] + where,
        _type(document, told["schema"]),
        marked(told.get("description", "")),
        told.get("required", False),
    )


def _type(document: Json, schema: Json) -> str:
    """Return the type of a value in words: "uuid", "list of uuid", "one of dev, test, prod"."""
    if "allOf" in schema or "oneOf" in schema:
        return " or ".join(_type(document, each) for each in schema.get("allOf", schema.get("oneOf", [])))
    name = schema.get("$ref", "").rpartition("/")[2]
    known = _resolved(document, schema)
    if "enum" in known:
        values = [str(each) for each in known["enum"] if each is not None]
        return f"one of {', '.join(values)}" if len(values) <= 8 else "string"
    if name:
        return name
    kind = known.get("type", "object")
    if isinstance(kind, list):
        return " or ".join(_type(document, {**known, "type": each}) for each in kind)
    if kind == "array":
        return f"list of {_type(document, known['items'])}"
    return str(known.get("format", kind)) if kind == "string" else str(kind)


def _curl(path: str, method: str, takes: Json) -> str:
    lines = [f"curl{'' if method == 'GET' else f' -X {method}'} {settings.ORIGIN}{path}"]
    lines.append('-H "Authorization: Bearer $TOKEN"')
    if takes:
        body = json.dumps(takes["examples"][0], ensure_ascii=False)
        lines += ['-H "Content-Type: application/json"', f"-d '{body}'"]
    return " \\\n  ".join(lines)


def _example(document: Json, gives: Json) -> str:
    """Return an example of an answer; of a page, one with one item."""
    if "examples" in gives:
        content = gives["examples"][0]
    elif items := gives.get("properties", {}).get("items"):
        content = {"items": [_resolved(document, items["items"])["examples"][0]], "next": None}
    else:
        return ""
    return json.dumps(content, indent=2, ensure_ascii=False)
