"""How large a filter may be, in a query or in the path of a PATCH (security.md C6); looked at before it is parsed."""

import re

from scim2_models.path import CompareOperator

from provisioning.payload import errors

MAX_LENGTH, MAX_DEPTH, MAX_TERMS = 2_000, 10, 20
# Strings (also one that never ends), brackets, words: each character is looked at once.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[()\[\]]|[^\s()\[\]"]+', re.DOTALL)
_STEPS = {"(": 1, "[": 1, ")": -1, "]": -1}
_TERM_WORDS = {*CompareOperator, "pr"}


def check_filter(text: str) -> int:
    """Refuse what is too large; tells how many comparisons it holds."""
    if len(text) > MAX_LENGTH:
        raise errors.invalid_filter(f"Shorten the filter to at most {MAX_LENGTH} characters.")
    depth = terms = 0
    for token in _TOKEN.findall(text):
        depth += _STEPS.get(token, 0)
        terms += token.lower() in _TERM_WORDS
        if depth > MAX_DEPTH:
            raise errors.invalid_filter(f"Nest at most {MAX_DEPTH} brackets in a filter.")
        if terms > MAX_TERMS:
            raise errors.invalid_filter(f"Compare at most {MAX_TERMS} times in a filter.")
    return terms
