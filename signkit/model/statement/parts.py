"""What several statements have in common: file states and the head of the journal."""

from __future__ import annotations

from dataclasses import dataclass

from signkit.canonical import Json
from signkit.model.statement.form import Reader

__all__ = ["FileState", "JournalHead"]


@dataclass(frozen=True, slots=True)
class FileState:
    """One state of a file: how long, and what."""

    size: int
    sha256: str

    def to_json(self) -> Json:
        """Return it as a statement carries it."""
        return {"size": self.size, "sha256": self.sha256}

    @classmethod
    def from_json(cls, value: Json) -> FileState:
        """Return what a statement carries."""
        reader = Reader(value, "file state")
        return cls(reader.integer("size"), reader.digest("sha256"))


@dataclass(frozen=True, slots=True)
class JournalHead:
    """Where the journal of the envelope stood."""

    origin: str
    head: str
    entries: int

    def to_json(self) -> Json:
        """Return it as a statement carries it."""
        return {"origin": self.origin, "head": self.head, "entries": self.entries}

    @classmethod
    def from_json(cls, value: Json) -> JournalHead:
        """Return what a statement carries."""
        reader = Reader(value, "journal")
        return cls(reader.text("origin"), reader.digest("head"), reader.integer("entries"))
