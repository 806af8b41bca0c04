"""The look of end users' pages: its files and its style sheet, for everybody, and its preview for administrators."""

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from authentication.forms.sign_in import PasswordSignInForm
from authentication.policy import SignInPolicy
from authentication.views.sign_in import REFUSAL
from workspace.brand import brand_of
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.responses import FOREVER, served_file
from workspace.models import BrandingFile, Environment
from workspace.views.login_experience import drafted


@require_safe
def file(request: HttpRequest, workspace: str, environment: str, digest: str) -> HttpResponse:
    """Serve a file that the environment's pages show. Who has no session yet needs it too."""
    found = BrandingFile.objects.at(workspace, environment).in_use().filter(digest=digest).first()
    return served_file(found, is_public=True)


@require_safe
def style(request: HttpRequest, workspace: str, environment: str, digest: str) -> HttpResponse:
    """Serve the style sheet of the environment's pages. An old digest gets the present one, which is then not kept."""
    environments = Environment.objects.open().select_related("workspace", "login_experience")
    brand = brand_of(get_object_or_404(environments, slug=environment, workspace__slug=workspace))
    kept = FOREVER if digest == brand.style_digest else "no-cache"
    return HttpResponse(brand.style, content_type="text/css", headers={"Cache-Control": kept})


@xframe_options_sameorigin
@csp_replace({"frame-ancestors": [SELF], "script-src": [NONE], "form-action": [NONE]})
@console
@require_safe
def preview(request: ConsoleRequest, environment: Environment, draft: str, state: str) -> HttpResponse:
    """Show the sign-in page with a look that is not saved yet. Nothing on it does anything."""
    form = PasswordSignInForm(is_address_known=False)
    if state == "error":
        form = PasswordSignInForm(QueryDict("email=ada@example.com&password=+"), is_address_known=False)
        form.add_error(None, _(REFUSAL).format(reference="0192f5e0"))
    form.fields["email"].widget.attrs["autofocus"] = False
    ways = SignInPolicy.of(environment).ways("")
    context = {
        "form": form,
        "ways": ways,
        "providers": [{"name": each.identity_provider.name, "url": "#"} for each in ways.providers],
        "brand": drafted(environment, draft),
        "is_preview": True,
    }
    return render(request, "end_user/sign_in/ways.html", context)
