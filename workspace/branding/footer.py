"""The footer of end users' pages: Markdown with links, headings, lists and emphasis, and nothing else."""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workspace.isolation import has_controls
from workspace.words import grouped

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_FOOTER = 5_000
_SCHEMES = {"https", "http", "mailto", "tel"}
_LINK = re.compile(r"(https?://[^/\s]|mailto:|tel:)", re.IGNORECASE)
_TAGS = {"a", "br", "em", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "strong", "ul"}
# What else Markdown knows, and what it is called.
_UNWANTED = {
    "html_block": _("HTML"),
    "html_inline": _("HTML"),
    "image": _("pictures"),
    "fence": _("code blocks"),
    "code_block": _("code blocks"),
    "code_inline": _("code"),
    "blockquote_open": _("quotations"),
    "hr": _("lines"),
}


class FooterError(Exception):
    """Says what in a footer cannot be shown."""


def check_footer(markdown: str) -> None:
    """Raise FooterError if a footer has anything but links, headings, lists and emphasis."""
    if len(markdown) > MAX_FOOTER:
        raise FooterError(
            gettext("Shorten the footer to at most %(most)s characters. It has %(length)s.")
            % {"most": grouped(MAX_FOOTER), "length": grouped(len(markdown))}
        )
    if has_controls(markdown):
        raise FooterError(
            gettext("Remove the invisible characters that turn text round: U+202A to U+202E, U+2066 to U+2069.")
        )
    for token in _all(_parser().parse(markdown)):
        if token.type in _UNWANTED:
            raise FooterError(
                gettext("Leave %(what)s out. A footer can have links, headings and lists.")
                % {"what": _UNWANTED[token.type]}
            )
        target = str(token.attrGet("href") or "") if token.type == "link_open" else ""
        if token.type == "link_open" and not _LINK.match(target):
            raise FooterError(
                gettext("Begin each link with https:// or mailto:. This one does not: %(link)s")
                % {"link": target[:100] or gettext("empty")}
            )


@lru_cache(maxsize=256)
def footer_html(markdown: str) -> str:
    """Return a footer as HTML. Its headings stand below the page's own, and its links open a tab of their own."""
    import nh3  # here for the same reason as the parser

    parser = _parser()
    tokens, level = parser.parse(markdown), 1
    for token in tokens:
        if token.type == "heading_open":
            # No level is left out, whatever the footer begins with.
            level = min(int(token.tag[1]) + 1, level + 1, 6)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"
    html = parser.renderer.render(tokens, parser.options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


@cache
def _parser() -> "MarkdownIt":
    # Here and not at the top: a worker loads it only if somebody has a footer.
    from markdown_it import MarkdownIt

    # HTML and every kind of link are parsed to be named. What is shown is made without them, and cleaned.
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 20})
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


def _all(tokens: list["Token"]) -> list["Token"]:
    return [each for token in tokens for each in (token, *(token.children or ()))]
