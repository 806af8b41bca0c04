"""Rows of which a column contains one of several texts, found at once."""

from itertools import product

import pytest
from django.db import connection

from workspace.db import containing
from workspace.db.containing import containing as conditions
from workspace.models import EndUserGroup

TEXTS = ["ada@example.com", '"Ada"', "50% off", "50%", "a_b", "back\\slash", "Ärger", "ärger", "STRASSE", "straße"]
NAMES = [
    *(
        "to ADA@example.com!",
        "Ada",
        'so "ada" is quoted',
        "50 % off",
        "it is 50%",
        "50%",
        "aXb",
        "A_B",
        "back\\\\slash",
        "back/slash",
    ),
    *("BACK\\SLASH", "ÄRGER", "ärgern", "strasse", "STRAßE", "nothing", '"Ada', "ada@example_com"),
]


def found(texts, *columns):
    rows = EndUserGroup.objects.all()
    return {row.pk for each in conditions(columns, texts) for row in rows.filter(each)}


def test_the_same_rows_are_found_as_one_by_one(acme, monkeypatch):
    monkeypatch.setattr(containing, "_AT_ONCE", 3)
    EndUserGroup.objects.all().delete()
    EndUserGroup.objects.bulk_create(
        EndUserGroup(environment=acme.dev, name=name, name_key=str(number), source_name=NAMES[-number])
        for number, name in enumerate(NAMES)
    )
    for texts, columns in product(
        (TEXTS, TEXTS[:1], TEXTS[3:6], ["no such text"], []), (["name"], ["name", "source_name"])
    ):
        expected = {
            row.pk
            for text in texts
            for column in columns
            for row in EndUserGroup.objects.filter(**{f"{column}__icontains": text})
        }
        assert found(texts, *columns) == expected
    assert 0 < len(found(TEXTS, "name")) < len(NAMES)


def test_columns_are_searched_one_by_one(acme):
    EndUserGroup.objects.filter(pk=acme.support.pk).update(name="Ada", source_name="Winter")
    assert found(["adawinter", "ada winter", "a\nw"], "name", "source_name") == set()
    assert found(["DA", "nobody"], "name", "source_name") == found(["INTE"], "name", "source_name") == {acme.support.pk}


def test_many_texts_are_one_condition_on_postgresql():
    texts = [f"text {number:03}" for number in range(100)]
    assert len(list(conditions(["name"], texts))) == (1 if connection.vendor == "postgresql" else 4)
    assert len(list(conditions(["name"], ["a", "abc", "xa"]))) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite compares without capitals")
def test_the_capitals_of_a_row_are_made_once_however_many_texts(acme):
    (several,) = conditions(["name", "source_name"], ["ada", "winter", "bo"])
    sql, values = EndUserGroup.objects.filter(several).query.sql_with_params()
    assert sql.count("UPPER(CONCAT_WS(") == sql.count(" UNNEST(") == 1
    assert values[-3:] == ("ada", "winter", "bo")
