"""All URLs. The apps above are named as strings only."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from workspace.views import (
    access,
    account,
    account_passkeys,
    account_passwords,
    account_second_factor,
    account_two_step,
    api_tokens,
    audit,
    end_users,
    gallery,
    groups,
    health,
    home,
    invitations,
    joining,
    members,
    merging,
    removal,
    second_step,
    sign_in,
)

handler500 = "workspace.outage.server_error"

ENVIRONMENT = "workspaces/<slug:workspace>/<slug:environment>/"

workspace_patterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/forgotten-password/", account_passwords.forgotten, name="password-forgotten"),
    path("sign-in/new-password/", account_passwords.set_by_link, name="password-new"),
    path("sign-in/passkey/", account_passkeys.sign_in, name="sign-in-passkey"),
    path("sign-in/second-step/", second_step.second_step, name="second-step"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("confirm-identity/", sign_in.confirm_identity, name="confirm-identity"),
    path("account/", account.index, name="account"),
    path("account/password/", account.password, name="account-password"),
    path("account/sessions/end/", account.end_sessions, name="account-sessions-end"),
    path("account/sessions/<slug:name>/end/", account.end_session, name="account-session-end"),
    path("account/second-factor/", account_second_factor.index, name="account-second-factor"),
    path("account/passkeys/add/", account_passkeys.add, name="account-passkey-add"),
    path("account/passkeys/<uuid:passkey>/remove/", account_passkeys.remove, name="account-passkey-remove"),
    path("account/two-step/", account_two_step.enable, name="account-two-step"),
    path("account/two-step/turn-off/", account_two_step.disable, name="account-two-step-off"),
    path("account/two-step/recovery-codes/", account_two_step.renew_codes, name="account-recovery-codes"),
    path("invitations/", joining.accept, name="invitation"),
    path("invitations/switch-account/", joining.switch_account, name="invitation-switch-account"),
    path("workspaces/<slug:workspace>/", home.workspace, name="workspace"),
    path("workspaces/<slug:workspace>/removed/", removal.removed, name="removed"),
    path(
        ENVIRONMENT,
        include(
            [
                path("access-control/", access.index, name="access-control"),
                path("access-control/rename/", removal.rename, name="access-control-rename"),
                path("access-control/remove/", removal.remove, name="access-control-remove"),
                path("access-control/second-factor/", access.second_factor, name="access-control-second-factor"),
                path("access-control/leave/", access.leave, name="access-control-leave"),
                path("access-control/<uuid:administrator>/role/", access.role, name="administrator-role"),
                path("access-control/<uuid:administrator>/remove/", access.remove, name="administrator-remove"),
                path("access-control/invitations/new/", invitations.invite, name="administrator-invite"),
                path(
                    "access-control/invitations/<uuid:invitation>/resend/",
                    invitations.resend,
                    name="administrator-invitation-resend",
                ),
                path(
                    "access-control/invitations/<uuid:invitation>/withdraw/",
                    invitations.withdraw,
                    name="administrator-invitation-withdraw",
                ),
                path("api-tokens/", api_tokens.index, name="api-tokens"),
                path("api-tokens/new/", api_tokens.create, name="api-token-create"),
                path("api-tokens/<uuid:token>/rotate/", api_tokens.rotate, name="api-token-rotate"),
                path("api-tokens/<uuid:token>/revoke/", api_tokens.revoke, name="api-token-revoke"),
                path("audit-log/", audit.index, name="audit-log"),
                path("audit-log/export.csv", audit.export_csv, name="audit-log-csv"),
                path("audit-log/export.jsonl", audit.export_json_lines, name="audit-log-json-lines"),
                path("audit-log/<uuid:event>/", audit.detail, name="audit-log-event"),
                path("groups/", groups.index, name="groups"),
                path("groups/new/", groups.create, name="group-create"),
                path("groups/<uuid:group>/", groups.detail, name="group"),
                path("groups/<uuid:group>/edit/", groups.edit, name="group-edit"),
                path("groups/<uuid:group>/members/add/", members.add, name="group-members-add"),
                path("groups/<uuid:group>/members/remove/", members.remove, name="group-members-remove"),
                path("groups/<uuid:group>/delete/", groups.delete, name="group-delete"),
                path("end-users/", end_users.index, name="end-users"),
                path("end-users/add/", end_users.add, name="end-user-add"),
                path("end-users/<uuid:end_user>/", end_users.detail, name="end-user"),
                path("end-users/<uuid:end_user>/edit/", end_users.edit, name="end-user-edit"),
                path("end-users/<uuid:end_user>/merge/", merging.choose, name="end-user-merge"),
                path("end-users/<uuid:end_user>/merge/<uuid:other>/", merging.merge, name="end-user-merge-with"),
                path("end-users/<uuid:end_user>/deactivate/", end_users.deactivate, name="end-user-deactivate"),
                path("end-users/<uuid:end_user>/reactivate/", end_users.reactivate, name="end-user-reactivate"),
            ]
        ),
    ),
]

urlpatterns = [
    path("sign-in/<slug:workspace>/<slug:environment>/", include("authentication.end_user_urls")),
    path("", include((workspace_patterns, "workspace"))),
    path(ENVIRONMENT, include("authentication.urls")),
    path(ENVIRONMENT, include("provisioning.urls")),
    path("saml/", include("authentication.saml_urls")),
    path("scim/<uuid:connection>/v2/", include("provisioning.scim.urls")),
    path("scim/<uuid:connection>/v2", include("provisioning.scim.base_urls")),
    path("operator/gallery/", admin.site.admin_view(gallery.gallery), name="gallery"),
    path("operator/", admin.site.urls),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]
