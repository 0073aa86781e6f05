"""One entry's place in a signed tree: as JSON in a completion statement, and as a C2SP ``.tlog-proof`` file."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from signkit.canonical import Json
from signkit.errors import JournalCorruptError
from signkit.journal.checkpoint import Checkpoint, parse_checkpoint
from signkit.journal.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from signkit.journal.note import MAX_NOTE_BYTES, parse_base64

__all__ = ["MAX_PATH", "Inclusion", "TlogProof"]

MAX_PATH: Final = 63
"""Longest path of a tree of fewer than 2**63 leaves."""

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,15})")
_MAX_PROOF_BYTES: Final = 2 * MAX_NOTE_BYTES


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That a leaf is number ``index`` in the tree of ``size`` leaves."""

    index: int
    size: int
    path: tuple[bytes, ...]
    """Hashes, the leaf's sibling first."""

    def holds(self, leaf: bytes, *, checkpoint: Checkpoint) -> bool:
        """Tell whether the tree of ``checkpoint`` has the entry with digest ``leaf`` there."""
        return self.size == checkpoint.size and verify_inclusion(
            leaf_hash(leaf), index=self.index, size=self.size, proof=self.path, root=checkpoint.root
        )

    def to_json(self) -> Json:
        """Return ``{index, size, path}``, hashes in base64."""
        return {"index": self.index, "size": self.size, "path": [_base64(item) for item in self.path]}

    @classmethod
    def from_json(cls, value: Json) -> Inclusion:
        """Return what ``to_json`` wrote.

        Raises:
            JournalCorruptError: anything else (``journal.proof``).
        """
        if not isinstance(value, dict) or not isinstance(value.get("path"), list) or len(value["path"]) > MAX_PATH:
            raise _wrong("not an inclusion proof")
        index, size = value.get("index"), value.get("size")
        if type(index) is not int or type(size) is not int or not 0 <= index < size:
            raise _wrong("an inclusion proof outside its tree")
        return cls(index, size, tuple(_hash(item) for item in value["path"]))


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A ``.tlog-proof`` file (C2SP tlog-proof): checkable with the log's key and nothing else."""

    index: int
    path: tuple[bytes, ...]
    note: bytes
    extra: bytes | None = None

    def encode(self) -> bytes:
        """Return the file."""
        lines = [_HEADER, *([] if self.extra is None else [f"extra {_base64(self.extra)}"]), f"index {self.index}"]
        return "\n".join([*lines, *map(_base64, self.path), "", ""]).encode("ascii") + self.note

    @classmethod
    def decode(cls, data: bytes) -> TlogProof:
        """Return what a file says; nothing is verified but its form.

        Raises:
            JournalCorruptError: not such a file (``journal.proof``), or no checkpoint in it (``journal.note``).
        """
        if len(data) > _MAX_PROOF_BYTES:
            raise _wrong("a proof file that is too large")
        head, blank, note = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as exc:
            raise _wrong("not a proof file") from exc
        if not blank or lines.pop(0) != _HEADER or not lines:
            raise _wrong("not a proof file")
        extra = parse_base64(lines.pop(0)[6:], "journal.proof") if lines[0].startswith("extra ") else None
        match = _INDEX.fullmatch(lines.pop(0)) if lines else None
        if match is None or len(lines) > MAX_PATH:
            raise _wrong("a proof file without an index, or with too many hashes")
        parse_checkpoint(note)
        return cls(int(match[1]), tuple(_hash(line) for line in lines), note, extra)

    def inclusion(self) -> Inclusion:
        """Return the proof for the tree of the file's own checkpoint."""
        return Inclusion(self.index, parse_checkpoint(self.note).size, self.path)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _hash(text: object) -> bytes:
    raw = parse_base64(text if isinstance(text, str) else "", "journal.proof")
    if len(raw) != HASH_BYTES:
        raise _wrong("a hash of the wrong length")
    return raw


def _wrong(message: str) -> JournalCorruptError:
    return JournalCorruptError(message, code="journal.proof")
