"""The language of pages: what an administrator chose in Your account, else what the browser asks for."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from workspace.languages import is_known

Handler = Callable[[HttpRequest], HttpResponse]
# Operators' pages are English, and so is what programs are answered.
_ENGLISH = ("/operator/", "/scim/", "/api/")


def asked_for(get_response: Handler) -> Handler:
    """Answer in the language that the browser asks for (Accept-Language; RFC 9110, section 12.5.4)."""

    def handle(request: HttpRequest) -> HttpResponse:
        is_english = request.path.startswith(_ENGLISH)
        language = settings.LANGUAGE_CODE if is_english else translation.get_language_from_request(request)
        with translation.override(language):
            response = get_response(request)
            if not is_english and response.get("Content-Type", "").startswith("text/html"):
                response.headers["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
                patch_vary_headers(response, ["Accept-Language"])
        return response

    return handle


def chosen(get_response: Handler) -> Handler:
    """Answer a signed-in administrator in the language of the account. `asked_for` puts it back."""

    def handle(request: HttpRequest) -> HttpResponse:
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES and not request.path.startswith(_ENGLISH)
        if has_session and request.user.is_authenticated and is_known(request.user.language):
            translation.activate(request.user.language)
        return get_response(request)

    return handle
