"""Responses that several apps share."""

from datetime import timedelta
from math import ceil

from django.http import HttpResponse


def with_wait(response: HttpResponse, wait: timedelta) -> HttpResponse:
    """Return the response to an attempt. With a time to wait it is a 429 with Retry-After."""
    if wait:
        response.status_code = 429
        response["Retry-After"] = str(ceil(wait.total_seconds()))
    return response
