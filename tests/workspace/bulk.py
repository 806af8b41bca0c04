"""The pages of changes of many people, as a browser opens and presses them."""

from urllib.parse import urlencode


def path(place, do, *people, **more) -> str:
    query = [("do", do), *(("person", one.pk) for one in people), *more.items()]
    return f"{place.url}end-users/selected/?{urlencode(query)}"


def everybody(place, do, **more) -> str:
    return path(place, do, all="1", access="any", **more)


def mark(page) -> str:
    """What the confirmation page sends along."""
    return dict(page.context["hidden"])["expected"]


def confirm(client, url: str):
    """Open the confirmation page and press its button; the page that follows."""
    return client.post(url, {"expected": mark(client.get(url))}, follow=True)
