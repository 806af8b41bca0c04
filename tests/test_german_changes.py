"""What changes keep is shown in German: each value is compared with itself in English."""

from collections.abc import Mapping

from django.utils import translation

from tests.english_left import english_left
from tests.kept_states import KEPT
from workspace.action_names import Action
from workspace.console.states import differences
from workspace.field_words import label_of
from workspace.mail import _changes
from workspace.models import ChangeEvent


def shown(action, language):
    with translation.override(language):
        rows = differences(*KEPT[action], action)
    return {text for row in rows for text in (row.label, *row.before.lines, *row.after.lines)}


def unnamed(state: Mapping[str, object]) -> list[str]:
    """The fields without a name of their own. What a SCIM document has is named by the IdP."""
    found = [key for key in state if label_of(key) == key]
    for key, value in state.items():
        for each in [value] if isinstance(value, dict) else value if isinstance(value, list) else []:
            found += unnamed(each) if isinstance(each, dict) and key != "document" else []
    return found


def test_no_value_of_a_change_has_english_left():
    assert set(KEPT) == set(Action)
    kept = [action for action, states in KEPT.items() if any(states)]
    both = {action: [shown(action, language) for language in ("en", "de")] for action in kept}
    assert all(map(all, both.values()))
    assert {action: left for action, texts in both.items() if (left := english_left(*texts))} == {}


def test_mails_to_owners_name_the_fields_of_any_change_in_german():
    for action, (before, after) in KEPT.items():
        event, labels = ChangeEvent(before=before, after=after), []
        for language in ("en", "de"):
            with translation.override(language):
                labels.append({name for name, _before, _after in _changes(event)})
        assert action.startswith("provisioned_") or english_left(*labels) == []


def test_every_field_of_a_change_has_a_name():
    kept = {action: states for action, states in KEPT.items() if not action.startswith("provisioned_")}
    assert {name for states in kept.values() for state in states for name in unnamed(state)} == set()
