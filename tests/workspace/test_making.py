"""New instances that are made quickly hold what Django would give them."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.apps import apps
from django.db.models import NOT_PROVIDED, ForeignKey, Model, OneToOneField
from django.db.models.base import ModelState

from workspace.db.making import QuicklyMade
from workspace.models import EndUser, EnvironmentAccess, Workspace

MODELS = [model for model in apps.get_models() if issubclass(model, QuicklyMade)]


def as_django_makes(model, **values):
    """The same by Django's own way."""
    row = model.__new__(model)
    Model.__init__(row, **values)
    return row


def held(row, made_now=()):
    """What an instance holds, without what is another for each instance."""
    values = {name: value for name, value in vars(row).items() if name not in {"_state", *made_now}}
    return values, dict(row._state.fields_cache), row._state.adding, row._state.db


def made_for_each(model):
    """The columns whose defaults are made for each instance."""
    fields = model._meta.concrete_fields
    return {field.attname for field in fields if callable(field.default) and field.default is not NOT_PROVIDED}


def related(field):
    """An object that a key can lead to, not stored."""
    return field.related_model(**{field.related_model._meta.pk.attname: 7})


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
class TestAnyModel:
    def test_defaults_are_those_of_the_fields(self, model):
        called = made_for_each(model)
        quick, slow = model(), as_django_makes(model)
        assert held(quick, called) == held(slow, called)
        assert {name: type(getattr(quick, name)) for name in called} == {
            name: type(getattr(slow, name)) for name in called
        }

    def test_defaults_that_can_change_are_not_shared(self, model):
        one, other = vars(model()), vars(model())
        assert [name for name in one if isinstance(one[name], list | dict) and one[name] is other[name]] == []

    def test_keys_may_be_given_as_objects_as_ids_and_as_none(self, model):
        keys = [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]
        called = made_for_each(model)
        objects = {field.name: related(field) for field in keys}
        for given in (objects, {field.attname: 7 for field in keys}, {field.name: None for field in keys}):
            assert held(model(**given), called) == held(as_django_makes(model, **given), called)
        assert all(getattr(model(**objects), name) is each for name, each in objects.items())
        assert not any(type(field) is OneToOneField and field.name in vars(model()) for field in keys)

    def test_a_row_that_is_read_is_that_of_django(self, model):
        columns = [field.attname for field in model._meta.concrete_fields]
        for names in (columns, columns[:1], columns[1:]):
            values = [f"of {name}" for name in names]
            slow = Model.from_db.__func__(model, "default", names, values)
            assert held(model.from_db("default", names, values)) == held(slow)


def test_a_value_that_is_given_takes_the_place_of_a_default():
    pk, at = UUID(int=5), datetime(2026, 1, 1, tzinfo=UTC)
    made = EndUser(id=pk, active_since=at, status=EndUser.Status.DEACTIVATED, full_name="Ada")
    assert (made.pk, made.active_since, made.status, made.full_name) == (pk, at, "deactivated", "Ada")
    assert isinstance(made._state, ModelState) and made._state.adding and made._state.db is None


def test_a_name_that_is_no_field_is_refused():
    with pytest.raises(TypeError, match="colour"):
        EnvironmentAccess(colour="red")


def test_values_by_place_are_those_of_the_fields_in_order():
    assert EnvironmentAccess(3).pk == 3


def test_a_key_that_is_set_anew_leads_to_the_new_object():
    made = EndUser(workspace=Workspace(pk=UUID(int=1)))
    made.workspace = Workspace(pk=UUID(int=2))
    assert made.workspace_id == UUID(int=2)
    made.workspace_id = UUID(int=3)
    assert "workspace" not in made._state.fields_cache
