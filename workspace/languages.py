"""The languages that somebody can be told something in."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation


def is_known(language: str) -> bool:
    return language in dict(settings.LANGUAGES)


@contextmanager
def spoken_to(language: str) -> Iterator[None]:
    """Speak the language of an account inside the block; that of the request if the account has chosen none."""
    with translation.override(language if is_known(language) else translation.get_language()):
        yield
