"""An envelope in the making, in memory, with a hook at each place where a forger could lie.

``signkit.testing.proved`` runs its life. For tests and attacks only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from signkit import canonical
from signkit.canonical import Json
from signkit.files import sha256_of
from signkit.journal.checkpoint import log_vkey
from signkit.model.entry import Entry
from signkit.model.evidence_file import CeremonyEvidence, EvidenceFile
from signkit.model.ids import field_prefix
from signkit.model.person import commit, person_of
from signkit.model.statement import (
    Completion,
    FieldNames,
    FileState,
    Intent,
    JournalHead,
    Manifest,
    SignatureStatement,
)
from signkit.pades import SignatureRequest, SigningIdentity
from signkit.pki.authority import PersonFacts
from signkit.ports.keys import KeyName, SigningKey
from signkit.ports.provider import Signed, SigningRequest
from signkit.testing.clock import SteppingClock
from signkit.testing.journal import MemoryKey
from signkit.testing.signed import ThrowawayAuthority
from signkit.x509.anchors import LOG, TrustAnchor, TrustAnchors
from signkit.x509.certificates import Certificate

__all__ = ["ENVELOPE", "GUESTS", "NONCE", "ORIGIN", "Forgery", "Guest", "Life", "ProvedFile", "Sign", "Trusted"]

ENVELOPE: Final = "test0test0test0test0"
ORIGIN: Final = "signkit.example.se/journal"
NONCE: Final = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Guest:
    """One person who is asked to sign."""

    name: str
    value: str | None
    """A test number, or None: invited by name alone."""
    role: str = "signatory"
    order: int = 1


GUESTS: Final = (
    Guest("Åsa Öberg", "195001019802", "chair"),
    Guest("Bo Ek", "196002029801"),
    Guest("Cia Ny", None, "secretary", 2),
)

Sign = Callable[[SigningRequest, datetime], Signed]
"""Runs one ceremony that succeeds."""


@dataclass(slots=True)
class Trusted:
    """Who vouches, and what signs for them; make it once and use it for many files."""

    sign: Sign
    """The eID: for instance the rehearsal under a root of the test's own."""
    eid_root: bytes
    authority: ThrowawayAuthority = field(default_factory=ThrowawayAuthority)
    log: SigningKey = field(default_factory=lambda: MemoryKey(7))

    @property
    def vkey(self) -> str:
        """The log's verifier key."""
        return log_vkey(ORIGIN, self.log.spki)

    @property
    def anchors(self) -> TrustAnchors:
        """Everything that an archivist needs to trust."""
        root = Certificate(self.authority.keys.certificates(KeyName.ROOT)[0])
        own = TrustAnchors.of([root]).merged([TrustAnchor(frozenset({LOG}), key=self.vkey)])
        return own.merged(TrustAnchors.of([self.eid_root], purposes=["eid:rehearsal:test"]))


