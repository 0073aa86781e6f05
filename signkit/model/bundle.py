"""The index of an evidence bundle, ``signkit.bundle/1``: which file of the container is what.

The index says where to look, never what is true: every file is judged by its own content, and the container's seal
covers the index like any other file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

from signkit import canonical
from signkit.canonical import Json
from signkit.model.statement.form import Reader, read_record

__all__ = ["BUNDLE_INDEX", "BundleDocument", "BundleEntry", "BundleIndex"]

BUNDLE_INDEX: Final = "bundle.json"
"""Name of the index in the container."""
MAX_INDEX_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BundleDocument:
    """One document: the file that was signed, and the file that people were asked to sign."""

    signed: str
    original: str

    def to_json(self) -> Json:
        """Return it as the index carries it."""
        return {"signed": self.signed, "original": self.original}

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return what the index carries."""
        reader = Reader(value, "document")
        return cls(reader.text("signed"), reader.text("original"))


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """One entry of the journal, and the proof that it is in the log."""

    entry: str
    proof: str

    def to_json(self) -> Json:
        """Return it as the index carries it."""
        return {"entry": self.entry, "proof": self.proof}

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return what the index carries."""
        reader = Reader(value, "entry")
        return cls(reader.text("entry"), reader.text("proof"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleIndex:
    """``signkit.bundle/1``."""

    schema: ClassVar[str] = "signkit.bundle/1"

    envelope: str
    at: str
    """When the bundle was made, UTC."""
    documents: tuple[BundleDocument, ...]
    evidence: str | None
    """``signkit.evidence/1``; None where nobody has signed."""
    openings: str | None
    """``signkit.openings/1``; None once they were erased."""
    entries: tuple[BundleEntry, ...]
    """Every entry of the envelope that the checkpoint covers, in order."""
    erasures: tuple[BundleEntry, ...]
    """The home's entries that say what was erased of it."""
    checkpoint: str
    token: str
    consistency: Mapping[str, tuple[str, ...]]
    """Older size → proof, hashes in base64, that the checkpoint's tree begins with the tree of that size."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> Json:
        """Return it as JSON."""
        return {
            **self.extra,
            "schema": self.schema,
            "envelope": self.envelope,
            "at": self.at,
            "documents": [item.to_json() for item in self.documents],
            "evidence": self.evidence,
            "openings": self.openings,
            "entries": [item.to_json() for item in self.entries],
            "erasures": [item.to_json() for item in self.erasures],
            "checkpoint": self.checkpoint,
            "token": self.token,
            "consistency": {size: list(proof) for size, proof in self.consistency.items()},
        }

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self.to_json())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the index whose canonical bytes are ``data``.

        Raises:
            UnknownStatementError: another version.
            StatementError: anything else that does not fit.
        """
        reader = Reader(read_record(data, schema=cls.schema, max_bytes=MAX_INDEX_BYTES), cls.schema)
        consistency = Reader(reader.take("consistency"), "consistency")
        return cls(
            envelope=reader.text("envelope"),
            at=reader.text("at"),
            documents=tuple(map(BundleDocument.from_json, reader.sequence("documents"))),
            evidence=reader.optional_text("evidence"),
            openings=reader.optional_text("openings"),
            entries=tuple(map(BundleEntry.from_json, reader.sequence("entries"))),
            erasures=tuple(map(BundleEntry.from_json, reader.sequence("erasures"))),
            checkpoint=reader.text("checkpoint"),
            token=reader.text("token"),
            consistency={size: consistency.texts(size) for size in consistency.mapping},
            extra=reader.rest(),
        )
