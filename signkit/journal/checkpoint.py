"""Checkpoints (C2SP tlog-checkpoint): the log's name, its size and its root, signed with the journal key.

The RFC 3161 anchor is a token over ``Checkpoint.text``: the bytes up to and with the newline before the blank line, so
that cosignatures can follow without touching what was timestamped (proof.md section 7).

A home that was restored from a backup goes on under a new name, ``<origin>/2`` and so on, with the same key: a
generation.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from signkit import canonical
from signkit.errors import JournalCorruptError
from signkit.journal.merkle import HASH_BYTES
from signkit.journal.note import (
    Note,
    VerifierKey,
    ed25519_public,
    key_name_fits,
    parse_base64,
    parse_note,
    parse_vkey,
    signature_line,
)
from signkit.ports.keys import SigningKey

__all__ = [
    "Checkpoint",
    "generation_name",
    "generation_of",
    "log_vkey",
    "note_text",
    "parse_checkpoint",
    "sign_checkpoint",
    "verify_checkpoint",
]

_GENERATION: Final = re.compile(r"/([2-9]|[1-9][0-9]{1,5})")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log said about itself once."""

    origin: str
    """The log's name, without a scheme: ``signkit.karlskrona.se/journal``."""
    size: int
    root: bytes
    note: Note

    @property
    def text(self) -> bytes:
        """What is signed and timestamped."""
        return self.note.text

    @property
    def imprint(self) -> bytes:
        """SHA-256 of the text: what the timestamp token is asked for."""
        return canonical.digest(self.note.text)


def log_vkey(origin: str, spki: bytes) -> str:
    """Return the verifier key of a log whose key has the DER SubjectPublicKeyInfo ``spki``.

    Raises:
        JournalCorruptError: the name cannot be a log's (``journal.origin``), or the key is not Ed25519.
    """
    if not key_name_fits(origin):
        raise JournalCorruptError("a log's name holds no white space and no plus", code="journal.origin")
    return str(VerifierKey(origin, ed25519_public(spki)))


def sign_checkpoint(origin: str, size: int, root: bytes, key: SigningKey) -> bytes:
    """Return the signed note. Whether it may be signed is ``signkit.journal.log``'s to decide, not checked here.

    Raises:
        JournalCorruptError: the name or the key does not fit.
        KeyUnavailableError: the key cannot sign.
    """
    verifier = parse_vkey(log_vkey(origin, key.spki))
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode('ascii')}\n".encode()
    return text + b"\n" + signature_line(verifier, key.sign(text))


def note_text(note: bytes) -> bytes:
    """Return the part of a note that is signed and timestamped.

    Raises:
        JournalCorruptError: not a note.
    """
    return parse_note(note).text


def parse_checkpoint(note: bytes) -> Checkpoint:
    """Return what a checkpoint says; no signature is verified.

    Raises:
        JournalCorruptError: not a checkpoint (``journal.note``). Extension lines are refused: our logs write none.
    """
    parsed = parse_note(note)
    lines = parsed.text.decode("utf-8").split("\n")
    if len(lines) != 4 or lines[3] or not key_name_fits(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise JournalCorruptError("a note that is no checkpoint", code="journal.note")
    root = parse_base64(lines[2], "journal.note")
    if len(root) != HASH_BYTES:
        raise JournalCorruptError("a checkpoint whose root is no SHA-256 digest", code="journal.note")
    return Checkpoint(lines[0], int(lines[1]), root, parsed)


def generation_of(origin: str, name: str) -> int | None:
    """Return which generation of the log ``origin`` the log ``name`` is: 1 for itself, None for a stranger."""
    if name == origin:
        return 1
    match = _GENERATION.fullmatch(name.removeprefix(origin)) if name.startswith(origin) else None
    return int(match[1]) if match else None


def generation_name(origin: str, generation: int) -> str:
    """Return the name of a generation of the log ``origin``."""
    return origin if generation == 1 else f"{origin}/{generation}"


def verify_checkpoint(note: bytes, vkey: str, *, generations: bool = False) -> Checkpoint:
    """Return what a checkpoint says, if the log that ``vkey`` names signed it.

    Args:
        note: the signed note, perhaps with cosignatures.
        vkey: the log's verifier key.
        generations: take later generations of the same log with the same key too.

    Raises:
        JournalCorruptError: not a checkpoint, another log's (``journal.other_log``), or not signed by that key
            (``journal.checkpoint_signature``).
    """
    key = parse_vkey(vkey)
    checkpoint = parse_checkpoint(note)
    if generations and generation_of(key.name, checkpoint.origin):
        key = VerifierKey(checkpoint.origin, key.public, key.kind)
    if checkpoint.origin != key.name:
        raise JournalCorruptError("a checkpoint of another log", code="journal.other_log")
    found = key.signatures(checkpoint.note)
    if not found or not all(key.holds(signature, checkpoint.text) for signature in found):
        raise JournalCorruptError("a checkpoint that the log's key did not sign", code="journal.checkpoint_signature")
    return checkpoint
