"""Witnesses: what they vouch for, what they refuse, and that they see what a home alone cannot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from signkit.errors import JournalCorruptError, JournalError
from signkit.journal import log
from signkit.journal.checkpoint import log_vkey, parse_checkpoint, sign_checkpoint
from signkit.journal.cosignature import cosign, find_cosignatures, witness_vkey
from signkit.journal.cosigning import ask_witnesses
from signkit.journal.note import parse_note, parse_vkey, signature_line
from signkit.journal.tree import Tree
from signkit.journal.witness import MAX_REQUEST_BYTES, Answer, Witness, add_checkpoint_body
from signkit.ports.keys import SigningKey
from signkit.ports.witness import WitnessAnswer
from signkit.store import SqlStore, open_store
from signkit.testing.clock import SteppingClock
from signkit.testing.journal import MemoryKey
from signkit.testing.stores import add

NAME = "witness.grannkommun.se/w1"
VKEY = witness_vkey(NAME, MemoryKey(7).spki)


class Direct:
    """A witness reached without a network."""

    def __init__(self, witness: Witness, vkey: str = VKEY) -> None:
        self._witness = witness
        self.vkey = vkey
        self.asked = 0

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Ask it."""
        self.asked += 1
        answer = self._witness.add_checkpoint(body)
        return WitnessAnswer(answer.status, answer.body)


class Deaf:
    """A witness that does not answer."""

    vkey = witness_vkey("deaf.se/w", MemoryKey(8).spki)

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Say nothing."""
        raise JournalError("no answer", code="witness.unavailable", subject={"bytes": str(len(body))})


class Liar:
    """A witness that answers 200 with rubbish."""

    vkey = witness_vkey("liar.se/w", MemoryKey(9).spki)

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Answer with a line that is none, and one of another."""
        assert body
        return WitnessAnswer(200, b"rubbish\n" + "— liar.se/w AAAAAAAAAAAAAAAA\n".encode())


@pytest.fixture
def witness(tmp_path: Path, key: SigningKey, origin: str) -> Witness:
    """A neighbour that watches the log."""
    return new_witness(tmp_path / "witness", log_vkey(origin, key.spki), origin)


def new_witness(folder: Path, vkey: str, origin: str) -> Witness:
    """Return a witness that remembers in ``folder``."""
    return Witness(vkey=VKEY, key=MemoryKey(7), logs={origin: vkey}, folder=folder, clock=SteppingClock())


def grow_to(store: SqlStore, size: int, key: SigningKey, origin: str) -> bytes:
    """Append until the log has ``size`` entries, and sign it."""
    with store.write() as tx:
        add(tx, "e1", size - tx.size())
    return log.sign_head(store, origin=origin, key=key)


def request(store: SqlStore, old: int, note: bytes) -> bytes:
    """Return an honest request."""
    with store.read() as tx:
        return add_checkpoint_body(old=old, proof=Tree(tx).consistency(old, new=parse_checkpoint(note).size), note=note)


def test_published_cosignature_has_the_right_key_form() -> None:
    """A verifier key of type 0x04 as published by others is read and written back."""
    text = witness_vkey(NAME, MemoryKey(7).spki)
    assert str(parse_vkey(text)) == text
    with pytest.raises(JournalCorruptError):
        witness_vkey("a b", MemoryKey(7).spki)


def test_it_vouches_for_growth_only(witness: Witness, store: SqlStore, key: SigningKey, origin: str) -> None:
    """First sight, growth and repetition are cosigned; each signature verifies and names the time."""
    first, second = grow_to(store, 3, key, origin), grow_to(store, 9, key, origin)
    for old, note in ((0, first), (3, second), (9, second)):
        answer = witness.add_checkpoint(request(store, old, note))
        assert answer.status == 200
        (seen,) = find_cosignatures(parse_checkpoint(note + answer.body), [VKEY, VKEY])
        assert (seen.witness, seen.at) == (NAME, SteppingClock().at)
    checkpoint = witness.seen(origin)
    assert checkpoint is not None
    assert checkpoint.size == 9


def test_it_remembers_over_a_restart(
    witness: Witness, store: SqlStore, key: SigningKey, origin: str, tmp_path: Path
) -> None:
    """A new process knows what the old one saw, and tells the size to whoever asks with another."""
    note = grow_to(store, 5, key, origin)
    assert witness.add_checkpoint(request(store, 0, note)).status == 200
    again = new_witness(tmp_path / "witness", log_vkey(origin, key.spki), origin)
    assert again.add_checkpoint(request(store, 0, note)) == Answer(409, b"5\n", "text/x.tlog.size")
    next((tmp_path / "witness").iterdir()).write_bytes(b"damaged")
    assert again.add_checkpoint(request(store, 5, note)).status == 500


def test_it_refuses_a_fork(witness: Witness, store: SqlStore, key: SigningKey, origin: str, tmp_path: Path) -> None:
    """A log rewritten by its operator, with its key, is not vouched for: neither smaller, equal nor larger."""
    assert witness.add_checkpoint(request(store, 0, grow_to(store, 5, key, origin))).status == 200
    forged = open_store(tmp_path / "forged", create=True)
    with forged.write() as tx:
        add(tx, "other", 1)
    for size, status in ((3, 400), (5, 409), (8, 422)):
        note = grow_to(forged, size, key, origin)
        body = add_checkpoint_body(old=5, proof=[], note=note) if size < 5 else request(forged, 5, note)
        answer = witness.add_checkpoint(body)
        assert answer.status == status
        assert answer.content_type != "text/x.tlog.size"  # which would mean: ask again with that size
    assert witness.add_checkpoint(request(forged, 0, grow_to(forged, 9, key, origin))).status == 409


