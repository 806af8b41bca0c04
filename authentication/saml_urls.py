"""The SAML endpoints, below saml/."""

from django.urls import path

from authentication.views import logout, saml

app_name = "saml"

urlpatterns = [
    path("<uuid:provider>/metadata", saml.metadata, name="metadata"),
    path("<uuid:provider>/acs", saml.AcsView.as_view(), name="acs"),
    path("<uuid:provider>/acs/<slug:answered>", saml.finish, name="acs-finish"),
    path("<uuid:provider>/begin", saml.begin, name="begin"),
    path("<uuid:provider>/slo", logout.SloView.as_view(), name="slo"),
]
