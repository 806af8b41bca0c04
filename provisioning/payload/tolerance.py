"""Deviations of requests from the RFC: noted on the request's row in the log, or refused by a strict connection."""

from dataclasses import dataclass, field

from provisioning.payload import errors
from provisioning.payload.masking import masked_text

# Enough to see what is wrong with a client. One body may have very many unknown attributes.
MAX_NOTES = 50


@dataclass
class Tolerance:
    """The deviations of one request as short sentences, each once."""

    notes: list[str] = field(default_factory=list)
    is_strict: bool = False

    def note(self, deviation: str, scim_type: str = "invalidSyntax") -> None:
        """Note what was understood though it was sent in another form."""
        self._meet(deviation, deviation, scim_type)

    def ignore(self, unknown: str, scim_type: str = "invalidSyntax") -> None:
        """Note what was left out because it means nothing here."""
        self._meet(unknown, f"Ignored the {unknown}", scim_type)

    def leave_out(self, path: str, refusal: errors.ScimError) -> None:
        """Note what was left out because it cannot be taken. A strict connection raises the refusal itself."""
        if self.is_strict:
            raise refusal
        reason = refusal.detail.removeprefix(f"{path}: ")
        self._keep(f"Left out {path[:100]}: {reason[:200]}")

    def _meet(self, deviation: str, sentence: str, scim_type: str) -> None:
        if self.is_strict:
            raise errors.ScimError(400, f"This connection is strict and refuses this: {deviation}.", scim_type)
        self._keep(sentence)

    def _keep(self, sentence: str) -> None:
        sentence = masked_text(sentence)
        if len(self.notes) < MAX_NOTES and sentence not in self.notes:
            self.notes.append(sentence)
