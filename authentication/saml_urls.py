"""What identity providers and browsers reach under saml/."""

from django.urls import path

from authentication.views import logout, saml, sso

app_name = "saml"

urlpatterns = [
    path("<uuid:provider>/metadata", saml.metadata, name="metadata"),
    path("<uuid:provider>/acs", sso.AcsView.as_view(), name="acs"),
    path("<uuid:provider>/acs/<slug:answered>", sso.end, name="acs-end"),
    path("<uuid:provider>/slo", logout.SloView.as_view(), name="slo"),
]
