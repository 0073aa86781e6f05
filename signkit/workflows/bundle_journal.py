"""The journal's part of an evidence bundle: entries, a proof for each, a fresh checkpoint, anchored and witnessed.

Older checkpoints of the same log that the documents carry are linked to the fresh one by consistency proofs: so the
bundle shows that nothing was rewritten between completion and export.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from signkit.errors import StoreLockedError
from signkit.journal.checkpoint import Checkpoint, log_vkey
from signkit.journal.note import VerifierKey, ed25519_spki, parse_vkey
from signkit.journal.proof import TlogProof
from signkit.journal.tree import Tree
from signkit.model.bundle import BundleEntry
from signkit.model.entry import ERASED, HOME
from signkit.model.envelope import Envelope
from signkit.ports.keys import KeyName
from signkit.ports.store import StoredEntry
from signkit.workflows.desk import Desk
from signkit.workflows.vouching import vouched_anchor

__all__ = ["JournalPart", "journal_part"]

_MOST_SIZES: Final = 64
"""Most sizes at which the completing checkpoint may have been signed: more only where hundreds of steps ran at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPart:
    """What the bundle holds of the journal."""

    files: Mapping[str, bytes]
    entries: tuple[BundleEntry, ...]
    erasures: tuple[BundleEntry, ...]
    checkpoint: str = "journal/checkpoint"
    token: str = "journal/checkpoint.tsr"  # noqa: S105 - a timestamp token
    consistency: Mapping[str, tuple[str, ...]]


def journal_part(desk: Desk, envelope: Envelope) -> JournalPart:
    """Sign and anchor the log as it stands, and return everything in it that concerns an envelope.

    Raises:
        JournalError: the log cannot be signed, or too few witnesses vouch.
        TimestampError: no service gave a token.
        StoreLockedError: somebody has gone on with the envelope meanwhile.
    """
    key = desk.keys.key(KeyName.JOURNAL)
    anchored, cosignatures = vouched_anchor(desk)
    lines = "".join(f"{line}\n" for line in cosignatures)
    note = anchored.note + lines.encode("utf-8")
    first = parse_vkey(log_vkey(desk.origin, key.spki))
    vkey = VerifierKey(anchored.checkpoint.origin, first.public, first.kind)
    spki = base64.encodebytes(ed25519_spki(first.public))
    files = {
        "journal/checkpoint": note,
        "journal/checkpoint.tsr": anchored.token,
        "journal/log.vkey": f"{vkey}\n".encode(),
        "journal/log.pem": b"-----BEGIN PUBLIC KEY-----\n" + spki + b"-----END PUBLIC KEY-----\n",
    }
    with desk.store.read() as tx:
        tree = Tree(tx)
        stored = tx.entries(envelope.id)
        if stored[-1].entry.digest_text != envelope.head or stored[-1].index >= anchored.checkpoint.size:
            raise StoreLockedError(
                "somebody has gone on with the envelope meanwhile", code="store.moved", hint="try again"
            )
        gone = [item for item in tx.entries(HOME) if _erases(item, envelope.id)]
        made = _Proved(tree, anchored.checkpoint, note)
        entries = tuple(made.add(item, "entries") for item in stored)
        erasures = tuple(made.add(item, "home") for item in gone if item.index < anchored.checkpoint.size)
        consistency = _consistency(tree, stored, anchored.checkpoint)
    return JournalPart(files={**files, **made.files}, entries=entries, erasures=erasures, consistency=consistency)


def _erases(item: StoredEntry, envelope: str) -> bool:
    return item.entry.type == ERASED and item.entry.data.get("envelope") == envelope


class _Proved:
    """Entries with their proofs, as files."""

    def __init__(self, tree: Tree, checkpoint: Checkpoint, note: bytes) -> None:
        self._tree, self._checkpoint, self._note = tree, checkpoint, note
        self.files: dict[str, bytes] = {}

    def add(self, item: StoredEntry, folder: str) -> BundleEntry:
        """Keep an entry and its proof, and return their names."""
        name = f"journal/{folder}/{item.entry.seq:04d}"
        path = tuple(self._tree.inclusion(item.index, size=self._checkpoint.size))
        self.files[f"{name}.json"] = item.entry.encode()
        self.files[f"{name}.tlog-proof"] = TlogProof(item.index, path, self._note).encode()
        return BundleEntry(f"{name}.json", f"{name}.tlog-proof")


def _consistency(tree: Tree, stored: list[StoredEntry], checkpoint: Checkpoint) -> dict[str, tuple[str, ...]]:
    """Return a proof from every size at which the completing checkpoint can have been signed."""
    types = {item.entry.type: item.index for item in stored}
    if "completing" not in types:
        return {}
    last = min(types.get("completed", checkpoint.size), checkpoint.size)
    sizes = range(types["completing"] + 1, min(last, types["completing"] + _MOST_SIZES) + 1)
    return {str(size): tuple(map(_text, tree.consistency(size, new=checkpoint.size))) for size in sizes}


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
