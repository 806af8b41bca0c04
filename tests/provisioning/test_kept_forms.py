"""Every form of the console comes back filled after its session ended: found by its URLs, typed into, and sent."""

from urllib.parse import urljoin

import pytest
from django.test import Client
from django.urls import reverse
from lxml import html

from authentication import urls as authentication_urls
from provisioning import urls as provisioning_urls
from tests import factories
from tests.scim import Scim
from workspace.models import EndUser
from workspace.urls import workspace_patterns

pytestmark = pytest.mark.django_db
HERE = {"origin": "http://testserver"}
OTHERS = {"checkbox", "radio", "hidden", "password", "file", "submit", "button"}


@pytest.fixture
def owner(scim) -> Client:
    strict = Client(enforce_csrf_checks=True)
    return factories.sign_in(strict, factories.administrator(scim.connection.environment.workspace))


def pages(scim: Scim) -> list[str]:
    """Every URL of an environment for which there is a thing of each kind."""
    scim.user("ada")
    dev = scim.connection.environment
    ids = {
        "provider": scim.connection.environment_provider.identity_provider_id,
        "end_user": EndUser.objects.get().pk,
        "group": factories.group(dev).pk,
        "token": scim.connection.tokens.get().pk,
    }
    inside = workspace_patterns[-1].url_patterns
    apps = {
        "workspace": inside,
        "authentication": authentication_urls.urlpatterns,
        "provisioning": provisioning_urls.urlpatterns,
    }
    found = []
    for app, patterns in apps.items():
        for each in patterns:
            if set(each.pattern.converters) <= ids.keys():
                named = {name: ids[name] for name in each.pattern.converters}
                kwargs = {"workspace": "acme", "environment": dev.slug} | named
                found.append(reverse(f"{app}:{each.name}", kwargs=kwargs))
    return found


def typed_into(form: html.FormElement) -> dict[str, str]:
    """Something typed into every field of a form, and another choice in every list."""
    typed = {}
    for control in form.iter("input", "textarea", "select"):
        if control.tag == "select":
            typed[control.name] = [option.get("value", option.text) for option in control.iter("option")][-1]
        elif control.name and control.get("type", "text") not in OTHERS:
            typed[control.name] = f"typed {control.name} <&\"'"
    return typed


def forms_of(page) -> list[html.FormElement]:
    document = html.document_fromstring(page.content, parser=html.HTMLParser(encoding="utf-8"))
    return [form for form in document.forms if form.method == "POST" and typed_into(form)]


def test_every_form_of_the_console_comes_back_filled(scim, owner):
    tried = set()
    for address in pages(scim):
        page = owner.get(address)
        for form in forms_of(page) if page.status_code == 200 and not page.streaming else []:
            action, typed = urljoin(address, form.action or address), typed_into(form)
            sent = typed | {"csrfmiddlewaretoken": "x" * 64}
            response = owner.post(action, sent, headers=HERE | {"referer": f"http://testserver{address}"})
            assert (response.status_code, response.url) == (302, address)
            shown = [
                {
                    name: (control.value or "").removeprefix("\n")
                    for name, control in again.inputs.items()
                    if name in typed
                }
                for again in forms_of(owner.get(response.url))
            ]
            assert typed in shown, (address, action)
            tried.add(action.rsplit("/", 2)[1])
    assert {"new", "add", "edit", "connection", "settings", "save", "attributes"} <= tried
