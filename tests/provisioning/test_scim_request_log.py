"""A row of the request log that the database refuses changes no answer, and says in the log lines what is wrong."""

import pytest
from django.db import IntegrityError

from provisioning.models import ProvisionedUser, ProvisioningConnection, ScimRequest
from provisioning.scim import request_log
from provisioning.scim.rate import limiter
from tests.scim import okta_user


@pytest.mark.django_db(transaction=True)
def test_a_request_whose_connection_is_removed_meanwhile_leaves_one_plain_line(scim, monkeypatch, caplog):
    def remove(token):
        ProvisioningConnection.objects.filter(pk=scim.connection.pk).delete()

    monkeypatch.setattr(limiter, "check", remove)
    assert scim.post("/Users", okta_user()).status == 401
    [line] = [record for record in caplog.records if record.name == request_log.__name__]
    assert line.getMessage() == "A SCIM request is not in the log: its connection was removed meanwhile."
    assert line.exc_info is None
    assert not ProvisionedUser.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broken", ["id", "status"])
def test_a_row_of_the_log_that_another_constraint_refuses_is_an_error_with_a_traceback(
    scim, monkeypatch, caplog, broken
):
    assert scim.get("/Users").status == 200
    wrong = {"id": (0, ScimRequest.objects.get().pk), "status": (11, None)}  # by place: one row has that id already
    values_of = request_log._values

    def values(*given, **named):
        place, value = wrong[broken]
        row = values_of(*given, **named)
        return [*row[:place], value, *row[place + 1 :]]

    monkeypatch.setattr(request_log, "_values", values)
    assert scim.get("/Users").status == 200
    [line] = [record for record in caplog.records if record.name == request_log.__name__]
    assert line.getMessage() == "A SCIM request could not be logged."
    assert issubclass(line.exc_info[0], IntegrityError)
