"""What several apps answer in the same way."""

from datetime import timedelta
from math import ceil

from django.http import HttpResponse


def with_wait(response: HttpResponse, wait: timedelta) -> HttpResponse:
    """The response to an attempt; where too many were made, as 429 that says when to come again."""
    if wait:
        response.status_code = 429
        response["Retry-After"] = str(ceil(wait.total_seconds()))
    return response
