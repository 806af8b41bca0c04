"""Programs are answered in English, whatever language they ask for: administrators search for these sentences."""

import pytest
from django.http import HttpResponse
from django.utils.translation import get_language

from workspace.console.languages import asked_for


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("/scim/some/v2/Users", "en"),
        ("/api/v1/workspaces", "en"),
        ("/sign-in/acme/dev/", "de"),
        ("/saml/some/acs", "de"),
    ],
)
def test_only_pages_follow_the_language_of_a_request(rf, path, language):
    request = rf.get(path, headers={"Accept-Language": "de-DE,de;q=0.9"})
    assert asked_for(lambda _: HttpResponse(get_language()))(request).content.decode() == language
