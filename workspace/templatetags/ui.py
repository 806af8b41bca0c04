"""Tags and filters of the interface. Components with a body are block tags, the others are includes."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

from django import template
from django.conf import settings
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import npgettext_lazy

from workspace import loopback
from workspace.brand import Brand, brand_of
from workspace.console import navigation
from workspace.isolation import OPEN, escaped_controls, isolated, turns
from workspace.markup import needs_markup, title_of, value_html, wrapped_html
from workspace.words import grouped

register = template.Library()

_OPTION = '<option value="{}"{}>{}</option>'

# After "in" and before "ago".
_TIMES: dict[str, Any] = {
    "year": npgettext_lazy("in or ago", "%(num)d year", "%(num)d years", "num"),
    "month": npgettext_lazy("in or ago", "%(num)d month", "%(num)d months", "num"),
    "week": npgettext_lazy("in or ago", "%(num)d week", "%(num)d weeks", "num"),
    "day": npgettext_lazy("in or ago", "%(num)d day", "%(num)d days", "num"),
    "hour": npgettext_lazy("in or ago", "%(num)d hour", "%(num)d hours", "num"),
    "minute": npgettext_lazy("in or ago", "%(num)d minute", "%(num)d minutes", "num"),
}
TONES = {"neutral", "info", "success", "warning", "danger"}
TONE_ICONS = {"neutral": "info", "info": "info", "success": "check", "warning": "alert", "danger": "alert"}

# Drawn for a 16 × 16 grid, stroke 1.5, ends and joins round.
ICONS = {
    "activity": "M1.5 8H4l2-5 4 10 2-5h2.5",
    "alert": "M8 2 1.5 13.5h13zM8 6.5v3M8 11.5v.01",
    "arrow-left": "M13 8H3m4-4L3 8l4 4",
    "arrow-up": "M8 13V3M4 7l4-4 4 4",
    "check": "m3 8.5 3.5 3.5L13 4.5",
    "chevrons": "m5 6 3-3 3 3M5 10l3 3 3-3",
    "clock": "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0M8 4.5V8l2.5 1.5",
    "code": "m5.5 4.5-3.5 3.5 3.5 3.5m5-7L14 8l-3.5 3.5M9 3.5l-2 9",
    "copy": "M6 5.5h7.5V14H6zM10 5.5V2H2.5v8.5H6",
    "dots": "M3 8v.01M8 8v.01M13 8v.01",
    "download": "M8 2v8m-3.5-3L8 10.5 11.5 7M2.5 13.5h11",
    "external": "M6.5 3H3v10h10V9.5M9.5 2.5h4v4M13.5 2.5 7.5 8.5",
    "group": "M10 4.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0m-3.5 7a2 2 0 1 1-4 0 2 2 0 0 1 4 0m7 0a2 2 0 1 1-4 0 2 2 0 0 1 4 0",
    "info": "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0M8 7.5V11M8 5v.01",
    "key": "M9 7a3.5 3.5 0 1 0-3.5 3.5A3.5 3.5 0 0 0 9 7m-1 2.5 5.5 4M11.5 12l1.5-2",
    "list": "M6 4h8M6 8h8M6 12h8M2.5 4v.01M2.5 8v.01M2.5 12v.01",
    "lock": "M3.5 7h9v6.5h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2M8 9.5v1.5",
    "menu": "M2 4.5h12M2 8h12M2 11.5h12",
    "palette": "M8 2a6 6 0 1 0 0 12c1.5 0 1.5-1 1-2s0-2 1.5-2H12c1.5 0 2-1 2-2 0-3.5-2.7-6-6-6M5 7v.01M8 5v.01M11 7v0",
    "plus": "M8 3v10M3 8h10",
    "search": "M11 7a4 4 0 1 1-8 0 4 4 0 0 1 8 0m-1 3 3.5 3.5",
    "settings": "M2 4.5h6m4 0h2M12 4.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0M2 11.5h2m4 0h6M8 11.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0",
    "shield": "M8 1.5 2.5 3.5V8c0 3 2.3 5.3 5.5 6.5 3.2-1.2 5.5-3.5 5.5-6.5V3.5zM5.5 8l2 2 3-3.5",
    "sign-out": "M6.5 2.5H3v11h3.5M6.5 8H14m-3-3 3 3-3 3",
    "user": "M10.5 5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0m-7.5 8.5a5 5 0 0 1 10 0",
    "users": "M8.5 5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0m-7 8.5a4.5 4.5 0 0 1 9 0"
    "M10.5 2.8a2.5 2.5 0 0 1 0 4.4M12 9.5a4.5 4.5 0 0 1 2 4",
    "x": "m4 4 8 8M12 4l-8 8",
}


@register.filter
def thousands(number: int) -> str:
    """{{ 1128|thousands }}: 1,128, as sentences write numbers."""
    return grouped(number)


@register.simple_tag
def icon(name: str) -> SafeString:
    """{% icon "users" %}: decoration beside words, hidden from screen readers."""
    return format_html(
        '<svg class="icon icon-{}" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>',
        name,
        ICONS[name],
    )


@register.simple_tag
def tone_icon(tone: str) -> SafeString:
    """{% tone_icon "warning" %}: the icon that goes with a tone."""
    return icon(TONE_ICONS[tone])


@register.simple_tag
def badge(word: str, tone: str = "neutral") -> SafeString:
    """{% badge "Active" tone="success" %}: a word with a colour."""
    return format_html('<span class="badge tone-{}">{}</span>', checked_tone(tone), value_html(str(word)))


@register.simple_block_tag
def card(content: str, title: str = "", hint: str = "", id: str = "", tone: str = "neutral") -> str:
    """{% card title="…" hint="…" id="…" tone="danger" %}…{% endcard %}: a part of a page about one thing."""
    context = {"content": content, "title": title, "hint": hint, "id": id, "tone": checked_tone(tone)}
    return render_to_string("components/card.html", context)


@register.simple_block_tag
def callout(content: str, tone: str = "neutral", title: str = "") -> str:
    """{% callout tone="warning" title="…" %}…{% endcallout %}: advice about the page."""
    context = {"content": content, "tone": checked_tone(tone), "title": title}
    return render_to_string("components/callout.html", context)


@register.simple_block_tag
def list_table(content: str, caption: str) -> str:
    """{% list_table caption="End-user groups" %}<thead>…<tbody>…{% endlist_table %}: a list of things."""
    return render_to_string("components/list_table.html", {"content": content, "caption": caption})


@register.simple_tag(takes_context=True)
def page_url(context: template.Context, route: str, **kwargs: object) -> str:
    """{% page_url "workspace:group" group=group.pk %}: the URL of a page in the environment that the page shows."""
    return navigation.page_url(route, context["environment"], **kwargs)


@register.simple_tag(takes_context=True)
def branding(context: template.Context) -> Brand | None:
    """{% branding as brand %}: the look of the environment that the page shows; None if it shows none."""
    environment = context.get("environment")
    return context.get("brand") or (brand_of(environment) if environment else None)


@register.simple_tag
def practice_idp() -> str:
    """{% practice_idp as practice %}: its address; "" where this is no installation for practice."""
    return loopback.practice_idp(settings.ORIGIN)


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(context: template.Context, label: str, key: str) -> dict[str, object]:
    """{% sort_header "Name" key="name" %}: a column head that sorts by ?sort=name, then ?sort=-name."""
    query = context["request"].GET.copy()
    current = query.get("sort", "")
    direction = {key: "ascending", f"-{key}": "descending"}.get(current, "")
    query["sort"] = f"-{key}" if direction == "ascending" else key
    query.pop("page", None)
    return {"label": label, "direction": direction, "url": f"?{query.urlencode()}"}


@register.simple_tag
def options_of(optgroups: Iterable[tuple[str | None, list[dict[str, Any]], int]]) -> SafeString:
    """{% options_of widget.optgroups %}: what a select offers. A template for each of 1,000 groups takes very long."""
    lines: list[str] = []
    for name, options, _index in optgroups:
        inside = [format_html(_OPTION, each["value"], flatatt(each["attrs"]), each["label"]) for each in options]
        lines += [format_html('<optgroup label="{}">', name), *inside, "</optgroup>"] if name else inside
    return mark_safe("\n  ".join(lines))  # noqa: S308 -- each line is escaped


@register.simple_tag
def time_ago(value: datetime | None, empty: str = "") -> str:
    """{% time_ago token.last_used_at empty="Never used" %}: words or a date, exact in the title."""
    if value is None:
        return empty or _("Never")
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}" tabindex="0">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{date_format(local)}, {local:%H:%M:%S %Z}",
        relative_words(local, timezone.now()),
    )


@register.simple_tag
def time_span(first: datetime, last: datetime) -> str:
    """{% time_span attempt.at attempt.last_at %}: "from 3 hours ago to just now", or one time."""
    now = timezone.now()
    if relative_words(first, now) == relative_words(last, now):
        return time_ago(last)
    return format_html(_("from {first} to {last}"), first=time_ago(first), last=time_ago(last))


@register.filter
def ago(value: datetime) -> str:
    """{{ event.at|ago }}: the same words alone, beside a time that is shown."""
    return relative_words(value, timezone.now())


@register.filter
def in_html(value: object) -> object:
    """Return a value as pages show it. The loader adds this to the values in text."""
    if isinstance(value, SafeString) and OPEN in value and "<" not in value:
        # A sentence of `{% blocktranslate asvar %}`. Its names are isolated by characters.
        return value_html(unescape(value))
    # A lazy text is one of ours. It wraps at its own words, and no part of it is cut.
    is_marked = not isinstance(value, Promise) and not hasattr(value, "__html__") and needs_markup(str(value))
    return value_html(str(value)) if is_marked else value


@register.filter
def in_plain_text(value: object) -> object:
    """Do the same in mail, which has no elements."""
    return isolated(str(value)) if turns(str(value)) else value


@register.filter
def add(value: object, name: object) -> str:
    """{{ "Remove "|add:provider.name }}: two texts as one, with each name isolated. Replaces Django's filter."""
    return isolated(str(value)) + isolated(str(name))


