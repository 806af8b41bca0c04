"""Console pages of an environment's sign-in, below workspaces/<workspace>/<environment>/."""

from django.urls import path

from authentication.views import attempts, people, policy, providers, wizard

app_name = "authentication"

PROVIDER = "authentication/providers/<uuid:provider>/"
END_USER = "end-users/<uuid:end_user>/sign-in/"

urlpatterns = [
    path("authentication/", policy.environment, name="environment"),
    path("authentication/saml/", policy.saml_switch, name="saml-switch"),
    path("authentication/password/", policy.password_switch, name="password-switch"),
    path("authentication/providers/new/", wizard.create, name="provider-create"),
    path(PROVIDER, wizard.edit, name="provider-edit"),
    path(f"{PROVIDER}connection/", wizard.connect, name="provider-connect"),
    path(f"{PROVIDER}certificates/", providers.certificates, name="provider-certificates"),
    path(f"{PROVIDER}use/", providers.use, name="provider-use"),
    path(f"{PROVIDER}enable/", providers.enable, name="provider-enable"),
    path(f"{PROVIDER}disable/", providers.disable, name="provider-disable"),
    path(f"{PROVIDER}remove/", providers.remove, name="provider-remove"),
    path(END_USER, people.detail, name="end-user"),
    path(f"{END_USER}invite/", people.invite, name="end-user-invite"),
    path(f"{END_USER}reset/", people.reset, name="end-user-reset"),
    path(f"{END_USER}sessions/end/", people.end_all, name="end-user-sessions-end"),
    path(f"{END_USER}sessions/<uuid:session>/end/", people.end_one, name="end-user-session-end"),
    path("sign-in-attempts/", attempts.index, name="attempts"),
]
