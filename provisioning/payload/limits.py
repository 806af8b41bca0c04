"""How much one request may hold (security.md C6 and C7). It is counted before work is done with it."""

import re
from collections import Counter
from dataclasses import dataclass, field

from scim2_models.path import CompareOperator

from provisioning.payload import errors

MAX_LENGTH, MAX_DEPTH, MAX_TERMS = 2_000, 10, 20
# In a PATCH or a bulk request, as /ServiceProviderConfig says.
MAX_OPERATIONS = 1_000
# In all lists of a document together.
MAX_VALUES = 200
# What one request may do in all, and how more of it is refused. In a PATCH without paths, each attribute is a change.
# Each limit leaves room for as many operations as a request may have.
MOST = {
    "changes": (2_000, "Change at most 2,000 attributes in one request."),
    "terms": (2_000, "Compare at most 2,000 times in the paths of one request."),
    "values": (1_000, "Send at most 1,000 emails, roles and values of other lists in one request."),
    "names": (10_000, "Send at most 10,000 attributes within others in one request."),
    # About 10 µs each.
    "steps": (100_000, "These operations take too long together. Send fewer, or replace a long list as a whole."),
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
