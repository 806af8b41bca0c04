"""Paths of the management API that this app adds."""

from django.urls import path

from authentication.api import attempts, sessions

urlpatterns = [
    path("end-users/<uuid:end_user>/sessions", sessions.Sessions.as_view()),
    path("end-users/<uuid:end_user>/sessions/<uuid:session>", sessions.OneSession.as_view()),
    path("sign-in-attempts", attempts.Attempts.as_view()),
    path("sign-in-attempts/<uuid:attempt>", attempts.OneAttempt.as_view()),
]
