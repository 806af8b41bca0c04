"""Uploaded SVG: nothing that runs, loads or repeats itself without end is left, and the shapes stay."""

import re

import pytest

from tests.workspace.branding import svg
from workspace.branding.files import UnusableFile
from workspace.branding.pictures import clean_logo
from workspace.branding.svg import clean_svg

SHAPE = '<path d="M0 0h10v10z"/>'
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
RUNNING = [
    "<script>alert(1)</script>",
    "<SCRIPT>alert(1)</SCRIPT>",
    '<script href="https://evil.example/x.js"/>',
    f'<script {XLINK} xlink:href="data:text/javascript,alert(1)"/>',
    "<x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script>",
    f"<script {XHTML}>alert(1)</script>",
    "<script><![CDATA[alert(1)]]></script>",
    '<g onload="alert(1)"/>',
    '<g ONCLICK="alert(1)"/>',
    '<path d="M0" onmouseover="alert(1)"/>',
    '<a href="javascript:alert(1)"><path d="M0"/></a>',
    f'<a {XLINK} xlink:href="java&#10;script:alert(1)"><path d="M0"/></a>',
    '<animate attributeName="href" values="javascript:alert(1)"/>',
    '<set attributeName="onload" to="alert(1)"/>',
    '<handler type="application/javascript">alert(1)</handler>',
    f"<foreignObject><iframe {XHTML} src='javascript:alert(1)'/></foreignObject>",
    f"<iframe {XHTML} src='https://evil.example'/>",
    '<use href="data:image/svg+xml;base64,PHN2Zz4=#x"/>',
    '<g style="behavior:url(#x)"/>',
    "<g style='-moz-binding:url(#x)'/>",
    '<style>*{background:url("javascript:alert(1)")}</style>',
]
LOADING = [
    '<image href="https://evil.example/x.png"/>',
    f'<image {XLINK} xlink:href="https://evil.example/x.png"/>',
    '<feImage href="https://evil.example/x.svg"/>',
    '<use href="https://evil.example/x.svg#a"/>',
    '<use href="//evil.example/x.svg#a"/>',
    '<use href="other.svg#a"/>',
    '<path d="M0" fill="url(https://evil.example/x#a)"/>',
    '<path d="M0" fill="URL( \'https://evil.example/x\' )"/>',
    '<path d="M0" style="fill:url(//evil.example/x)"/>',
    '<path d="M0" style="fill:u\\72l(//evil.example/x)"/>',
    '<path d="M0" style="fill:image-set(\'https://evil.example/x\' 1x)"/>',
    '<path d="M0" filter="src(\'//evil.example/x\')"/>',
    "<style>@import 'https://evil.example/x.css';</style>",
    "<style>@font-face{font-family:x;src:url(https://evil.example/x)}</style>",
    "<style>path{fill:url(https://evil.example/x)}</style>",
    "<style>path{fill:url(/**/https://evil.example/x)}</style>",
    '<path d="M0" xml:base="https://evil.example/"/>',
    '<link xmlns="http://www.w3.org/1999/xhtml" href="https://evil.example/x.css" rel="stylesheet"/>',
    '<pattern id="p" href="https://evil.example/x.svg#p"/>',
    '<path d="M0" cursor="url(https://evil.example/x),auto"/>',
]


def cleaned(inside: str) -> str:
    return clean_svg(svg(inside)).content.decode()


def refusal(data: bytes) -> str:
    with pytest.raises(UnusableFile) as refused:
        clean_logo(data)
    return str(refused.value)


@pytest.mark.parametrize("part", RUNNING)
def test_nothing_that_runs_is_left(part):
    left = cleaned(part + SHAPE)
    assert SHAPE in left
    assert not re.search(r"script|alert|onload|onclick|onmouse|iframe|binding|behavior", left, re.IGNORECASE)


@pytest.mark.parametrize("part", LOADING)
def test_nothing_that_loads_is_left(part):
    left = cleaned(part + SHAPE)
    assert SHAPE in left
    assert "evil" not in left and "other.svg" not in left and "\\" not in left


