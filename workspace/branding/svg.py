"""Uploaded SVG, written anew from an allow-list: shapes, texts and paints, and nothing that runs or loads anything."""

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from lxml import etree

from workspace.branding.allowed import ATTRIBUTES, ELEMENTS, FUNCTIONS
from workspace.branding.files import Cleaned, UnusableFile
from workspace.strict_xml import parse_xml
from workspace.words import grouped

_SVG = "http://www.w3.org/2000/svg"
# Browsers show elements of these namespaces; those of others are an editor's own data.
_SHOWN = {_SVG, "http://www.w3.org/1999/xhtml", None}
_XLINK = "{http://www.w3.org/1999/xlink}href"
_MOST_ELEMENTS, _MOST_DRAWN = 20_000, 50_000
# Of all coordinates of the view box.
_LARGEST = 1_000_000.0
# Old programs write one. It means nothing to a browser.
_DOCTYPE = re.compile(rb"<!DOCTYPE\s[^>\[]*>")
_SHAPES = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "use"}
_ELEMENTS = _SHAPES | set(ELEMENTS.split())
# These are drawn like a group.
_GROUPS = {"a", "switch"}
_WITH_TEXT = {"title", "desc", "style", "text", "tspan"}
_ATTRIBUTES = set(ATTRIBUTES.split())
_GRADIENTS = {"linearGradient", "radialGradient"}
_REFERRING = _GRADIENTS | {"use", "pattern"}
# What stands in brackets in CSS. Only `url(#id)` refers to something, and only to a part of the same file.
_FUNCTION = re.compile(r"([\w-]*)\s*\(\s*([^)]*)")
_HARMFUL = re.compile(r"[\\@<]|/\*|(javascript|vbscript|data|file|https?)\s*:|behavio|-moz-binding", re.IGNORECASE)
_HARMLESS = set(FUNCTIONS.split())
_LOCAL = re.compile(r"""["']?#([^"'()\s\\]+)["']?\s*""")


