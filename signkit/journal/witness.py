"""A witness (C2SP tlog-witness): watches logs of others and vouches that each only ever grew.

The protocol without its transport: ``Witness.add_checkpoint`` takes the body of a request and returns status and
body. Per log it remembers the newest checkpoint that it cosigned, durably, before it answers; comparing and remembering
are one step.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signkit.errors import JournalCorruptError
from signkit.files import write_atomic
from signkit.journal.checkpoint import Checkpoint, parse_checkpoint, verify_checkpoint
from signkit.journal.cosignature import cosign
from signkit.journal.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from signkit.journal.note import MAX_NOTE_BYTES, parse_base64
from signkit.journal.proof import MAX_PATH
from signkit.ports.clock import Clock
from signkit.ports.keys import SigningKey

__all__ = ["MAX_REQUEST_BYTES", "Answer", "Witness", "add_checkpoint_body"]

MAX_REQUEST_BYTES: Final = MAX_NOTE_BYTES + (MAX_PATH + 1) * 64
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answers."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


class Witness:
    """Watches the logs in ``logs`` (origin → verifier key) and keeps what it saw in ``folder``.

    Args:
        vkey: its own verifier key (``cosignature.witness_vkey``).
        key: the private half.
        logs: the logs that it watches.
        folder: where the newest checkpoint of each log is kept, one file each.
        clock: tells the time of a cosignature.
    """

    def __init__(self, *, vkey: str, key: SigningKey, logs: Mapping[str, str], folder: Path, clock: Clock) -> None:
        self._vkey = vkey
        self._key = key
        self._logs = dict(logs)
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer an ``add-checkpoint`` request.

        Raises:
            OSError: what was seen cannot be kept; nothing has been cosigned then.
            KeyUnavailableError: the key cannot sign.
        """
        try:
            old, proof, note = _parse(body)
            origin = parse_checkpoint(note).origin
        except JournalCorruptError as exc:
            return _refusal(400, exc.message)
        if origin not in self._logs:
            return _refusal(404, "unknown log")
        try:
            checkpoint = verify_checkpoint(note, self._logs[origin])
        except JournalCorruptError as exc:
            return _refusal(403, exc.message)
        if old > checkpoint.size:
            return _refusal(400, "the old size is larger than the checkpoint")
        with self._lock:
            return self._judge(old, proof, checkpoint, note)

    def seen(self, origin: str) -> Checkpoint | None:
        """Return the newest checkpoint of a log that was cosigned.

        Raises:
            JournalCorruptError: what was kept is damaged; the witness must not go on.
        """
        path = self._path(origin)
        return verify_checkpoint(path.read_bytes(), self._logs[origin]) if path.is_file() else None

    def _judge(self, old: int, proof: list[bytes], checkpoint: Checkpoint, note: bytes) -> Answer:
        try:
            seen = self.seen(checkpoint.origin)
        except JournalCorruptError:
            return _refusal(500, "what this witness remembers of the log is damaged")
        size, root = (0, EMPTY_ROOT) if seen is None else (seen.size, seen.root)
        if old != size:
            return Answer(409, f"{size}\n".encode("ascii"), "text/x.tlog.size")
        if size == checkpoint.size and root != checkpoint.root:  # no size in the answer: asking again would not help
            return _refusal(409, "another tree of that size was cosigned")
        if not verify_consistency(old=old, new=checkpoint.size, proof=proof, old_root=root, new_root=checkpoint.root):
            return _refusal(422, "the log did not grow into this checkpoint")
        line = cosign(checkpoint, vkey=self._vkey, key=self._key, at=self._clock.now())
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self._path(checkpoint.origin), note, mode=0o600)
        return Answer(200, line)

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"


def add_checkpoint_body(*, old: int, proof: list[bytes], note: bytes) -> bytes:
    """Return the body of an ``add-checkpoint`` request."""
    lines = [f"old {old}", *(_text(item) for item in proof), "", ""]
    return "\n".join(lines).encode("ascii") + note


def _parse(body: bytes) -> tuple[int, list[bytes], bytes]:
    head, blank, note = body[: MAX_REQUEST_BYTES + 1].partition(b"\n\n")
    if len(body) > MAX_REQUEST_BYTES or not blank or not head.isascii():
        raise JournalCorruptError("not an add-checkpoint request", code="journal.request")
    first, *lines = head.decode("ascii").split("\n")
    match = _OLD.fullmatch(first)
    if match is None or len(lines) > MAX_PATH:
        raise JournalCorruptError("not an add-checkpoint request", code="journal.request")
    proof = [parse_base64(line, "journal.request") for line in lines]
    if any(len(item) != HASH_BYTES for item in proof):
        raise JournalCorruptError("a hash of the wrong length", code="journal.request")
    return int(match[1]), proof, note


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _refusal(status: int, reason: str) -> Answer:
    return Answer(status, f"{reason}\n".encode())
