"""The evidence file, ``signkit.evidence/1``: what proves C3b, exported beside a signed PDF and kept apart from it.

It holds, for one envelope, each ceremony's evidence byte for byte with the salt of its commitment, and the key that
turns an identity into ``person``. It is personal data through and through: whoever holds it can tell who signed. The
PDF holds only commitments to it (proof.md sections 5 and 6). Once the evidence was erased by rule, the file says that
and when, and nothing else.

What is not here: whether any evidence is true (``signkit.evidence``), and reading or writing files.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

from signkit import canonical
from signkit.canonical import Json
from signkit.model.statement.form import Reader, StatementError, read_record

__all__ = ["MAX_EVIDENCE_BYTES", "CeremonyEvidence", "EvidenceFile", "evidence_digest"]

MAX_EVIDENCE_BYTES: Final = 64 * 1024 * 1024
"""Largest evidence file read, ours: a BankID answer has some 20 KB."""
MAX_CEREMONIES: Final = 10_000
_MAX_PARTS: Final = 16
_KEY_BYTES: Final = 32


def evidence_digest(evidence_format: str, parts: Mapping[str, bytes]) -> str:
    """Return the digest of a piece of evidence: SHA-256 of JCS({format, parts: {name: digest}}).

    This is the value that a signature statement commits to: ``commitment_of(salt, evidence_digest(…))``.
    """
    digests = {name: canonical.digest_text(canonical.digest(part)) for name, part in parts.items()}
    return canonical.digest_text(canonical.digest(canonical.encode({"format": evidence_format, "parts": digests})))


@dataclass(frozen=True, slots=True)
class CeremonyEvidence:
    """The evidence of one ceremony, as the provider gave it, and the salt of its commitment."""

    ceremony: str
    provider: str
    environment: str
    format: str
    """Key of the verifier in ``signkit.evidence``."""
    parts: Mapping[str, bytes] = field(repr=False)
    salt: str = field(repr=False)
    """base64url without padding."""

    @property
    def digest(self) -> str:
        """What the commitment in the signature statement commits to."""
        return evidence_digest(self.format, self.parts)

    def to_json(self) -> Json:
        """Return it as the file carries it."""
        return {
            "ceremony": self.ceremony,
            "provider": self.provider,
            "environment": self.environment,
            "format": self.format,
            "parts": {name: base64.b64encode(part).decode("ascii") for name, part in self.parts.items()},
            "salt": self.salt,
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return what the file carries.

        Raises:
            StatementError: it does not fit.
        """
        reader = Reader(value, "ceremony evidence")
        parts = Reader(reader.take("parts"), "parts")
        if len(parts.mapping) > _MAX_PARTS:
            raise StatementError("statement.form", "too many parts of evidence")
        return cls(
            ceremony=reader.text("ceremony"),
            provider=reader.text("provider"),
            environment=reader.text("environment"),
            format=reader.text("format"),
            parts={name: _bytes(parts.text(name)) for name in parts.mapping},
            salt=reader.text("salt"),
        )


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """``signkit.evidence/1``: the evidence of every ceremony of one envelope, and what opens its commitments."""

    schema: ClassVar[str] = "signkit.evidence/1"

    envelope: str
    ceremonies: tuple[CeremonyEvidence, ...]
    person_key: bytes = field(repr=False)
    """The envelope's secret key, 32 bytes; see ``signkit.model.person.person_of``."""
    openings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What opens other commitments; nothing of it is needed for C3b."""
    erased: Mapping[str, str] | None = None
    """``{at, rule}`` where the evidence was erased by rule: then there is nothing else in the file."""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def ceremony(self, name: str) -> CeremonyEvidence | None:
        """Return the evidence of a ceremony, None if there is none."""
        return next((item for item in self.ceremonies if item.ceremony == name), None)

    def to_json(self) -> Json:
        """Return it as JSON."""
        return {
            **self.extra,
            **({"erased": dict(self.erased)} if self.erased else {}),
            "schema": self.schema,
            "envelope": self.envelope,
            "ceremonies": [item.to_json() for item in self.ceremonies],
            "person_key": base64.urlsafe_b64encode(self.person_key).rstrip(b"=").decode("ascii"),
            "openings": dict(self.openings),
        }

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self.to_json())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the evidence file whose canonical bytes are exactly ``data``; one line end after them is forgiven.

        Raises:
            UnknownStatementError: another version.
            StatementError: anything else that does not fit.
        """
        line = data.removesuffix(b"\n")
        return cls._from_json(read_record(line, schema=cls.schema, max_bytes=MAX_EVIDENCE_BYTES))

    @classmethod
    def _from_json(cls, value: Json) -> Self:
        reader = Reader(value, cls.schema)
        records = reader.sequence("ceremonies")
        if len(records) > MAX_CEREMONIES:
            raise StatementError("statement.form", "too many ceremonies")
        ceremonies = tuple(map(CeremonyEvidence.from_json, records))
        if len({item.ceremony for item in ceremonies}) != len(ceremonies):
            raise StatementError("statement.form", "two pieces of evidence for one ceremony")
        key = _bytes(reader.text("person_key"), urlsafe=True)
        erased = _erased(reader) if "erased" in reader.mapping else None
        openings = Reader(reader.take("openings"), "openings").mapping
        if erased is not None and (key or ceremonies or openings):
            raise StatementError("statement.form", "evidence in a file that says it was erased")
        if erased is None and len(key) != _KEY_BYTES:
            raise StatementError("statement.form", "person_key is not 32 bytes")
        return cls(
            envelope=reader.text("envelope"),
            ceremonies=ceremonies,
            person_key=key,
            openings=openings,
            erased=erased,
            extra=reader.rest(),
        )


def _erased(reader: Reader) -> Mapping[str, str]:
    said = Reader(reader.take("erased"), "erased")
    return {"at": said.text("at"), "rule": said.text("rule")}


def _bytes(text: str, *, urlsafe: bool = False) -> bytes:
    try:
        if urlsafe:
            return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise StatementError("statement.form", "not base64") from exc
