"""Clean names: the one form in which names are stored and compared."""

from workspace.db.keys import canonical
from workspace.isolation import has_controls
from workspace.refusals import ActionError

# A key may be longer than its name: some letters fold into several.
MAX_KEY = 500
WITHOUT_CONTROLS = "Remove the invisible characters that turn text round: U+202A to U+202E and U+2066 to U+2069."


def clean_name(text: str, *, what: str, missing: str, most: int = 250, field: str = "name", known: str = "") -> str:
    """Return the text with single spaces. Raises ActionError where nothing may have that name.

    `known` is the present name: older releases took bidirectional controls, and such a name may stay.
    """
    name = " ".join(text.split())
    if not name:
        raise ActionError("missing_name", missing, field=field)
    if len(name) > most or len(canonical(name)) > MAX_KEY:
        raise ActionError("name_too_long", f"Shorten the {what} to at most {most} characters.", field=field)
    if name != known and has_controls(name):
        raise ActionError("name_turns", WITHOUT_CONTROLS, field=field)
    return name
