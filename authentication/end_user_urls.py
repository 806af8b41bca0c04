"""Pages of end users, below sign-in/<workspace>/<environment>/."""

from django.urls import path

from authentication.views import account, branding, logout, passwords, saml, sign_in

app_name = "end_user"

urlpatterns = [
    path("", sign_in.sign_in, name="sign-in"),
    path("sso/<uuid:provider>/", saml.start, name="sso"),
    path("branding/<slug:digest>/", branding.file, name="branding-file"),
    path("branding/<slug:digest>.css", branding.style, name="branding-style"),
    path("password/", sign_in.password, name="password"),
    path("sign-out/", logout.sign_out, name="sign-out"),
    path("signed-out/", logout.signed_out, name="signed-out"),
    path("password/forgotten/", passwords.forgotten, name="password-forgotten"),
    path("password/set/", passwords.set_by_link, name="password-set"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="account-password"),
    path("account/sessions/end/", account.end_all, name="account-sessions-end"),
    path("account/sessions/<uuid:other>/end/", account.end_one, name="account-session-end"),
]
