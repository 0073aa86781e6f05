"""Ask witnesses to vouch for a checkpoint: the log's side of C2SP tlog-witness.

A witness that does not answer, refuses, or gives a signature that does not verify is told as a problem, never an error:
whether enough vouched is the caller's policy, k of n.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from signkit.errors import JournalCorruptError, JournalError
from signkit.journal.checkpoint import Checkpoint, parse_checkpoint
from signkit.journal.cosignature import find_cosignatures
from signkit.journal.tree import Tree
from signkit.journal.witness import add_checkpoint_body
from signkit.ports.store import Store
from signkit.ports.witness import WitnessService

__all__ = ["OVERTAKEN", "Cosigned", "ask_witnesses"]

OVERTAKEN: Final = "witness.overtaken"
"""Another process of the same home was quicker: the log has grown, and no witness goes back."""
_ROUNDS: Final = 20
"""How often a witness may name another size than the one before."""

_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,15})\n")


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint with the cosignatures that could be had."""

    note: bytes
    vouched: tuple[str, ...]
    """Names of the witnesses whose cosignature verifies."""
    problems: tuple[tuple[str, str], ...]
    """Verifier key of a witness and the code of why it did not vouch."""


def ask_witnesses(store: Store, note: bytes, *, witnesses: Sequence[WitnessService]) -> Cosigned:
    """Return the note with every cosignature that the witnesses gave, and keep it so in the store.

    Args:
        store: the home; no transaction of the caller may be open.
        note: a checkpoint of this home's log, signed and kept.
        witnesses: whom to ask.

    Raises:
        JournalCorruptError: the note is no checkpoint.
        StoreError: the store failed.
    """
    checkpoint = parse_checkpoint(note)
    lines: list[bytes] = []
    problems: list[tuple[str, str]] = []
    for witness in witnesses:
        try:
            lines.append(_ask(store, witness, note, checkpoint))
        except JournalError as exc:
            problems.append((witness.vkey, exc.code))
    full = note + b"".join(lines)
    names = tuple(item.witness for item in find_cosignatures(parse_checkpoint(full), [w.vkey for w in witnesses]))
    if lines:
        with store.write() as tx:
            tx.put_checkpoint(full, None)
    return Cosigned(full, names, tuple(problems))


def _ask(store: Store, witness: WitnessService, note: bytes, checkpoint: Checkpoint) -> bytes:
    """Return the signature lines of one witness that verify."""
    old = _last_vouched(store, witness.vkey, checkpoint)
    for _ in range(_ROUNDS):  # others of this home may have their checkpoints vouched for between answer and question
        answer = witness.add_checkpoint(add_checkpoint_body(old=old, proof=_proof(store, old, checkpoint), note=note))
        match = _SIZE.fullmatch(answer.body) if answer.status == 409 else None
        if match is None or int(match[1]) == old:
            break
        old = int(match[1])
    if answer.status != 200:
        raise JournalError("a witness refused the checkpoint", code=f"witness.refused_{answer.status}")
    return _verified(answer.body, note, witness.vkey)


def _verified(body: bytes, note: bytes, vkey: str) -> bytes:
    for line in body.splitlines(keepends=True):
        try:
            if find_cosignatures(parse_checkpoint(note + line), [vkey]):
                return line
        except JournalCorruptError:
            continue
    raise JournalError("a witness gave no cosignature that verifies", code="witness.signature")


def _proof(store: Store, old: int, checkpoint: Checkpoint) -> list[bytes]:
    with store.read() as tx:
        tree = Tree(tx)
        if checkpoint.size < old <= tree.size:
            raise JournalError("the witness has vouched for a newer checkpoint of this home", code=OVERTAKEN)
        if not old <= checkpoint.size <= tree.size:
            raise JournalError(
                f"a witness has seen {old} entries of this log, which has {checkpoint.size}: it was cut or restored",
                code="witness.ahead",
                hint="find out which history is the true one before anything more is signed",
            )
        return tree.consistency(old, new=checkpoint.size)


def _last_vouched(store: Store, vkey: str, checkpoint: Checkpoint) -> int:
    """Return the size of the newest checkpoint that this witness cosigned, as far as this home knows."""
    with store.read() as tx:
        for stored in tx.checkpoints(limit=100):
            earlier = parse_checkpoint(stored.note)
            if earlier.origin == checkpoint.origin and find_cosignatures(earlier, [vkey]):
                return earlier.size
    return 0
