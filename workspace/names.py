"""Clean names: the one form in which names are stored and compared."""

from workspace.db.keys import canonical
from workspace.refusals import ActionError

# A key may be longer than its name: some letters fold into several.
MAX_KEY = 500


def clean_name(text: str, *, what: str, missing: str, most: int = 250, field: str = "name") -> str:
    """Return the text with single spaces; raise ActionError if it is empty or longer than `most` characters."""
    name = " ".join(text.split())
    if not name:
        raise ActionError("missing_name", missing, field=field)
    if len(name) > most or len(canonical(name)) > MAX_KEY:
        raise ActionError("name_too_long", f"Shorten the {what} to at most {most} characters.", field=field)
    return name