def _same(value: Any, *_: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Forgery:
    """Where the forger lies; by default nowhere. The last argument is the life so far."""

    draft: Callable[[Manifest, Life], Manifest] = _same
    """The manifest before anything is written down: everything afterwards, journal and openings too, agrees with it."""
    manifest: Callable[[Manifest, Life], Manifest] = _same
    statement: Callable[[SignatureStatement, int, Life], SignatureStatement] = _same
    facts: Callable[[PersonFacts, int, Life], PersonFacts] = _same
    intent: Callable[[Intent, int, Life], Intent] = _same
    text: Callable[[str, int, Life], str] = _same
    identity: Callable[[SigningIdentity, str, Life], SigningIdentity] = _same
    """Of the signature in the field whose short name (``certify``, ``s1``, ``complete``) is given."""
    field_of: Callable[[str, Life], str] = _same
    """Where the signature with that short name goes."""
    entry: Callable[[dict[str, Any], str, Life], dict[str, Any] | None] = _same
    """Data of an entry, and its type; None leaves it out."""
    completion: Callable[[Completion, Life], Completion] = _same
    evidence: Callable[[EvidenceFile, Life], EvidenceFile] = _same


@dataclass(frozen=True, slots=True)
class ProvedFile:
    """What was made."""

    path: Path
    revisions: Mapping[str, Path]
    """``r0``, ``r1``, ``r2``, ``s1``…, ``completed``, ``archived``."""
    evidence: EvidenceFile
    manifest: Manifest
    statements: Mapping[str, SignatureStatement]
    """By signatory, before any forgery."""
    trusted: Trusted
    at: datetime
    """An instant after the last timestamp."""


@dataclass(slots=True)
class Life:
    """An envelope in the making."""

    folder: Path
    trusted: Trusted
    guests: Sequence[Guest]
    forgery: Forgery
    title: str = "Protokoll, kommunstyrelsen"
    person_key: bytes = bytes(range(32))
    entries: list[Entry] = field(default_factory=list)
    revisions: dict[str, Path] = field(default_factory=dict)
    statements: dict[str, SignatureStatement] = field(default_factory=dict)
    ceremonies: list[CeremonyEvidence] = field(default_factory=list)
    openings: dict[str, Json] = field(default_factory=dict)
    """What opens the commitments in the entries."""
    made: Any = None
    """The manifest."""

    @property
    def clock(self) -> SteppingClock:
        """The clock of everybody."""
        clock = self.trusted.authority.clock
        if not isinstance(clock, SteppingClock):
            raise TypeError("a stepping clock is needed")
        return clock

    @property
    def ids(self) -> list[str]:
        """The places."""
        return [f"s{number}" for number in range(1, len(self.guests) + 1)]

    @property
    def names(self) -> FieldNames:
        """The fields."""
        prefix = field_prefix(ENVELOPE)
        return FieldNames(f"{prefix}certify", f"{prefix}complete", {key: prefix + key for key in self.ids})

    @property
    def newest(self) -> Path:
        """The newest revision."""
        return list(self.revisions.values())[-1]

    def state(self, name: str) -> FileState:
        """Return length and digest of a revision."""
        path = self.revisions[name]
        return FileState(path.stat().st_size, canonical.digest_text(sha256_of(path)))

    def person(self, number: int) -> str | None:
        """Return the invited person's commitment."""
        value = self.guests[number].value
        return person_of(self.person_key, "se.personnummer", value) if value else None

    def commit(self, name: str, value: Json) -> str:
        """Keep what opens a commitment to ``value``, and return the commitment."""
        made = commit(value)
        self.openings[name] = {"salt": made.salt, "value": value}
        return made.digest

    def identity(self, number: int) -> str | None:
        """Return a commitment to the invited person's number."""
        value = self.guests[number].value
        opened = {"scheme": "se.personnummer", "value": value}
        return self.commit(f"signatory.{self.ids[number]}.identity", opened) if value else None

    def write(self, kind: str, data: dict[str, Any], *, actor: str = "system") -> None:
        """Append an entry."""
        told = self.forgery.entry(data, kind, self)
        if told is None:
            return
        previous = self.entries[-1].digest_text if self.entries else None
        self.entries.append(
            Entry(
                envelope=ENVELOPE,
                seq=len(self.entries),
                at=self.clock.now(),
                type=kind,
                actor=actor,
                data=told,
                nonce=NONCE,
                prev=previous,
            )
        )

    def head(self) -> JournalHead:
        """Return where the journal stands."""
        return JournalHead(ORIGIN, self.entries[-1].digest_text, len(self.entries))

    def keep(self, name: str) -> Path:
        """Return the path of the next revision, and move the clock on."""
        self.revisions[name] = self.folder / f"{name}.pdf"
        self.clock.advance(seconds=3)
        return self.revisions[name]

    def request(
        self, short: str, identity: SigningIdentity, statement: bytes, *, role: str | None = None
    ) -> SignatureRequest:
        """Return what a signature needs."""
        names = self.names
        fields = {"certify": names.certify, "complete": names.complete, **names.signatories}
        return SignatureRequest(
            field=fields[self.forgery.field_of(short, self)],
            identity=self.forgery.identity(identity, short, self),
            statement=statement,
            at=self.clock.now(),
            material=self.trusted.authority.material(),
            timestamper=self.trusted.authority.stamps,
            role=role,
        )