def test_it_refuses_strangers_and_rubbish(
    witness: Witness, store: SqlStore, key: SigningKey, other_key: SigningKey, origin: str
) -> None:
    """Unknown logs, wrong keys and requests of another form each have their status."""
    note = grow_to(store, 4, key, origin)
    body = request(store, 0, note)
    stranger = sign_checkpoint("stranger.se/log", 4, b"r" * 32, key)
    forged = sign_checkpoint(origin, 4, b"r" * 32, other_key)
    assert witness.add_checkpoint(add_checkpoint_body(old=0, proof=[], note=stranger)).status == 404
    assert witness.add_checkpoint(add_checkpoint_body(old=0, proof=[], note=forged)).status == 403
    assert witness.add_checkpoint(add_checkpoint_body(old=0, proof=[b"x" * 32], note=note)).status == 422
    for wrong in (
        b"",
        b"old 0",
        b"old 00" + body[5:],
        b"new 0" + body[5:],
        body.replace(b"old 0\n", b"old 0\n!!\n"),
        add_checkpoint_body(old=0, proof=[b"x"], note=note),
        add_checkpoint_body(old=0, proof=[b"x" * 32] * 64, note=note),
        body[:-4],
        body + b"x" * MAX_REQUEST_BYTES,
        "old ۵\n\n".encode() + note,
    ):
        assert witness.add_checkpoint(wrong).status == 400
    assert witness.seen(origin) is None


def test_a_home_asks_its_witnesses(witness: Witness, store: SqlStore, key: SigningKey, origin: str) -> None:
    """Those who vouch are kept with the checkpoint; those who do not are told, and nobody stops the others."""
    neighbour = Direct(witness)
    cosigned = ask_witnesses(store, grow_to(store, 5, key, origin), witnesses=[Deaf(), neighbour, Liar()])
    assert cosigned.vouched == (NAME,)
    assert dict(cosigned.problems) == {Deaf.vkey: "witness.unavailable", Liar.vkey: "witness.signature"}
    with store.read() as tx:
        assert tx.checkpoint() == cosigned.note
    later = ask_witnesses(store, grow_to(store, 700, key, origin), witnesses=[neighbour])
    assert later.vouched == (NAME,)
    assert neighbour.asked == 2


def test_a_home_that_forgot_asks_again(witness: Witness, store: SqlStore, key: SigningKey, origin: str) -> None:
    """When the witness remembers another size than the home thinks, the second request succeeds."""
    assert witness.add_checkpoint(request(store, 0, grow_to(store, 5, key, origin))).status == 200
    neighbour = Direct(witness)
    assert ask_witnesses(store, grow_to(store, 8, key, origin), witnesses=[neighbour]).vouched
    assert neighbour.asked == 2


@pytest.mark.parametrize(("others", "said"), [((6, 8), ()), ((6, 8, 12), ("witness.overtaken",))])
def test_other_processes_of_the_home_are_quicker(
    witness: Witness, store: SqlStore, key: SigningKey, origin: str, *, others: Sequence[int], said: Sequence[str]
) -> None:
    """Their checkpoints are vouched for before each of our questions: no other history, at most one that is too old."""
    notes = {size: grow_to(store, size, key, origin) for size in sorted({*others, 10})}
    neighbour, left = Direct(witness), list(others)
    honest = neighbour.add_checkpoint

    def add_checkpoint(body: bytes) -> WitnessAnswer:
        if left:
            seen = witness.seen(origin)
            size = left.pop(0)
            assert witness.add_checkpoint(request(store, seen.size if seen else 0, notes[size])).status == 200
        return honest(body)

    neighbour.add_checkpoint = add_checkpoint  # type: ignore[method-assign]
    asked = ask_witnesses(store, notes[10], witnesses=[neighbour])
    assert asked.problems == tuple((VKEY, code) for code in said)
    assert asked.vouched == (() if said else (NAME,))


def test_a_home_restored_whole_is_found_by_its_witness(
    witness: Witness, store: SqlStore, key: SigningKey, origin: str, tmp_path: Path
) -> None:
    """When database and outer checkpoint were both put back, only the witness can tell, and does."""
    assert witness.add_checkpoint(request(store, 0, grow_to(store, 9, key, origin))).status == 200
    restored = open_store(tmp_path / "restored", create=True)
    note = grow_to(restored, 5, key, origin)
    cosigned = ask_witnesses(restored, note, witnesses=[Direct(witness)])
    assert cosigned.vouched == ()
    assert cosigned.problems == ((VKEY, "witness.ahead"),)


def test_cosignatures_that_do_not_count(key: SigningKey, origin: str) -> None:
    """Of another checkpoint, with its time or a bit changed, or looked for under another type of key: none."""
    note = sign_checkpoint(origin, 3, b"r" * 32, key)
    checkpoint = parse_checkpoint(note)
    line = cosign(checkpoint, vkey=VKEY, key=MemoryKey(7), at=SteppingClock().at)
    (signature,) = parse_note(note + line).signatures[1:]
    other = parse_checkpoint(sign_checkpoint(origin, 4, b"r" * 32, key) + line)
    assert find_cosignatures(parse_checkpoint(note + line), [VKEY])
    assert not find_cosignatures(other, [VKEY])
    assert not find_cosignatures(parse_checkpoint(note + line), [log_vkey(NAME, MemoryKey(7).spki)])
    for at in (7, 8, 71):
        changed = bytearray(signature.signature)
        changed[at] ^= 1
        altered = signature_line(parse_vkey(VKEY), bytes(changed))
        assert not find_cosignatures(parse_checkpoint(note + altered), [VKEY])
    short = signature_line(parse_vkey(VKEY), signature.signature[:-1])
    assert not find_cosignatures(parse_checkpoint(note + short), [VKEY])
