"""Paths of the management API that this app adds."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
