"""What identity providers and browsers reach under saml/."""

from django.urls import path

from authentication.views import saml

app_name = "saml"

urlpatterns = [path("<uuid:provider>/metadata", saml.metadata, name="metadata")]
