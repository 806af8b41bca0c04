"""Paths of resources are found without the URLconf. Both ways find the same."""

import pytest
from django.urls import Resolver404, resolve

from provisioning.scim.middleware import resource_path

BASE = "/scim/01890a5d-ac96-774b-bcce-b302099a8057/v2"
OURS = [
    *("/Users", "/Groups", "/Users/2819c223", "/Users/01890a5d-ac96-774b-bcce-b302099a8057", "/Groups/a b"),
    *("/Users/é", "/Users/a.b", "/Groups/%2F", "/Users/\n"),
]
OTHERS = [
    *("/Users/", "/Users/-1/", "/Users/.search", "/Groups/.search", "/Users/.x", "/users", "/Users/-1/2", "/Users//1"),
    *("", "/", "/Me", "/Bulk", "/Schemas", "/Users\n", "/Usersx"),
]


@pytest.mark.parametrize("path", OURS)
def test_a_path_of_resources_leads_to_the_view_of_the_urlconf(path):
    found, resolved = resource_path(BASE + path), resolve(BASE + path)
    assert found is not None
    view, connection, uuid = found
    assert view is resolved.func.view_class
    assert resolved.kwargs == {"connection": connection} | ({} if uuid is None else {"uuid": uuid})


@pytest.mark.parametrize("path", [BASE + path for path in OTHERS] + [BASE.upper() + "/Users", "/x" + BASE + "/Users"])
def test_any_other_path_is_left_to_the_urlconf(path):
    assert resource_path(path) is None


def test_no_path_is_found_that_the_urlconf_does_not_know():
    for base in (BASE[:-1], BASE.replace("-", ""), BASE.replace("v2", "V2"), BASE.replace("01890a5d", "01890A5D")):
        assert resource_path(f"{base}/Users") is None
        with pytest.raises(Resolver404):
            resolve(f"{base}/Users")
