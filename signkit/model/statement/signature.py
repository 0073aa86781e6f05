"""The signature statement, and the intent that the eID signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from signkit import canonical
from signkit.canonical import Json
from signkit.model.statement.form import Reader, StatementError
from signkit.model.statement.parts import FileState, JournalHead

__all__ = ["Intent", "SignatureStatement"]


@dataclass(frozen=True, slots=True)
class SignatureStatement:
    """``signkit.signature/1``: who signs, as what, by which ceremony. In a person's signature."""

    schema: ClassVar[str] = "signkit.signature/1"

    envelope: str
    document: int
    signatory: str
    role: str
    person: str
    identified_by: str
    """``number`` or ``name``."""
    ceremony: str
    provider: str
    environment: str
    level: str
    intent: str
    """SHA-256 of the canonical intent."""
    evidence: str
    """Commitment to the evidence: SHA-256(JCS([salt, evidence digest]))."""
    version: FileState
    """The file version that the signature was embedded into."""
    journal: JournalHead
    delegation: Json = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> Json:
        """Return it as JSON."""
        return {
            **self.extra,
            "schema": self.schema,
            "envelope": self.envelope,
            "document": self.document,
            "signatory": self.signatory,
            "role": self.role,
            "person": self.person,
            "identified_by": self.identified_by,
            "ceremony": self.ceremony,
            "provider": self.provider,
            "environment": self.environment,
            "level": self.level,
            "intent": self.intent,
            "evidence": self.evidence,
            "version": self.version.to_json(),
            "journal": self.journal.to_json(),
            "delegation": self.delegation,
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return what the JSON says.

        Raises:
            StatementError: it does not fit.
        """
        reader = Reader(value, cls.schema)
        return cls(
            envelope=reader.text("envelope"),
            document=reader.integer("document"),
            signatory=reader.text("signatory"),
            role=reader.text("role"),
            person=reader.text("person"),
            identified_by=reader.one_of("identified_by", ("number", "name")),
            ceremony=reader.text("ceremony"),
            provider=reader.text("provider"),
            environment=reader.one_of("environment", ("test", "production")),
            level=reader.text("level"),
            intent=reader.digest("intent"),
            evidence=reader.digest("evidence"),
            version=FileState.from_json(reader.take("version")),
            journal=JournalHead.from_json(reader.take("journal")),
            delegation=reader.take("delegation"),
            extra=reader.rest(),
        )

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self.to_json())


@dataclass(frozen=True, slots=True)
class Intent:
    """``signkit.intent/1``: the hidden data that the eID signs. It names no person and no document by name."""

    schema: ClassVar[str] = "signkit.intent/1"

    ceremony: str
    places: Mapping[str, str]
    """Envelope id → signatory id (``for`` in JSON)."""
    spki: str
    """SHA-256 of the one-time key's SubjectPublicKeyInfo."""
    text: str
    """SHA-256 of the visible text's UTF-8."""
    documents: tuple[str, ...]
    """Sorted SHA-256 values of R2, as ``sha256:<hex>``."""

    def to_json(self) -> Json:
        """Return it as JSON; digests of documents are bare hex."""
        return {
            "schema": self.schema,
            "ceremony": self.ceremony,
            "for": dict(self.places),
            "spki": self.spki,
            "text": self.text,
            "documents": sorted(item.removeprefix("sha256:") for item in self.documents),
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return what the JSON says.

        Raises:
            StatementError: it does not fit.
        """
        reader = Reader(value, cls.schema)
        places = Reader(reader.take("for"), "for")
        documents = tuple(f"sha256:{item}" for item in reader.texts("documents"))
        if list(documents) != sorted(set(documents)):
            raise StatementError("statement.form", "documents are not sorted, each once")
        return cls(
            ceremony=reader.text("ceremony"),
            places={key: places.text(key) for key in places.mapping},
            spki=reader.digest("spki"),
            text=reader.digest("text"),
            documents=documents,
        )

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self.to_json())

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes."""
        return canonical.digest_text(canonical.digest(self.encode()))
