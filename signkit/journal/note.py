"""Signed notes (C2SP signed-note): a text, a blank line, and signature lines, each by a named key.

Reading is strict: bytes that are not exactly a note are refused. Signatures by keys that nobody asked for are kept and
ignored, as the specification says.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from signkit.errors import JournalCorruptError

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "MAX_NOTE_BYTES",
    "Note",
    "NoteSignature",
    "VerifierKey",
    "ed25519_public",
    "ed25519_spki",
    "key_name_fits",
    "parse_base64",
    "parse_note",
    "parse_vkey",
    "signature_line",
]

ED25519: Final = 0x01
"""Signature type of an ordinary Ed25519 signature over the text."""
COSIGNATURE: Final = 0x04
"""Signature type of a witness's timestamped Ed25519 cosignature (C2SP tlog-cosignature)."""
MAX_NOTE_BYTES: Final = 64 * 1024
"""Largest note taken, ours."""
_MAX_SIGNATURES: Final = 100
"""Ours; the specification asks for at least 16."""
_DASH: Final = "\N{EM DASH} "
_SPKI_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
"""SubjectPublicKeyInfo of Ed25519 before its 32 bytes (RFC 8410 section 4)."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_id: bytes
    """4 bytes."""
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it was read; nothing in it has been verified."""

    text: bytes
    """Everything up to and with the newline before the blank line: what is signed, and what a timestamp covers."""
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named public key that verifies notes: ``name+keyid+base64``."""

    name: str
    public: bytes
    """32 bytes, Ed25519."""
    kind: int = ED25519

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name || 0x0A || type || public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """Write the key as a vkey."""
        return f"{self.name}+{self.key_id.hex()}+{_encode(bytes([self.kind]) + self.public)}"

    def signatures(self, note: Note) -> list[bytes]:
        """Return the signatures of a note that claim to be by this key."""
        return [item.signature for item in note.signatures if (item.name, item.key_id) == (self.name, self.key_id)]

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Tell whether ``signature`` is this key's over ``message``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def parse_vkey(text: str) -> VerifierKey:
    """Return the key that ``text`` names.

    Raises:
        JournalCorruptError: not an Ed25519 verifier key (``journal.vkey``).
    """
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = parse_base64(encoded, "journal.vkey")
    if not key_name_fits(name) or len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):
        raise JournalCorruptError("not a verifier key", code="journal.vkey")
    key = VerifierKey(name, raw[1:], raw[0])
    if key_id != key.key_id.hex():
        raise JournalCorruptError("a verifier key whose name and key do not belong together", code="journal.vkey")
    return key


def parse_note(data: bytes) -> Note:
    """Return the note that ``data`` is.

    Raises:
        JournalCorruptError: anything else (``journal.note``).
    """
    if len(data) > MAX_NOTE_BYTES:
        raise _wrong(f"a note of more than {MAX_NOTE_BYTES} bytes")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise _wrong("a note that is not UTF-8") from exc
    if any(char < " " and char != "\n" for char in whole):
        raise _wrong("a note with a control character")
    head, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise _wrong("a note without signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise _wrong("a note with too many signatures")
    return Note(text=f"{head}\n".encode(), signatures=tuple(_signature(line) for line in lines))


def signature_line(key: VerifierKey, signature: bytes) -> bytes:
    """Return the line that adds ``signature`` to a note."""
    return f"{_DASH}{key.name} {_encode(key.key_id + signature)}\n".encode()


def ed25519_public(spki: bytes) -> bytes:
    """Return the 32 bytes of an Ed25519 public key from its DER SubjectPublicKeyInfo.

    Raises:
        JournalCorruptError: another kind of key (``journal.key``).
    """
    if len(spki) != 44 or not spki.startswith(_SPKI_PREFIX):
        raise JournalCorruptError("a journal key that is not Ed25519", code="journal.key")
    return spki[-32:]


def ed25519_spki(public: bytes) -> bytes:
    """Return the DER SubjectPublicKeyInfo of an Ed25519 public key."""
    return _SPKI_PREFIX + public


def key_name_fits(name: str) -> bool:
    """Tell whether a key may have that name: not empty, no white space, no plus, no control character."""
    return bool(name) and len(name) <= 255 and not any(char.isspace() or char == "+" or char < "!" for char in name)


def parse_base64(text: str, code: str) -> bytes:
    """Return the bytes that ``text`` encodes in the one way that base64 allows.

    Raises:
        JournalCorruptError: with ``code``, anything else.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise JournalCorruptError("not base64", code=code) from exc
    if _encode(raw) != text:
        raise JournalCorruptError("not canonical base64", code=code)
    return raw


def _signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not key_name_fits(name):
        raise _wrong("a signature line that is not one")
    raw = parse_base64(encoded, "journal.note")
    if len(raw) < 5:
        raise _wrong("a signature that is too short")
    return NoteSignature(name, raw[:4], raw[4:])


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _wrong(message: str) -> JournalCorruptError:
    return JournalCorruptError(message, code="journal.note")
