"""Colours: how they are written, how well they can be told apart (WCAG 2.2), and the nearest one that can."""

import re
from collections.abc import Iterator

# Of text, and of what is no text but must be seen, such as the border of a field.
TEXT, BORDER = 4.5, 3.0

_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_STEPS = 100
_ENDS = ("#000000", "#FFFFFF")


def read_colour(text: str) -> str:
    """Return a colour as #RRGGBB. Raises ValueError if the text is none."""
    found = _HEX.fullmatch(text.strip())
    if not found:
        raise ValueError("no colour")
    digits = found[1].upper()
    return f"#{digits if len(digits) == 6 else ''.join(digit * 2 for digit in digits)}"


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance, from 0 (black) to 1 (white)."""
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mixed(one: str, other: str, share: float) -> str:
    """Return a colour with that share (0 to 1) of the other one in it."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(mine + (its - mine) * share):02X}" for mine, its in pairs)


def passes(colour: str, *others: str, least: float = TEXT) -> bool:
    """Say whether a colour can be told from all others."""
    return all(contrast(colour, other) >= least for other in others)


def nearest_passing(colour: str, *others: str, least: float = TEXT) -> str:
    """Return the nearest colour, darker or lighter, that can be told from all others.

    Where none can, it is black or white, whichever is better.
    """
    if passes(colour, *others, least=least):
        return colour
    near = next((each for each in _darker_and_lighter(colour) if passes(each, *others, least=least)), None)
    return near or max(_ENDS, key=lambda end: min(contrast(end, other) for other in others))


def _darker_and_lighter(colour: str) -> Iterator[str]:
    for step in range(1, _STEPS + 1):
        for end in _ENDS:
            yield mixed(colour, end, step / _STEPS)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
