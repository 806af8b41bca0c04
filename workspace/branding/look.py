"""The values of an environment's look, and what its colours do to the words on it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.branding.colours import TEXT, contrast, nearest_passing, passes

COLOURS = {
    "page_background": (gettext_lazy("Page background"), "#F1F5F9"),
    "form_background": (gettext_lazy("Form background"), "#FFFFFF"),
    "brand_color": (gettext_lazy("Brand color"), "#108291"),
    "primary_text_color": (gettext_lazy("Primary text color"), "#373D47"),
    "secondary_text_color": (gettext_lazy("Secondary text color"), "#FFFFFF"),
}
FILES = {"logo": gettext_lazy("Logo"), "favicon": gettext_lazy("Favicon"), "font_file": gettext_lazy("Font file")}
# Which text stands on which background.
_TEXT_ON = [
    ("primary_text_color", "form_background"),
    ("primary_text_color", "page_background"),
    ("secondary_text_color", "brand_color"),
]


@dataclass(frozen=True)
class Look:
    """How an environment's pages look. Files are named by the digest of their content; "" where there is none."""

    app_name: str = ""
    footer: str = ""
    page_background: str = COLOURS["page_background"][1]
    form_background: str = COLOURS["form_background"][1]
    brand_color: str = COLOURS["brand_color"][1]
    primary_text_color: str = COLOURS["primary_text_color"][1]
    secondary_text_color: str = COLOURS["secondary_text_color"][1]
    font: str = "system"
    logo: str = ""
    favicon: str = ""
    font_file: str = ""

    @property
    def values(self) -> dict[str, str]:
        return asdict(self)

    @property
    def has_own_colours(self) -> bool:
        return any(getattr(self, name) != default for name, (_, default) in COLOURS.items())


NAMES = [field.name for field in fields(Look)]


@dataclass(frozen=True)
class Faint:
    """A text that is hard to read on its background, and the nearest colour that mends it."""

    text: str
    background: str
    ratio: float
    # The field to change: the text's colour, or the background's where no colour of the text is enough.
    change: str
    better: str

    @property
    def sentence(self) -> str:
        text, background, change = (COLOURS[name][0] for name in (self.text, self.background, self.change))
        return _(
            "%(text)s on %(background)s has a contrast of %(ratio)s : 1, and %(needed)s : 1 is needed. "
            "The nearest %(color)s that passes is %(better)s."
        ) % {
            "text": text,
            "background": background,
            "ratio": f"{self.ratio:.1f}",
            "needed": TEXT,
            "color": change,
            "better": self.better,
        }


def faint_texts(look: Look) -> Iterator[Faint]:
    """Return what is hard to read (WCAG 2.2 AA)."""
    for text, background in _TEXT_ON:
        colour, behind = getattr(look, text), getattr(look, background)
        if (ratio := contrast(colour, behind)) < TEXT:
            all_behind = [getattr(look, each) for name, each in _TEXT_ON if name == text]
            change, better = text, nearest_passing(colour, *all_behind)
            if not passes(better, *all_behind):
                change, better = background, nearest_passing(behind, colour)
            # Cut off, not rounded: 4.47 is not 4.5.
            yield Faint(text, background, int(ratio * 10) / 10, change, better)
