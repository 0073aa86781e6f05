"""The mandate by which somebody signs in another's place: ``delegation`` of a signature statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signkit.canonical import Json
from signkit.errors import JournalCorruptError
from signkit.model.entry import format_time, parse_time
from signkit.model.statement.form import Reader, StatementError

__all__ = ["Delegation"]


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who signs instead of the person invited, by whose mandate; the entry *delegated* says the same."""

    entry: str
    """Digest of that entry."""
    name: str
    """The delegate's name."""
    person: str | None
    """The delegate; None: identified by name."""
    mandate: str
    """Commitment to the words of the mandate."""
    by: str
    """Actor who gave it: ``signatory:s1``."""
    at: datetime

    def to_json(self) -> Json:
        """Return it as the signature statement carries it."""
        return {
            "entry": self.entry,
            "name": self.name,
            "person": self.person,
            "mandate": self.mandate,
            "by": self.by,
            "at": format_time(self.at),
        }

    @classmethod
    def from_json(cls, value: Json) -> Delegation:
        """Return what a signature statement carries.

        Raises:
            StatementError: it does not fit.
        """
        reader = Reader(value, "delegation")
        try:
            at = parse_time(reader.take("at"))
        except JournalCorruptError as exc:
            raise StatementError("statement.form", "at of delegation is no time") from exc
        return cls(
            entry=reader.digest("entry"),
            name=reader.text("name"),
            person=reader.optional_text("person"),
            mandate=reader.digest("mandate"),
            by=reader.text("by"),
            at=at,
        )