def test_what_is_left_out_is_named():
    found = clean_svg(svg(f"<script/><path onclick='x' d='M0'/><image href='x'/><style>@import 'x';</style>{SHAPE}"))
    assert found.left_out == ("image", "onclick", "script", "style")
    assert clean_svg(svg(SHAPE)).left_out == ()


def test_what_draws_a_logo_stays():
    logo = (
        '<title>Acme</title><defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient>'
        '<clipPath id="c"><rect width="4" height="4"/></clipPath></defs><style>.a{fill:url(#g)}</style>'
        '<g clip-path="url(#c)" transform="translate(1 2)"><path class="a" d="M0 0h4"/><use href="#s"/></g>'
        '<symbol id="s"><circle r="2"/></symbol><text x="1" font-family="serif">A<tspan>b</tspan>c</text>'
    )
    assert cleaned(logo) == svg(logo).decode()


def test_data_of_editors_and_comments_go_without_a_word():
    found = clean_svg(svg(f'<!-- x --><?pi x?><i:pgf xmlns:i="http://ns.adobe.com/x">A</i:pgf>{SHAPE}'))
    assert found.content == svg(SHAPE) and found.left_out == ()


def test_a_document_type_goes_and_entities_are_refused():
    doctype = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://x/y.dtd">'
    )
    assert clean_svg(doctype + svg(SHAPE)).content == svg(SHAPE)
    laughs = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcde", "bcdef", strict=True)
    )
    for declared in (laughs, '<!ENTITY x SYSTEM "file:///etc/passwd">', '<!entity x "y">'):
        assert "entities" in refusal(f"<!DOCTYPE svg [{declared}]>".encode() + svg("<text>&f;</text>"))
    assert "well-formed" in refusal(svg("<text>&unknown;</text>"))


def test_other_encodings_are_refused():
    assert "not a PNG or an SVG" in refusal(svg(SHAPE).decode().encode("utf-16"))
    assert "well-formed" in refusal(svg("<text>é</text>").decode().encode("latin-1"))


@pytest.mark.parametrize(
    "inside",
    [
        '<use id="a" href="#a"/>',
        '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
        "".join(f'<g id="g{at}">{f"""<use href="#g{at + 1}"/>""" * 10}</g>' for at in range(9))
        + '<path id="g9" d="M0"/>',
        "".join(f'<pattern id="p{at}">{f"""<rect fill="url(#p{at + 1})"/>""" * 10}</pattern>' for at in range(9))
        + '<rect fill="url(#p0)"/>',
        '<mask id="m"><rect style="mask:url(#m)"/></mask><rect mask="url(#m)"/>',
        '<g id="a"><path d="M0"/></g><g id="a"><use href="#a"/></g>' + '<use href="#a"/>' * 30_000,
    ],
)
def test_parts_that_repeat_one_another_are_refused(inside):
    told = refusal(svg(inside))
    assert "too often" in told or "elements" in told


@pytest.mark.parametrize(
    "start",
    [
        '<svg xmlns="http://www.w3.org/2000/svg">',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1e300 1e300">',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 nan inf">',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 10">',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10">',
        '<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%">',
    ],
)
def test_a_size_that_cannot_be_used_is_refused(start):
    assert "no size" in refusal(f"{start}{SHAPE}</svg>".encode())


def test_the_page_decides_how_large_an_svg_is():
    found = clean_svg(f'<svg xmlns="http://www.w3.org/2000/svg" width="40px" height="10">{SHAPE}</svg>'.encode())
    assert found.content.startswith(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10">')


@pytest.mark.parametrize("inside", ["", "<g/>", '<image href="data:image/png;base64,AAAA"/>', "<script/>"])
def test_an_svg_without_shapes_is_refused(inside):
    assert "no shapes" in refusal(svg(inside))


@pytest.mark.parametrize("data", [b"<html><body/></html>", b"<rss/>", b'<x:svg xmlns:x="urn:x"/>'])
def test_other_xml_is_refused(data):
    assert "not an SVG" in refusal(data)


def test_deep_nesting_is_refused():
    assert "well-formed" in refusal(svg("<g>" * 5_000 + SHAPE + "</g>" * 5_000))
