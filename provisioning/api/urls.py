"""Paths of the management API that this app adds."""

from django.urls import path

from provisioning.api import connections, logs, mappings, methods, tokens

_CONNECTION = "scim-connections/<uuid:connection>"

urlpatterns = [
    path("providers/<uuid:provider>/uses/<uuid:use>/method", methods.ProvisioningMethod.as_view()),
    path("scim-connections", connections.Connections.as_view()),
    path(_CONNECTION, connections.OneConnection.as_view()),
    path(f"{_CONNECTION}/tokens", tokens.Tokens.as_view()),
    path(f"{_CONNECTION}/tokens/rotate", tokens.Rotation.as_view()),
    path(f"{_CONNECTION}/tokens/<uuid:token>", tokens.OneToken.as_view()),
    path(f"{_CONNECTION}/mappings", mappings.Mappings.as_view()),
    path(f"{_CONNECTION}/mappings/<uuid:mapping>", mappings.OneMapping.as_view()),
    path(f"{_CONNECTION}/activity", logs.Activity.as_view()),
    path(f"{_CONNECTION}/requests", logs.Requests.as_view()),
    path(f"{_CONNECTION}/requests/<uuid:exchange>", logs.OneRequest.as_view()),
]
