"""Two connections of two workspaces, each with a client of its own.

The imports are inside: pytest loads this file before Django is set up.
"""

import pytest


@pytest.fixture
def scim(db):
    """A client of acme's connection."""
    from tests.scim import Scim, make_connection

    return Scim(make_connection())


@pytest.fixture
def other(db):
    """A client of a connection in another workspace."""
    from tests.scim import Scim, make_connection

    return Scim(make_connection("globex", "Entra Prod", "PROD"))
