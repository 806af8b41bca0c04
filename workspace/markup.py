"""Names in HTML: isolated by `<bdi>` where `isolation` says that they can turn other text round."""

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from workspace.isolation import CLOSE, OPEN, parted, turns


def isolated_html(text: str) -> SafeString:
    """Return a name, or a sentence of isolated names, as HTML."""
    if turns(text):
        return mark_safe(parted(text, escape, lambda part: f"<bdi>{escape(part)}</bdi>"))  # noqa: S308 -- escaped
    return escape(text)


def title_of(html: SafeString) -> SafeString:
    """Return HTML for `<title>`, where no element may stand."""
    return mark_safe(html.replace("<bdi>", OPEN).replace("</bdi>", CLOSE))  # noqa: S308 -- it is safe already
