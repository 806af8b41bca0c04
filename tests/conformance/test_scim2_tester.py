"""scim2-tester against a fresh connection."""

import pytest
from django.core.handlers.wsgi import WSGIHandler
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from provisioning.actions.connection_settings import set_strict
from tests.scim import Scim, make_connection
from workspace.events import SYSTEM


@pytest.mark.parametrize("is_strict", [False, True])
def test_every_check_passes(transactional_db, is_strict):
    scim = Scim(make_connection())
    set_strict(connection=scim.connection, is_strict=is_strict, by=SYSTEM)
    client = WSGISCIMClient(
        WSGIHandler(), base_url=scim.connection.base_url, headers={"Authorization": f"Bearer {scim.token}"}
    )
    results = check_server(client)
    missed = {f"{one.title} of {one.resource_type}: {one.reason}" for one in results if one.status != Status.SUCCESS}
    print(f"scim2-tester: {len(results) - len(missed)} of {len(results)} checks pass")
    assert not missed
    assert len(results) > 120
