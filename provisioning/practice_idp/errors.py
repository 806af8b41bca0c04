"""What the practice IdP raises; every message tells a person what to do."""


class CannotStart(Exception):
    """The program cannot run here."""


class BadRequest(Exception):
    """A request that cannot be answered; the page has status 400."""


class InvalidInput(Exception):
    """A value in a form that is not accepted; the page shows the message beside the form."""
