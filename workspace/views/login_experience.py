"""Login experience: how the pages of an environment look for end users."""

from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from workspace.actions.login_experience import (
    copy_look,
    keep_draft,
    keep_file,
    reset_login_experience,
    save_login_experience,
)
from workspace.brand import SAVED, Brand
from workspace.branding.look import COLOURS, FILES, Look, faint_texts
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.responses import served_file
from workspace.forms.login_experience import LoginExperienceForm
from workspace.models import BrandingFile, Environment, LoginExperience, LoginExperienceDraft
from workspace.refusals import ConflictError
from workspace.uploads import takes_files
from workspace.words import Text

_STATES = {"light": gettext_lazy("Light"), "narrow": gettext_lazy("Narrow"), "error": gettext_lazy("Error state")}
_MEGABYTE = 2**20


@takes_files(body=20 * _MEGABYTE, file=5 * _MEGABYTE)
@csp_update({"frame-src": [SELF]})
@console(to_post=Permission.MANAGE_SIGN_IN)
def index(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show the look with its preview; save what was typed, or show only its preview."""
    if request.method == "POST" and "copy_from" in request.POST:
        return _copied(request, environment)
    saved = LoginExperience.look_of(environment)
    form = LoginExperienceForm(request, look=saved, version=LoginExperience.version_of(environment))
    if not form.is_bound:
        return _page(request, environment, form, saved, SAVED)
    form.use(request.POST.get("use", ""))
    is_valid = form.is_valid()
    _keep_files(request, environment, form)
    if not is_valid:
        return _page(request, environment, form, saved, SAVED)
    look, draft = form.look(), SAVED
    with refusals_in_form(form):
        if request.POST.get("do") == "save":
            return _saved(request, environment, form)
        draft = str(keep_draft(environment=environment, look=look, now=timezone.now()).pk)
    return _page(request, environment, form, look, draft)


@console(needs=Permission.MANAGE_SIGN_IN)
def reset(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Confirm with what goes, then give the pages the default look."""
    list_url, look = page_url("workspace:login-experience", environment), LoginExperience.look_of(environment)
    if request.method == "POST":
        is_changed = reset_login_experience(environment=environment, by=request.actor)
        messages.warning(request, _("End users see the default look now.") if is_changed else _("Nothing was changed."))
        return redirect(list_url)
    goes = [label for name, label in _labels().items() if getattr(look, name) != getattr(Look(), name)]
    context = {
        "effect": _("End users of %(environment)s see the default look at once.") % {"environment": environment},
        "notes": [_("Nothing undoes this. The audit log keeps the colors and texts, but no files.")],
        "names": goes,
        "names_label": _("What goes"),
        "submit": _("Reset to default"),
        "list_url": list_url,
    }
    return render(request, "workspace/login_experience/reset.html", context)


@console
@require_safe
def file(request: ConsoleRequest, environment: Environment, digest: str) -> HttpResponse:
    """Serve a file to administrators, also one that is not saved yet."""
    found = environment.branding_files.filter(digest=digest).first()
    return served_file(found, is_public=False)


@console
@require_safe
def style(request: ConsoleRequest, environment: Environment, draft: str) -> HttpResponse:
    """Serve the style sheet of a preview."""
    return HttpResponse(drafted(environment, draft).style, content_type="text/css")


def drafted(environment: Environment, draft: str) -> Brand:
    """Return the look of a preview. Raises Http404 if it is kept no longer."""
    look = LoginExperience.look_of(environment)
    if draft != SAVED:
        try:
            look = environment.login_experience_drafts.get(pk=UUID(draft)).look
        except (ValueError, LoginExperienceDraft.DoesNotExist):
            raise Http404 from None
    return Brand(environment, look, draft)


def _keep_files(request: ConsoleRequest, environment: Environment, form: LoginExperienceForm) -> None:
    """Store what was uploaded, also if something else is wrong: nobody has to choose a file twice."""
    for kind, (name, cleaned) in form.uploaded.items():
        kept = keep_file(environment=environment, kind=kind, name=name, file=cleaned, now=timezone.now())
        form.keep(kind, kept.digest)
        if cleaned.left_out:
            messages.warning(
                request,
                _("Left out of %(name)s: %(left_out)s. Check the preview.")
                % {"name": name, "left_out": ", ".join(cleaned.left_out)},
            )


def _saved(request: ConsoleRequest, environment: Environment, form: LoginExperienceForm) -> HttpResponse:
    look, seen = form.look(), form.cleaned_data["seen"]
    try:
        is_changed = save_login_experience(environment=environment, look=look, seen=seen, by=request.actor)
    except ConflictError:
        form.see(LoginExperience.objects.get(environment=environment).version)
        raise
    text = (
        _("End users of %(environment)s see the new look now.") % {"environment": environment}
        if is_changed
        else _("Nothing was changed.")
    )
    messages.success(request, text)
    return redirect(page_url("workspace:login-experience", environment))


def _copied(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Fill the form with the look of another environment. Nothing is saved by that."""
    others = environment.workspace.environments.exclude(pk=environment.pk)
    source = get_object_or_404(others, slug=request.POST["copy_from"])
    look = copy_look(environment=environment, source=source)
    form = LoginExperienceForm(None, look=look, version=LoginExperience.version_of(environment))
    messages.info(
        request,
        _("This is the look of %(source)s. It is not saved here yet: check it, then save the changes.")
        % {"source": source},
    )
    draft = keep_draft(environment=environment, look=look, now=timezone.now())
    return _page(request, environment, form, look, str(draft.pk))


def _page(
    request: ConsoleRequest, environment: Environment, form: LoginExperienceForm, look: Look, draft: str
) -> HttpResponse:
    urls = {
        state: page_url("authentication:login-experience-preview", environment, draft=draft, state=state)
        for state in _STATES
    }
    context = {
        "form": form,
        "colours": [form[name] for name in COLOURS],
        "files": _kept(environment, form),
        "faint": list(faint_texts(look)),
        "previews": [{"state": state, "label": label, "url": urls[state]} for state, label in _STATES.items()],
        "is_saved": draft == SAVED,
        "others": environment.workspace.environments.exclude(pk=environment.pk),
        "sign_in_url": page_url("end_user:sign-in", environment),
    }
    return render(request, "workspace/login_experience/index.html", context)


def _kept(environment: Environment, form: LoginExperienceForm) -> dict[str, BrandingFile]:
    """Return the file of each kind that the form names."""
    kept = {kind: form[f"{kind}_kept"].value() for kind in FILES}
    found = environment.branding_files.defer("content").filter(digest__in=[each for each in kept.values() if each])
    return {file.kind: file for file in found if kept.get(file.kind) == file.digest}


def _labels() -> dict[str, Text]:
    names = {name: label for name, (label, _) in COLOURS.items()}
    return {"app_name": _("App name"), "footer": _("Login form footer"), **names, "font": _("Font"), **FILES}
