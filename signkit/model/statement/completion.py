"""The completion statement: what came of it, and the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from signkit import canonical
from signkit.canonical import Json
from signkit.model.statement.form import Reader

__all__ = ["Completion"]


@dataclass(frozen=True, slots=True)
class Completion:
    """``signkit.completion/1``: what came of it, and the history. In the completion seal."""

    schema: ClassVar[str] = "signkit.completion/1"

    envelope: str
    document: int
    outcome: str
    """``completed``, ``declined``, ``voided`` or ``expired``."""
    signatories: Mapping[str, str]
    """Signatory id → outcome: ``signed``, ``approved``, ``declined``, ``expired``, ``not_needed``…"""
    rules: Json
    """The clerk's evaluation; the verifier makes its own."""
    documents: tuple[str, ...]
    """SHA-256 of Rk of every document of the envelope."""
    entries: tuple[Json, ...]
    """Every entry of the envelope up to ``completing``, in full."""
    proof: Json
    """``{index, size, path}``: inclusion of ``completing``; path base64, leaf's sibling first."""
    checkpoint: str
    """C2SP signed note."""
    token: str
    """RFC 3161 token over the note's text, DER, base64."""
    cosignatures: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> Json:
        """Return it as JSON."""
        return {
            **self.extra,
            "schema": self.schema,
            "envelope": self.envelope,
            "document": self.document,
            "outcome": self.outcome,
            "signatories": dict(self.signatories),
            "rules": self.rules,
            "documents": list(self.documents),
            "entries": list(self.entries),
            "proof": self.proof,
            "checkpoint": self.checkpoint,
            "token": self.token,
            "cosignatures": list(self.cosignatures),
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return what the JSON says.

        Raises:
            StatementError: it does not fit.
        """
        reader = Reader(value, cls.schema)
        outcomes = Reader(reader.take("signatories"), "signatories")
        return cls(
            envelope=reader.text("envelope"),
            document=reader.integer("document"),
            outcome=reader.one_of("outcome", ("completed", "declined", "voided", "expired")),
            signatories={key: outcomes.text(key) for key in outcomes.mapping},
            rules=reader.take("rules"),
            documents=reader.texts("documents"),
            entries=tuple(reader.sequence("entries")),
            proof=reader.take("proof"),
            checkpoint=reader.text("checkpoint"),
            token=reader.text("token"),
            cosignatures=reader.texts("cosignatures"),
            extra=reader.rest(),
        )

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self.to_json())
