"""Every line of the security design that concerns SCIM has tests that are named after it."""

import re

import pytest

from tests.server import PROJECT

# Not built yet: C12 (blast radius).
ELSEWHERE = {12}
LINES = sorted(set(range(1, 17)) - ELSEWHERE)


@pytest.fixture(scope="module")
def names() -> list[str]:
    """The names of all tests."""
    files = (PROJECT / "tests").rglob("test_*.py")
    return [name for path in files for name in re.findall(r"^ *def (test_\w+)\(", path.read_text(), re.MULTILINE)]


@pytest.mark.parametrize("line", LINES)
def test_every_line_has_a_test_named_after_it(names, line):
    assert [name for name in names if name.startswith(f"test_c{line}_")], f"No test is named test_c{line}_…"


def test_no_test_is_named_after_a_line_that_is_not_there(names):
    named = {int(number) for name in names for number in re.findall(r"^test_c(\d+)_", name)}
    assert named <= {*LINES, *ELSEWHERE}
