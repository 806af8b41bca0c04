"""Names of actions in words, for pages."""

from itertools import groupby
from typing import TypeAlias

from django.utils.translation import gettext, gettext_noop

from workspace.action_names import Action
from workspace.words import Text

_ACRONYMS = {"api": "API", "saml": "SAML", "scim": "SCIM", "sso": "SSO"}
Choices: TypeAlias = "list[tuple[Text, Text | list[tuple[Text, Text]]]]"
# The nouns with which actions begin.
_NOUNS = [
    gettext_noop("Administrator"),
    gettext_noop("API token"),
    gettext_noop("End user"),
    gettext_noop("End users"),
    gettext_noop("Environment"),
    gettext_noop("Group"),
    gettext_noop("Group mapping"),
    gettext_noop("Identity provider"),
    gettext_noop("Login experience"),
    gettext_noop("Policy"),
    gettext_noop("Provisioned group"),
    gettext_noop("Provisioned user"),
    gettext_noop("Provisioning"),
    gettext_noop("SCIM token"),
    gettext_noop("Service provider key"),
    gettext_noop("SSO bypass"),
    gettext_noop("User"),
    gettext_noop("Workspace"),
]


def words_of(action: str) -> str:
    """Return the name of an action, or its noun, in words: "scim_token.issued" → "SCIM token issued"."""
    words = [_ACRONYMS.get(word, word) for word in action.replace(".", "_").split("_")]
    sentence = " ".join(words)
    return gettext(sentence[:1].upper() + sentence[1:])


def action_choices() -> Choices:
    """Return every action as choices, grouped by the noun that it begins with."""
    names = sorted(Action)
    return [
        (words_of(noun), [(action, words_of(action)) for action in actions])
        for noun, actions in groupby(names, lambda action: action.partition(".")[0])
    ]
