"""What identity providers and browsers reach under saml/."""

from django.urls import path

from authentication.views import saml, sso

app_name = "saml"

urlpatterns = [
    path("<uuid:provider>/metadata", saml.metadata, name="metadata"),
    path("<uuid:provider>/acs", sso.AcsView.as_view(), name="acs"),
    path("<uuid:provider>/acs/<slug:answered>", sso.end, name="acs-end"),
]
