"""How much one request may hold (security.md C6 and C7). It is counted before work is done with it."""

import re
from collections import Counter
from dataclasses import dataclass, field

from scim2_models.path import CompareOperator

from provisioning.payload import errors

MAX_LENGTH, MAX_DEPTH, MAX_TERMS = 2_000, 10, 20
# In all lists of a document together. Each operation of a PATCH copies and compares the lists that it changes.
MAX_VALUES = 200
# What one request may do in all, and how more of it is refused. In a PATCH without paths, each attribute is a change.
MOST = {
    "changes": (200, "Change at most 200 attributes in one request."),
    "terms": (200, "Compare at most 200 times in the paths of one request."),
    "values": (MAX_VALUES, f"Send at most {MAX_VALUES} emails, roles and values of other lists in one request."),
    "names": (2_000, "Send at most 2,000 attributes within others in one request."),
}
# Strings (also one without an end), brackets, words. Each character is looked at once.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[()\[\]]|[^\s()\[\]"]+', re.DOTALL)
_STEPS = {"(": 1, "[": 1, ")": -1, "]": -1}
_TERM_WORDS = {*CompareOperator, "pr"}


@dataclass
class Counts:
    """What one request has done so far."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, what: str, more: int) -> None:
        """Count more of something. Raises 413 for too much of it."""
        self.counts[what] += more
        most, refusal = MOST[what]
        if self.counts[what] > most:
            raise errors.too_large(refusal)


def check_filter(text: str) -> int:
    """Return how many comparisons a filter, or a path with one, holds. Raises invalidFilter for too many."""
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
