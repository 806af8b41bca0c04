"""Your account: name, password and sessions of who is signed in."""

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from workspace.actions.accounts import (
    change_account_password,
    choose_language,
    choose_theme,
    end_account_session,
    end_account_sessions,
    rename_account,
)
from workspace.console.account import AccountRequest, account_page, personal
from workspace.console.acting import refusals_in_form
from workspace.console.methods import post_only
from workspace.console.passkeys import works_here
from workspace.console.proof import prove
from workspace.forms import sent
from workspace.forms.account import LanguageForm, NameForm, ThemeForm
from workspace.forms.passwords import ChangePasswordForm
from workspace.models import AuthenticatorApp, ConsoleSession, User
from workspace.passkeys import origin
from workspace.visits import Visit


@personal()
def index(request: AccountRequest) -> HttpResponse:
    """Show the account, and take another name."""
    form = NameForm(sent(request), initial={"full_name": request.user.full_name})
    if form.is_valid():
        with refusals_in_form(form):
            name = form.cleaned_data["full_name"]
            is_changed = rename_account(user=request.user, full_name=name, by=request.actor)
            messages.success(request, _("Your name is saved.") if is_changed else _("Nothing was changed."))
            return redirect("workspace:account")
    context = {
        "form": form,
        "theme_form": ThemeForm(initial={"theme": request.user.theme}),
        "language_form": LanguageForm(initial={"language": request.user.language}),
        "sessions": _sessions(request),
        "session_key": request.session.session_key,
        "app": AuthenticatorApp.objects.filter(user=request.user).first(),
        "passkeys": request.user.passkeys.all(),
        "passkeys_work": works_here(request),
        "passkeys_at": f"{origin()}{request.path}",
        "codes_left": request.user.recovery_codes.filter(used_at=None).count(),
    }
    return account_page(request, "workspace/account/index.html", context)


@post_only("workspace:account")
@personal()
def theme(request: AccountRequest) -> HttpResponse:
    """Choose the colour scheme of the console."""
    form = ThemeForm(request.POST)
    if form.is_valid():
        choose_theme(user=request.user, theme=User.Theme(form.cleaned_data["theme"]))
        messages.success(request, _("Your theme is saved."))
    else:
        messages.error(request, _("Choose one of the themes."))
    return redirect("workspace:account")


@post_only("workspace:account")
@personal()
def language(request: AccountRequest) -> HttpResponse:
    """Choose the language of the console."""
    form = LanguageForm(request.POST)
    if form.is_valid():
        choose_language(user=request.user, language=form.cleaned_data["language"])
        translation.activate(form.cleaned_data["language"] or translation.get_language_from_request(request))
        messages.success(request, _("Your language is saved."))
    else:
        messages.error(request, _("Choose one of the languages."))
    return redirect("workspace:account")


@sensitive_post_parameters()
@personal()
def password(request: AccountRequest) -> HttpResponse:
    """Change the password. The sessions in other browsers end."""
    form = ChangePasswordForm(sent(request), owner=request.user)
    if form.is_valid():
        with refusals_in_form(form):
            user = change_account_password(
                user=request.user,
                current=form.cleaned_data["current"],
                password=form.cleaned_data["password"],
                visit=Visit.of(request),
                now=timezone.now(),
            )
            # Rotates the key of this session, and keeps it.
            update_session_auth_hash(request, user)
            prove(request)
            messages.success(request, _("Your password is changed. Your other sessions are signed out."))
            return redirect("workspace:account")
    return account_page(request, "workspace/account/password.html", {"form": form})


@post_only("workspace:account")
@personal()
def end_session(request: AccountRequest, name: str) -> HttpResponse:
    """Sign out in one browser."""
    browser = end_account_session(user=request.user, name=name, by=request.actor)
    messages.success(request, _("%(browser)s is signed out.") % {"browser": browser})
    return redirect("workspace:account")


@post_only("workspace:account")
@personal()
def end_sessions(request: AccountRequest) -> HttpResponse:
    """Sign out in every browser, this one too."""
    end_account_sessions(user=request.user, by=request.actor)
    logout(request)
    messages.success(request, _("You are signed out in every browser."))
    return redirect("workspace:sign-in")


def _sessions(request: AccountRequest) -> list[ConsoleSession]:
    """Return the sessions that count: this one, then the others by their last use."""
    now, key = timezone.now(), request.session.session_key
    rows = [each for each in request.user.console_sessions.order_by("-expire_date") if each.counts(request.user, now)]
    return sorted(rows, key=lambda each: each.session_key != key)