@register.filter
def join(names: Iterable[object], separator: str) -> str:
    """{{ sources|join:", " }}: names as one text, each isolated. Replaces Django's filter."""
    return separator.join(isolated(str(name)) for name in names)


register.filter("title_of", title_of)
register.filter("wrapped", wrapped_html)


@register.filter
def initials(name: str) -> str:
    """Return one or two letters for a name or an address: "Ada Lovelace" → AL, "ada@example.com" → A."""
    words = name.partition("@")[0].split()
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()


@register.filter
def middle(text: str, most: int) -> str:
    """{{ path|middle:70 }}: a long text without its middle. Values mostly differ at their ends."""
    start = most * 2 // 3
    return text if len(text) <= most else f"{text[:start]}…{text[start - most + 1 :]}"


@register.filter
def lookup(mapping: dict[object, object] | None, key: object) -> object:
    """{{ hints|lookup:value }}: the entry of a dictionary; empty if there is none."""
    return (mapping or {}).get(key, "")


@register.filter
def pretty_json(value: object) -> str:
    """Return a document or its JSON text indented, with bidirectional controls escaped. Other text stays as it is."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return escaped_controls(json.dumps(value, indent=2, ensure_ascii=False))


def checked_tone(tone: str) -> str:
    """Return the tone. Raises ValueError if there is none of that name."""
    if tone not in TONES:
        raise ValueError(f"Unknown tone {tone!r}; one of {', '.join(sorted(TONES))}.")
    return tone


def relative_words(value: datetime, now: datetime) -> str:
    """Return "just now", "5 minutes ago" or "in 3 days"; the date if it is more than 30 days away."""
    distance = abs(now - value)
    if distance < timedelta(minutes=1):
        return _("just now")
    if distance > timedelta(days=30):
        return date_format(value, "SHORT_DATE_FORMAT")
    if value < now:
        return _("%(time)s ago") % {"time": timesince(value, now, depth=1, time_strings=_TIMES)}
    return _("in %(time)s") % {"time": timeuntil(value, now, depth=1, time_strings=_TIMES)}
