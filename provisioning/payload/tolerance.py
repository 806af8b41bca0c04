"""What a request says otherwise than the RFC: named on its row in the log or, by a strict connection, refused."""

from dataclasses import dataclass, field

from provisioning.payload import errors

# Enough to tell what is wrong with a client; one body may have very many attributes that are unknown here.
MAX_NOTES = 50


@dataclass
class Tolerance:
    """Collects deviations as short sentences, each once."""

    notes: list[str] = field(default_factory=list)
    is_strict: bool = False

    def note(self, deviation: str, scim_type: str = "invalidSyntax") -> None:
        """Something was sent in a form of its own, and is understood."""
        self._meet(deviation, deviation, scim_type)

    def ignore(self, unknown: str, scim_type: str = "invalidSyntax") -> None:
        """Something was sent that says nothing here, and is left out."""
        self._meet(unknown, f"Ignored the {unknown}", scim_type)

    def _meet(self, deviation: str, sentence: str, scim_type: str) -> None:
        if self.is_strict:
            raise errors.ScimError(400, f"This connection is strict and refuses this: {deviation}.", scim_type)
        if len(self.notes) < MAX_NOTES and sentence not in self.notes:
            self.notes.append(sentence)
