"""Paths of the management API that this app adds."""

from django.urls import path

from authentication.api import attempts, provider_uses, providers, sessions

_PROVIDER = "providers/<uuid:provider>"

urlpatterns = [
    path("end-users/<uuid:end_user>/sessions", sessions.Sessions.as_view()),
    path("end-users/<uuid:end_user>/sessions/<uuid:session>", sessions.OneSession.as_view()),
    path("providers", providers.Providers.as_view()),
    path(_PROVIDER, providers.OneProvider.as_view()),
    path(f"{_PROVIDER}/connection", providers.Connection.as_view()),
    path(f"{_PROVIDER}/refresh", providers.Refresh.as_view()),
    path(f"{_PROVIDER}/certificates", providers.Certificates.as_view()),
    path(f"{_PROVIDER}/pending-metadata/confirm", providers.Confirmation.as_view()),
    path(f"{_PROVIDER}/pending-metadata/discard", providers.Discard.as_view()),
    path(f"{_PROVIDER}/uses", provider_uses.Uses.as_view()),
    path(f"{_PROVIDER}/uses/<uuid:use>", provider_uses.OneUse.as_view()),
    path("sign-in-attempts", attempts.Attempts.as_view()),
    path("sign-in-attempts/<uuid:attempt>", attempts.OneAttempt.as_view()),
]
