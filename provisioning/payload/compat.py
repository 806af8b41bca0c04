"""The one place where payload changes a library."""

from scim2_models.attributes import ExtensibleStringEnum


def make_enums_copyable() -> None:
    """Let values that a client made up (emails.type "holiday") be copied.

    Python 3.11.2, as Debian has it, copies a member of an enumeration by its name. These values have none.
    """
    ExtensibleStringEnum.__deepcopy__ = lambda self, memo: self  # type: ignore[method-assign]
