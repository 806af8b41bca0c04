"""How an action refuses: with a code for programs and a sentence that a person can act on."""


class ActionError(Exception):
    """A refusal of an action; nothing was changed.

    `code` names the reason for programs, `message` says what to do about it, `field` names the input it is about.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


class ConflictError(ActionError):
    """A refusal because a name, an address or an id is taken."""