def is_xml(data: bytes) -> bool:
    """Say whether a file begins like XML."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def clean_svg(data: bytes) -> Cleaned:
    """Return the SVG as it is served. Raises UnusableFile."""
    if re.search(rb"<!DOCTYPE[^>]*\[|<!ENTITY", data, re.IGNORECASE):
        raise UnusableFile(_("This SVG declares entities. Export it again as plain SVG, without data of the program."))
    without_doctype = _DOCTYPE.sub(b"", data.removeprefix(b"\xef\xbb\xbf").lstrip(), count=1)
    try:
        root = parse_xml(without_doctype, drop_comments=True)
    except etree.XMLSyntaxError as error:
        raise UnusableFile(_("This file is not well-formed SVG. Export it again and upload that file.")) from error
    if etree.QName(root).localname != "svg" or etree.QName(root).namespace not in (_SVG, None):
        raise UnusableFile(_("This file is XML, but not an SVG. Export the logo as SVG and upload that file."))
    if sum(1 for _ in root.iter()) > _MOST_ELEMENTS:
        raise UnusableFile(
            _("This SVG has more than %(most_elements)s elements. Simplify it, or upload a PNG.")
            % {"most_elements": grouped(_MOST_ELEMENTS)}
        )
    copy = _Copy({name for name, each in _by_id(root).items() if etree.QName(each).localname in _GRADIENTS})
    copied = copy.of(root, None)
    _set_box(root, copied)
    if not any(etree.QName(each).localname in _SHAPES for each in copied.iter()):
        raise UnusableFile(
            _("This SVG has no shapes that can be shown. Pictures inside an SVG cannot: upload it as PNG.")
        )
    _refuse_bomb(copied)
    return Cleaned("image/svg+xml", etree.tostring(copied, encoding="utf-8"), tuple(sorted(copy.left_out)))


@dataclass
class _Copy:
    """Copies what is allowed of an SVG, and remembers the names of what is not.

    A style sheet may refer to gradients only: nothing of a gradient is drawn again and again.
    """

    gradients: set[str]
    left_out: set[str] = field(default_factory=set)

    def of(self, element: etree._Element, parent: etree._Element | None) -> etree._Element:
        name = etree.QName(element).localname
        new = f"{{{_SVG}}}{'g' if name in _GROUPS else name}"
        copy = etree.Element(new, nsmap={None: _SVG}) if parent is None else etree.SubElement(parent, new)
        for key, value in element.items():
            self._copy_attribute(copy, key, value)
        if name in _WITH_TEXT:
            copy.text = element.text
        if name == "style":
            self._copy_sheet(copy, element.text or "")
            return copy
        for child in element:
            if self._is_allowed(child):
                grandchild = self.of(child, copy)
                grandchild.tail = child.tail if name in _WITH_TEXT else None
        return copy

    def _is_allowed(self, element: etree._Element) -> bool:
        name = etree.QName(element)
        if name.namespace in (_SVG, None) and name.localname in _ELEMENTS | _GROUPS:
            return True
        if name.namespace in _SHOWN:
            self.left_out.add(name.localname)
        return False

    def _copy_attribute(self, copy: etree._Element, key: str, value: str) -> None:
        name = etree.QName(key).localname
        if key in ("href", _XLINK):
            is_right = etree.QName(copy).localname in _REFERRING and bool(_LOCAL.fullmatch(value.strip()))
        else:
            is_right = key in _ATTRIBUTES and _references(value) is not None
        if is_right:
            copy.set(name, value.strip())
        elif key in _ATTRIBUTES or name == "href" or name.lower().startswith("on"):
            self.left_out.add(name)

    def _copy_sheet(self, copy: etree._Element, css: str) -> None:
        without_comments = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
        names = _references(without_comments)
        if names is None or not self.gradients.issuperset(names):
            self.left_out.add("style")
            without_comments = ""
        copy.text = without_comments


def _references(css: str) -> list[str] | None:
    """Return the ids to which a value or a style sheet refers; None if it may load or run something.

    No at-rule, no escape and no function but known ones is harmless.
    """
    if _HARMFUL.search(css):
        return None
    names = []
    for function, inside in _FUNCTION.findall(css):
        if function.lower() == "url":
            if not (found := _LOCAL.fullmatch(inside)):
                return None
            names.append(found[1])
        elif function and function.lower() not in _HARMLESS:
            return None
    return names


def _by_id(root: etree._Element) -> dict[str, etree._Element]:
    """Return the elements that have an id. Of two with the same id, the first one counts."""
    found: dict[str, etree._Element] = {}
    for element in root.iter():
        found.setdefault(element.get("id", ""), element)
    found.pop("", None)
    return found


def _set_box(root: etree._Element, copy: etree._Element) -> None:
    """Give the SVG a view box and no size of its own: the page decides how large it is."""
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip()) if root.get("viewBox") else ["0", "0"]
    if len(box) == 2:
        box += [_length(root.get(side, "")) for side in ("width", "height")]
    try:
        numbers = [float(each) for each in box]
    except ValueError:
        numbers = []
    # A comparison with "not a number" is never true.
    is_right = len(numbers) == 4 and all(-_LARGEST <= each <= _LARGEST for each in numbers)
    if not is_right or min(numbers[2:]) <= 0:
        raise UnusableFile(
            _("This SVG says no size that can be used. Export it with a viewBox, or with width and height.")
        )
    copy.set("viewBox", " ".join(box))
    for side in ("width", "height"):
        copy.attrib.pop(side, None)


def _length(text: str) -> str:
    return text.strip().removesuffix("px").removesuffix("pt")


def _refuse_bomb(root: etree._Element) -> None:
    """Refuse parts that refer to one another so that a few of them are drawn a million times, or without end."""
    by_id, costs = _by_id(root), dict[etree._Element, int]()
    refusal = UnusableFile(
        _("Parts of this SVG repeat one another too often to be drawn. Simplify it, or upload a PNG.")
    )

    def cost(element: etree._Element) -> int:
        if element not in costs:
            # Whoever comes here again meanwhile has gone round.
            costs[element] = _MOST_DRAWN
            targets = [by_id[name] for name in _targets(element) if name in by_id]
            costs[element] = 1 + sum(cost(each) for each in (*element, *targets))
        if costs[element] >= _MOST_DRAWN:
            raise refusal
        return costs[element]

    try:
        cost(root)
    except RecursionError:
        raise refusal from None


def _targets(element: etree._Element) -> list[str]:
    """Return the ids of what is drawn with an element."""
    names = [name for value in element.values() for name in _references(value) or ()]
    return [*names, element.get("href", "").strip("#\"' ")]
