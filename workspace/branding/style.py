"""The style sheet of an environment's pages: it gives the tokens of static/css/tokens.css other values.

Own colours are one scheme, so a page that has some stays in it, light or dark as its form background is. With the
default colours, the reader's scheme decides, as on all other pages.
"""

from workspace.branding.colours import BORDER, contrast, luminance, mixed, nearest_passing
from workspace.branding.fonts import STACKS, UPLOADED
from workspace.branding.look import Look

# The colours of what goes wrong, needs care or went well.
_TONES = {"danger": "#C62A2F", "warning": "#B7791F", "success": "#18693A"}
_BLACK, _WHITE = "#000000", "#FFFFFF"


def style_sheet(look: Look, font_url: str = "", scheme: str = "") -> str:
    """Return the style sheet. `scheme` keeps the default colours in a scheme too, for a preview."""
    is_dark = luminance(look.form_background) < 0.18
    is_fixed = look.has_own_colours or bool(scheme)
    font = _rule(":root", {"--font": STACKS.get(look.font, STACKS["system"])[1]})
    if look.font == UPLOADED and font_url:
        source = {"font-family": '"Brand"', "src": f'url("{font_url}") format("woff2")', "font-display": "swap"}
        font = _rule("@font-face", source) + _rule(":root", {"--font": f'"Brand", {STACKS["system"][1]}'})
    if is_fixed:
        tokens = {"color-scheme": "dark" if is_dark else "light", **_tokens(look)}
        return font + _when("(forced-colors: none)", _rule(":root", tokens))
    fills = _fills(look)
    light = _when("(forced-colors: none) and (prefers-color-scheme: light)", _rule(":root", _tokens(look)))
    return font + light + _when("(forced-colors: none) and (prefers-color-scheme: dark)", _rule(":root", fills))


def _tokens(look: Look) -> dict[str, str]:
    """Return the tokens. What is not chosen is mixed of what is, and moved until it can be read."""
    page, form, ink = look.page_background, look.form_background, look.primary_text_color
    muted, sunken = mixed(ink, form, 0.2), mixed(form, ink, 0.05)
    tokens = {
        "--canvas": page,
        "--surface": form,
        "--surface-sunken": sunken,
        "--surface-hover": mixed(form, ink, 0.06),
        "--surface-selected": mixed(form, look.brand_color, 0.1),
        "--ink": ink,
        "--ink-muted": nearest_passing(muted, form, sunken),
        "--ink-faint": nearest_passing(muted, form, page),
        "--line": mixed(form, ink, 0.14),
        "--line-strong": nearest_passing(mixed(form, ink, 0.5), form, least=BORDER),
        "--accent-ink": ink,
        **_fills(look),
    }
    for tone, fill in _TONES.items():
        soft = mixed(form, fill, 0.1)
        tokens |= {f"--{tone}-soft": soft, f"--{tone}-ink": nearest_passing(fill, form, soft, page)}
    return tokens


def _fills(look: Look) -> dict[str, str]:
    """Return the fill of buttons, and the text on them. Under the pointer, a button has more contrast."""
    text = look.secondary_text_color
    end = max((_BLACK, _WHITE), key=lambda end: contrast(text, end))
    hover = mixed(look.brand_color, end, 0.12)
    return {"--accent": look.brand_color, "--accent-hover": hover, "--on-fill": text}


def _rule(selector: str, values: dict[str, str]) -> str:
    return f"{selector}{{{';'.join(f'{name}:{value}' for name, value in values.items())}}}\n"


def _when(condition: str, rules: str) -> str:
    return f"@media {condition}{{\n{rules}}}\n"
