"""Answers that were recorded of the application, after the SQL that they need."""

import json
import os
import threading
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.benchmarks.limit import Limit, Step
from tests.benchmarks.rows import Database
from tests.benchmarks.works import Tenant

_steps = threading.local()


@cache
def recorded(name: str) -> dict[str, Any]:
    """Return what the benchmark left for this server: `tenant`, or the exchange of a kind of work."""
    return json.loads((Path(os.environ["DATA_DIR"]) / "exchanges" / f"{name}.json").read_text())


def step_of(work: str) -> Step:
    """Return the statements of a kind of work, on a connection of this thread."""
    if not hasattr(_steps, "limit"):
        address = os.environ.get("DATABASE_URL") or str(settings.DATABASES["default"]["NAME"])
        _steps.limit = Limit(Database(address), Tenant(**recorded("tenant")))
    if not hasattr(_steps, work):
        setattr(_steps, work, _steps.limit.works()[work]())
    step: Step = getattr(_steps, work)
    return step


@csrf_exempt
def floor(request: HttpRequest, work: str) -> HttpResponse:
    """Read the body, run the statements, answer."""
    len(request.body)
    step_of(work)()
    answer = recorded(work)
    return HttpResponse(answer["text"], status=answer["status"], content_type="application/scim+json")


def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("livez", livez), path("floor/<work>", floor)]
