"""Pages from which a browser goes on to an identity provider."""

from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def leading_on(request: HttpRequest, template: str, url: str, context: dict[str, Any]) -> HttpResponse:
    """A page that goes on to the URL by itself.

    Not a redirect: after a form, `form-action` of the content security policy would stop it at the IdP's host.
    """
    response = render(request, template, context)
    response["Refresh"] = f"0; url={url}"
    return response


def posting(request: HttpRequest, template: str, url: str, context: dict[str, Any]) -> HttpResponse:
    """A page whose form may go to that URL: our policy allows no script in pages, so its button is pressed."""
    parts = urlsplit(url)
    allowing: Any = csp_replace({"form-action": [f"{parts.scheme}://{parts.netloc}"]})
    response: HttpResponse = allowing(render)(request, template, context)
    return response
