"""Names of actions in words, for pages."""

from itertools import groupby

from workspace.action_names import Action

_ACRONYMS = {"api": "API", "saml": "SAML", "scim": "SCIM", "sso": "SSO"}
Choices = list[tuple[str, str | list[tuple[str, str]]]]


def words_of(action: str) -> str:
    """Return the name of an action in words: "scim_token.issued" → "SCIM token issued"."""
    words = [_ACRONYMS.get(word, word) for word in action.replace(".", "_").split("_")]
    sentence = " ".join(words)
    return sentence[:1].upper() + sentence[1:]


def action_choices() -> Choices:
    """Return every action as choices, grouped by the noun that it begins with."""
    names = sorted(Action)
    return [
        (words_of(noun), [(action, words_of(action)) for action in actions])
        for noun, actions in groupby(names, lambda action: action.partition(".")[0])
    ]
