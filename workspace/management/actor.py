"""Who changes something by a command."""

import getpass

from workspace.events import Actor, Kind


def operator_of(command: str) -> Actor:
    """Return the operator as an actor, by the name of the account on this machine if it has one."""
    try:
        name = f"manage.py {command} ({getpass.getuser()})"
    except (KeyError, OSError):
        name = f"manage.py {command}"
    return Actor(Kind.OPERATOR, "", name)
