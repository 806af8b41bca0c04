"""The gallery: every component of the interface in its states, for operators."""

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from workspace.db.paging import numbered_list

METHODS = {"manual": "Manual provisioning", "jit": "JIT provisioning", "scim": "SCIM provisioning"}
METHOD_HINTS = {
    "manual": "Administrators add end users here.",
    "jit": "An end user is created at the first sign-in.",
    "scim": "The identity provider creates, updates and deactivates end users.",
}
ENVIRONMENTS = {"dev": "DEV", "test": "TEST", "prod": "PROD"}


class GalleryForm(forms.Form):
    name = forms.CharField(label="Identity provider (IdP) name", help_text="For example: Okta Dev")
    enforcement = forms.ChoiceField(
        label="Enforce SAML authentication for",
        choices={"none": "No one yet", "all": "All domains", "selected": "Selected domains"},
    )
    certificate = forms.CharField(label="X.509 certificate(s)", widget=forms.Textarea(attrs={"class": "mono"}))
    metadata = forms.FileField(label="Metadata XML", help_text="A file of your identity provider.", required=False)
    password = forms.CharField(label="Password", widget=forms.PasswordInput)
    has_url = forms.ChoiceField(
        label="Do you have your identity provider metadata URL?",
        choices={"yes": "Yes", "no": "No"},
        widget=forms.RadioSelect,
    )
    environments = forms.MultipleChoiceField(
        label="Environment access", choices=ENVIRONMENTS, widget=forms.CheckboxSelectMultiple
    )
    is_synced = forms.BooleanField(label="Enable user groups syncing", help_text="Added and removed.", required=False)


class DependentForm(forms.Form):
    method = forms.ChoiceField(label="Provisioning method", choices=METHODS, widget=forms.RadioSelect, initial="jit")
    sync = forms.BooleanField(label="Enable user groups syncing", required=False)


class FilterForm(forms.Form):
    q = forms.CharField(label="Search", widget=forms.SearchInput, required=False)
    status = forms.ChoiceField(
        label="Status", choices={"": "All", "active": "Active", "deactivated": "Deactivated"}, required=False
    )


def gallery(request: HttpRequest) -> HttpResponse:
    """Show the gallery. Its samples are data, so the template reads like any page."""
    wrong = {"name": "", "enforcement": "some", "has_url": "", "environments": ["dev", "nowhere"]}
    return render(
        request,
        "workspace/gallery.html",
        {
            "form": GalleryForm(),
            "wrong_form": GalleryForm(wrong, prefix="wrong"),
            "dependent_form": DependentForm(),
            "method_hints": METHOD_HINTS,
            "filter_form": FilterForm(request.GET or None),
            "page_obj": numbered_list(range(1204), request.GET.get("page", "2")),
            **samples(),
        },
    )


def samples() -> dict[str, object]:
    """Return sample data as pages would pass it to the components."""
    now = timezone.now()
    minutes_ago = now - timedelta(minutes=4)
    return {
        "tabs": [
            {"label": "End-user groups", "url": "#tabs", "count": 12},
            {"label": "Authentication", "url": "#tabs", "current": True},
            {"label": "Sign-in", "url": "#tabs"},
        ],
        "steps": [
            {"label": "Identity provider", "url": "#stepper", "state": "done"},
            {"label": "Connect", "state": "current"},
            {"label": "Test sign-in", "state": "todo"},
        ],
        "actions": [
            {"label": "Edit", "url": "#menu"},
            {"label": "End user & group provisioning", "url": "#menu"},
            {"label": "Test sign-in", "url": "#menu"},
            {"label": "Remove", "url": "#menu", "danger": True},
        ],
        "people": [
            {
                "name": "Ada Lovelace",
                "email": "ada@example.com",
                "status": "Active",
                "tone": "success",
                "at": minutes_ago,
            },
            {"name": "Grace Hopper", "email": "grace@example.com", "status": "Invited", "tone": "info", "at": None},
            {
                "name": "Alan Turing",
                "email": "alan@example.com",
                "status": "Deactivated",
                "at": now - timedelta(days=90),
            },
        ],
        "facts": [
            {"label": "Full name", "value": "Ada Lovelace", "hint": "from Okta Dev"},
            {"label": "Email address", "value": "ada@example.com", "url": "#definitions"},
            {"label": "External id", "value": "00u1a2b3c4D5E6F7g8h9", "mono": True},
        ],
        "checks": [
            {
                "label": "First call",
                "state": "done",
                "at": minutes_ago,
                "detail": "Okta asked for its first page of users.",
            },
            {"label": "Create an end user", "state": "failed", "detail": "The request had no userName."},
            {"label": "Push a group", "state": "waiting"},
        ],
        "events": [
            {"sentence": "Okta Dev created Ada Lovelace.", "at": minutes_ago, "icon": "plus", "tone": "success"},
            {"sentence": "Okta Dev removed 3 members from Builders.", "at": now - timedelta(hours=3), "icon": "group"},
            {
                "sentence": "A request was refused: no userName.",
                "at": now - timedelta(days=2),
                "icon": "alert",
                "tone": "danger",
            },
        ],
        "exchange": {
            "method": "PATCH",
            "path": "/scim/0199c0de/v2/Users/2819c223-7f76-453a-919d-413861904646",
            "status": 400,
            "at": minutes_ago,
            "duration_ms": 14,
            "remedy": "Map userName in your identity provider, then let it send the user again.",
            "notes": ["Entra sent active as text; it was read as a boolean."],
            "request_headers": [("Content-Type", "application/scim+json"), ("Authorization", "Bearer scim_…9f2c")],
            "request_body": {"Operations": [{"op": "replace", "path": "active", "value": "False"}]},
            "response_body": {"status": "400", "scimType": "invalidValue", "detail": "userName is required."},
        },
        "metadata": '<md:EntityDescriptor entityID="https://sso.example.com/saml/0199c0de/metadata">',
        "names": ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Katherine Johnson"],
    }
