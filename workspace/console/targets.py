"""The page to which a sign-in leads."""

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme


def target_of(request: HttpRequest, default: str = settings.LOGIN_REDIRECT_URL) -> str:
    """Return the requested page if it is one of ours, else the start page or another default."""
    target = request.POST.get("next", request.GET.get("next", ""))
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if is_ours else resolve_url(default)
