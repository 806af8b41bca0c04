"""Fills a form of a page with what was typed before, as a browser does that goes back."""

from collections import defaultdict
from urllib.parse import urljoin, urlsplit

from lxml import html

from workspace.typed import Fields

_NOT_TYPED = {"hidden", "password", "file", "submit", "button", "image", "reset"}
_TICKED = {"checkbox", "radio"}


def refill(page: bytes, path: str, action: str, fields: Fields) -> bytes | None:
    """Return the page at `path` with the form that posts to `action` filled; None if it has no such form.

    Without an action it is the form with most of the fields. Passwords, files and hidden fields stay as they are.
    """
    values: dict[str, list[str]] = defaultdict(list)
    for name, value in fields:
        values[name].append(value)
    document = html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    forms = [form for form in document.forms if form.method == "POST" and action in ("", _posts_to(form, path))]
    if not forms:
        return None
    form = max(forms, key=lambda each: len(values.keys() & set(each.inputs.keys())))
    for control in form.iter("input", "select", "textarea"):
        _fill(control, values.get(control.name or ""))
    filled = html.tostring(document, doctype="<!doctype html>", encoding="utf-8")
    return bytes(filled)


def _posts_to(form: html.FormElement, path: str) -> str:
    return urlsplit(urljoin(path, form.get("action") or path)).path


def _fill(control: html.HtmlElement, values: list[str] | None) -> None:
    kind = control.get("type", "text") if control.tag == "input" else control.tag
    if kind in _TICKED:
        # A box that is not ticked sends nothing, so its name may be missing.
        if values is not None or kind == "checkbox":
            control.checked = control.get("value", "on") in (values or [])
    elif values is None or kind in _NOT_TYPED:
        return
    elif kind == "select":
        for option in control.iter("option"):
            option.attrib.pop("selected", None)
            if option.get("value", option.text) in values:
                option.set("selected", "selected")
    elif kind == "textarea":
        # The first line break of a text area is not part of its text.
        control.text = f"\n{values[0]}"
    else:
        control.set("value", values[0])
