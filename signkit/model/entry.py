"""One entry of the journal: ``signkit.entry/1`` (proof.md section 7).

An entry is its canonical bytes; its digest is the SHA-256 of them and the leaf of the log's tree. Entries travel in
public PDFs: they carry type, time, role and commitments, never a name, a number or free text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from signkit import canonical
from signkit.canonical import Json
from signkit.errors import JournalCorruptError

__all__ = ["ENTRY_SCHEMA", "ERASED", "FIELDS", "HOME", "MAX_ENTRY_BYTES", "Entry", "format_time", "parse_time"]

ENTRY_SCHEMA: Final = "signkit.entry/1"
HOME: Final = "home"
"""Stands where the envelope's identifier stands, for entries of the home itself."""
ERASED: Final = "openings_erased"
"""Type of the home's entry that says what was erased of an envelope: data {envelope, openings, evidence, rule}."""
MAX_ENTRY_BYTES: Final = 1 << 20
"""Largest entry taken, ours: one of an envelope with 100 documents needs 20 KB."""

_SHAPES: Final = (
    ("envelope", re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")),
    ("type", re.compile(r"[a-z][a-z0-9_.-]{0,63}")),
    ("actor", re.compile(r"[^\x00-\x1f\x7f]{1,128}")),
    ("nonce", re.compile(r"[0-9a-f]{32}")),
)
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
FIELDS: Final = frozenset({"schema", "envelope", "seq", "at", "type", "actor", "data", "nonce", "prev"})
"""What version 1 knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened, and what happened in the same envelope before it.

    Raises:
        JournalCorruptError: a field has no place in an entry.
    """

    envelope: str
    """The envelope, or ``HOME``."""
    seq: int
    """Position in its envelope, from 0."""
    at: datetime
    """When, by the home's clock; kept in UTC and whole milliseconds."""
    type: str
    actor: str
    """Who did it, by role or slot: ``clerk``, ``system``, ``signatory:s1``; never a name."""
    data: Mapping[str, Json]
    nonce: str
    """128 random bits, hex: nobody can guess an entry from its digest."""
    prev: str | None
    """Digest of the envelope's previous entry, ``sha256:<hex>``; None for the first."""
    extra: Mapping[str, Json] = field(default_factory=dict)
    """Fields that this version does not know: kept, covered by the digest, ignored."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise _wrong("a time without a zone", field_name="at")
        at = self.at.astimezone(UTC)
        object.__setattr__(self, "at", at.replace(microsecond=at.microsecond // 1000 * 1000))
        for name, pattern in _SHAPES:
            value = getattr(self, name)
            if not isinstance(value, str) or not pattern.fullmatch(value):
                raise _wrong(f"an entry's {name} that is not one", field_name=name)
        if type(self.seq) is not int or not 0 <= self.seq < 2**53:
            raise _wrong("a sequence number that is not one", field_name="seq")
        if not isinstance(self.data, Mapping):
            raise _wrong("data that is not an object", field_name="data")
        if (self.prev is None) != (self.seq == 0):
            raise _wrong("only the first entry has no previous one", field_name="prev")
        if self.prev is not None:
            _digest(self.prev)
        if not FIELDS.isdisjoint(self.extra):
            raise _wrong("a known field among the unknown ones", field_name="extra")

    def encode(self) -> bytes:
        """Return the canonical bytes.

        Raises:
            JournalCorruptError: the data has no canonical form, or the entry is larger than ``MAX_ENTRY_BYTES``.
        """
        return self._settled()[0]

    def settled(self) -> tuple[bytes, Entry]:
        """Return the canonical bytes and the entry as ``decode`` reads it from them: text in NFC, tuples as lists.

        Raises:
            JournalCorruptError: as ``encode``.
        """
        raw, value = self._settled()
        read = object.__new__(Entry)  # its fields are judged already
        for name in ("envelope", "seq", "at", "type", "nonce", "prev"):
            object.__setattr__(read, name, getattr(self, name))
        object.__setattr__(read, "actor", value["actor"])
        object.__setattr__(read, "data", value["data"])
        object.__setattr__(read, "extra", {name: value[name] for name in value if name not in FIELDS})
        return raw, read

    def _settled(self) -> tuple[bytes, Json]:
        try:
            raw, value = canonical.settled(self.to_json())
        except canonical.CanonicalError as exc:
            raise _wrong(str(exc), field_name="data") from exc
        if len(raw) > MAX_ENTRY_BYTES:
            raise _wrong(f"an entry of more than {MAX_ENTRY_BYTES} bytes", field_name="data")
        return raw, value

    def to_json(self) -> Json:
        """Return the entry as JSON, as a completion statement carries it."""
        return {
            **self.extra,
            "schema": ENTRY_SCHEMA,
            "envelope": self.envelope,
            "seq": self.seq,
            "at": format_time(self.at),
            "type": self.type,
            "actor": self.actor,
            "data": self.data,
            "nonce": self.nonce,
            "prev": self.prev,
        }

    @classmethod
    def decode(cls, raw: bytes) -> Entry:
        """Return the entry whose canonical bytes are exactly ``raw``.

        Raises:
            JournalCorruptError: not an entry (``journal.entry``), or of a version that this one does not know
                (``journal.entry_version``).
        """
        try:
            value = canonical.decode(raw, max_bytes=MAX_ENTRY_BYTES)
        except canonical.CanonicalError as exc:
            raise _wrong(f"an entry that is {exc}", field_name="") from exc
        if not isinstance(value, dict) or not isinstance(value.get("schema"), str):
            raise _wrong("not an entry", field_name="schema")
        if value["schema"] != ENTRY_SCHEMA:
            raise JournalCorruptError(
                "an entry of an unknown version",
                code="journal.entry_version",
                hint="read it with a newer signkit",
            )
        missing = sorted(FIELDS - set(value))
        if missing:
            raise _wrong(f"an entry without {missing[0]}", field_name=missing[0])
        known = {name: value[name] for name in FIELDS - {"schema", "at"}}
        extra = {name: item for name, item in value.items() if name not in FIELDS}
        return cls(at=parse_time(value["at"]), extra=extra, **known)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the canonical bytes: 32 bytes."""
        return canonical.digest(self.encode())

    @property
    def digest_text(self) -> str:
        """The same, as ``sha256:<hex>``."""
        return canonical.digest_text(self.digest)


def format_time(at: datetime) -> str:
    """Return an aware instant as RFC 3339 in UTC with three decimals and ``Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_time(text: object) -> datetime:
    """Return the instant that ``format_time`` wrote.

    Raises:
        JournalCorruptError: written in any other way, or no instant.
    """
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise _wrong("a time that is not written as RFC 3339 in UTC with milliseconds", field_name="at")
    try:
        return datetime.fromisoformat(f"{text[:-1]}+00:00").astimezone(UTC)
    except ValueError as exc:
        raise _wrong("a time that no calendar has", field_name="at") from exc


def _digest(text: object) -> None:
    try:
        canonical.parse_digest(text if isinstance(text, str) else "")
    except canonical.CanonicalError as exc:
        raise _wrong("a previous digest that is not one", field_name="prev") from exc


def _wrong(message: str, *, field_name: str) -> JournalCorruptError:
    return JournalCorruptError(message, code="journal.entry", subject={"field": field_name} if field_name else None)
