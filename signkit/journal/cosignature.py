"""Cosignatures of witnesses (C2SP tlog-cosignature, Ed25519): that somebody else saw this checkpoint, consistent, then.

A witness says only that the log it knows grew into this one. It has seen digests, no entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from signkit.errors import JournalCorruptError
from signkit.journal.checkpoint import Checkpoint
from signkit.journal.note import COSIGNATURE, VerifierKey, ed25519_public, key_name_fits, parse_vkey, signature_line
from signkit.ports.keys import SigningKey

__all__ = ["Cosignature", "cosign", "find_cosignatures", "witness_vkey"]

_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64
_LATEST: Final = 253402300799
"""Last second of the year 9999: what a datetime can say."""


@dataclass(frozen=True, slots=True)
class Cosignature:
    """One witness's word for a checkpoint, verified."""

    witness: str
    at: datetime


def witness_vkey(name: str, spki: bytes) -> str:
    """Return the verifier key of a witness.

    Raises:
        JournalCorruptError: the name cannot be a witness's (``journal.origin``), or the key is not Ed25519.
    """
    if not key_name_fits(name):
        raise JournalCorruptError("a witness's name holds no white space and no plus", code="journal.origin")
    return str(VerifierKey(name, ed25519_public(spki), COSIGNATURE))


def cosign(checkpoint: Checkpoint, *, vkey: str, key: SigningKey, at: datetime) -> bytes:
    """Return the signature line by which the witness ``vkey`` vouches for ``checkpoint`` at ``at``.

    Whether it may is the witness's to decide (``signkit.journal.witness``), not checked here.
    """
    seconds = int(at.timestamp())
    signature = key.sign(_message(seconds, checkpoint.text))
    return signature_line(parse_vkey(vkey), seconds.to_bytes(_TIME_BYTES, "big") + signature)


def find_cosignatures(checkpoint: Checkpoint, witnesses: Sequence[str]) -> list[Cosignature]:
    """Return the cosignatures of known witnesses on a checkpoint, at most one each.

    Signatures of strangers are ignored; a witness whose signature does not verify counts as absent.

    Raises:
        JournalCorruptError: a witness's verifier key cannot be read (``journal.vkey``).
    """
    found = []
    for vkey in dict.fromkeys(witnesses):
        key = parse_vkey(vkey)
        times = [_time(key, signature, checkpoint.text) for signature in key.signatures(checkpoint.note)]
        known = [at for at in times if at is not None]
        if key.kind == COSIGNATURE and known:
            found.append(Cosignature(key.name, min(known)))
    return found


def _time(key: VerifierKey, signature: bytes, text: bytes) -> datetime | None:
    if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES:
        return None
    seconds = int.from_bytes(signature[:_TIME_BYTES], "big")
    if seconds > _LATEST or not key.holds(signature[_TIME_BYTES:], _message(seconds, text)):
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _message(seconds: int, text: bytes) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n".encode("ascii") + text
