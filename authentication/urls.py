"""Console pages of an environment's sign-in, below workspaces/<workspace>/<environment>/."""

from django.urls import path

from authentication.views import (
    attempts,
    branding,
    bypasses,
    certificates,
    people,
    policy,
    provider_settings,
    provider_test,
    providers,
    sp_certificates,
    wizard,
)

app_name = "authentication"

PROVIDER = "authentication/providers/<uuid:provider>/"
BYPASS = "access-control/sso-bypass/"
END_USER = "end-users/<uuid:end_user>/sign-in/"

urlpatterns = [
    path("authentication/", policy.environment, name="environment"),
    path("login-experience/preview/<slug:draft>/<slug:state>/", branding.preview, name="login-experience-preview"),
    path("authentication/saml/", policy.saml_switch, name="saml-switch"),
    path("authentication/password/", policy.password_switch, name="password-switch"),
    path("authentication/undo/<uuid:event>/", policy.undo_change, name="undo"),
    path("authentication/providers/new/", wizard.create, name="provider-create"),
    path(PROVIDER, wizard.edit, name="provider-edit"),
    path(f"{PROVIDER}connection/", wizard.connect, name="provider-connect"),
    path(f"{PROVIDER}certificates/", certificates.index, name="provider-certificates"),
    path(f"{PROVIDER}metadata/refresh/", certificates.refresh, name="provider-metadata-refresh"),
    path(f"{PROVIDER}metadata/confirm/", certificates.confirm, name="provider-metadata-confirm"),
    path(f"{PROVIDER}metadata/discard/", certificates.discard, name="provider-metadata-discard"),
    path(f"{PROVIDER}settings/", provider_settings.settings, name="provider-settings"),
    path(f"{PROVIDER}settings/signing/", provider_settings.signing_switch, name="provider-signing"),
    path(f"{PROVIDER}settings/sha1/", provider_settings.sha1_switch, name="provider-sha1"),
    path(
        f"{PROVIDER}settings/idp-initiated/",
        provider_settings.idp_initiated_switch,
        name="provider-idp-initiated",
    ),
    path(f"{PROVIDER}sp-certificate/", sp_certificates.download, name="provider-sp-certificate"),
    path(f"{PROVIDER}sp-certificate/create/", sp_certificates.create, name="provider-sp-create"),
    path(f"{PROVIDER}sp-certificate/rollover/start/", sp_certificates.start, name="provider-rollover-start"),
    path(f"{PROVIDER}sp-certificate/rollover/finish/", sp_certificates.finish, name="provider-rollover-finish"),
    path(f"{PROVIDER}sp-certificate/rollover/cancel/", sp_certificates.cancel, name="provider-rollover-cancel"),
    path(f"{PROVIDER}test/", provider_test.page, name="provider-test"),
    path(f"{PROVIDER}test/start/", provider_test.start, name="provider-test-start"),
    path(f"{PROVIDER}test/<slug:answered>/", provider_test.result, name="provider-test-result"),
    path(f"{PROVIDER}use/", providers.use_elsewhere, name="provider-use"),
    path(f"{PROVIDER}enable/", providers.enable, name="provider-enable"),
    path(f"{PROVIDER}disable/", providers.disable, name="provider-disable"),
    path(f"{PROVIDER}enforce/", providers.enforce, name="provider-enforce"),
    path(f"{PROVIDER}remove/", providers.remove, name="provider-remove"),
    path(END_USER, people.detail, name="end-user"),
    path(f"{END_USER}invite/", people.invite, name="end-user-invite"),
    path(f"{END_USER}reset/", people.reset, name="end-user-reset"),
    path(f"{END_USER}sessions/end/", people.end_all, name="end-user-sessions-end"),
    path(f"{END_USER}sessions/<uuid:session>/end/", people.end_one, name="end-user-session-end"),
    path(BYPASS, bypasses.index, name="sso-bypasses"),
    path(f"{BYPASS}add/", bypasses.choose, name="sso-bypass-choose"),
    path(f"{BYPASS}add/<uuid:end_user>/", bypasses.add, name="sso-bypass-add"),
    path(f"{BYPASS}<uuid:bypass>/end/", bypasses.end, name="sso-bypass-end"),
    path("sign-in-attempts/", attempts.index, name="attempts"),
]
