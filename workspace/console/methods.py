"""URLs that only take a POST."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse

View = Callable[..., HttpResponseBase]


def post_only(page: str) -> Callable[[View], View]:
    """Let a URL take a POST only. A GET, from the history or an old link, leads to the page that has the form.

    `page` is the route of that page. It takes the first arguments of this URL.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method in ("GET", "HEAD"):
                taken = request.resolver_match.kwargs if request.resolver_match else {}
                return redirect(_url(page, list(taken.items())))
            return HttpResponseNotAllowed(["POST"])

        return wrapper

    return decorate


def _url(page: str, arguments: list[tuple[str, object]]) -> str:
    """Return the URL of a page that takes some of the first arguments."""
    try:
        return reverse(page, kwargs=dict(arguments))
    except NoReverseMatch:
        if not arguments:
            raise
        return _url(page, arguments[:-1])
