"""The stock routes."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("livez", livez), path("scim/v2/", include("django_scim.urls"))]
