"""Signed notes, checkpoints and proof files: the published examples, and bytes that are almost right."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signkit.errors import JournalCorruptError
from signkit.journal.checkpoint import (
    generation_of,
    log_vkey,
    note_text,
    parse_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from signkit.journal.merkle import LeafNodes, inclusion_proof, leaf_hash, root_of
from signkit.journal.note import parse_note, parse_vkey
from signkit.journal.proof import Inclusion, TlogProof
from signkit.ports.keys import SigningKey

SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


@pytest.mark.parametrize(("vkey", "data"), [(SPEC_VKEY, SPEC_NOTE), (GO_VKEY, GO_NOTE)])
def test_published_notes(vkey: str, data: bytes) -> None:
    """The specification's example and the one of Go's package verify, and no longer when a letter changes."""
    key, note = parse_vkey(vkey), parse_note(data)
    assert str(key) == vkey
    (signature,) = key.signatures(note)
    assert key.holds(signature, note.text)
    assert not key.holds(signature, note.text.replace(b"a", b"b", 1))
    assert not key.holds(signature[:-1], note.text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        SPEC_VKEY.replace("530d903a", "530d903b"),
        SPEC_VKEY.replace("530d", "530D"),
        SPEC_VKEY.replace("example", "exa mple"),
        SPEC_VKEY + "AA==",
        SPEC_VKEY.replace("AeK", "BuK").replace("AekyeRrm", "BekyeRrm"),
        "å+00000000+!!!!",
    ],
)
def test_keys_that_are_none(text: str) -> None:
    """A verifier key with a wrong part is refused."""
    with pytest.raises(JournalCorruptError):
        parse_vkey(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        SPEC_NOTE[:-1],
        SPEC_NOTE.replace(b"\n\n", b"\n"),
        SPEC_NOTE.replace("—".encode(), b"-"),
        SPEC_NOTE.replace(b"IneyaQM=", b"IneyaQN="),
        SPEC_NOTE.replace(b"example message", b"example\tmessage"),
        SPEC_NOTE.replace(b"foo Uw2", b"foo  Uw2"),
        SPEC_NOTE + b"\n",
        SPEC_NOTE + SPEC_NOTE.partition(b"\n\n")[2] * 100,
        b"\xff" + SPEC_NOTE,
        "text\n\n— name AAAA\n".encode(),
        b"x" * 70_000,
    ],
)
def test_notes_that_are_none(data: bytes) -> None:
    """Bytes that are not exactly a note are refused by our own error."""
    with pytest.raises(JournalCorruptError):
        parse_note(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 40))
def test_noise_raises_nothing_foreign(noise: bytes, start: int, length: int) -> None:
    """Whatever replaces part of a note, it is read or refused."""
    for data in (noise, SPEC_NOTE[:start] + noise + SPEC_NOTE[start + length :]):
        for read in (parse_note, parse_checkpoint, TlogProof.decode):
            with contextlib.suppress(JournalCorruptError):
                read(data)


def test_a_checkpoint_says_what_was_signed(key: SigningKey, other_key: SigningKey, origin: str) -> None:
    """Origin, size and root come back under the log's key, and under no other."""
    note = sign_checkpoint(origin, 7, b"r" * 32, key)
    checkpoint = verify_checkpoint(note, log_vkey(origin, key.spki))
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (origin, 7, b"r" * 32)
    assert checkpoint.text == note_text(note) == f"{origin}\n7\n{base64.b64encode(b'r' * 32).decode()}\n".encode()
    wrong = [log_vkey(origin, other_key.spki), log_vkey("other.se/log", key.spki)]
    codes = {"journal.checkpoint_signature", "journal.other_log"}
    for vkey in wrong:
        with pytest.raises(JournalCorruptError) as caught:
            verify_checkpoint(note, vkey)
        codes.discard(caught.value.code)
    assert not codes


def test_cosignatures_follow_without_harm(key: SigningKey, other_key: SigningKey, origin: str) -> None:
    """Signature lines of strangers are ignored; the text that was timestamped stays."""
    note = sign_checkpoint(origin, 7, b"r" * 32, key)
    stranger = sign_checkpoint("witness.se/w1", 7, b"r" * 32, other_key).partition(b"\n\n")[2]
    checkpoint = verify_checkpoint(note + stranger, log_vkey(origin, key.spki))
    assert checkpoint.text == note_text(note)
    assert len(checkpoint.note.signatures) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\n7\n", b"\n07\n"), (b"\n7\n", b"\n-7\n"), (b"\n7\n", b"\n7\nmore\n"), (b"\n7\n", b"\n7 \n"), (b"cnJy", b"")],
)
def test_checkpoints_that_are_none(key: SigningKey, origin: str, old: bytes, new: bytes) -> None:
    """A size with leading zeros, an extension line or a short root is refused."""
    note = sign_checkpoint(origin, 7, b"r" * 32, key)
    assert old in note
    with pytest.raises(JournalCorruptError):
        parse_checkpoint(note.replace(old, new, 1))


def test_generations_of_a_log(key: SigningKey, origin: str) -> None:
    """A later generation is the same log only for those who ask, and only under its own form of name."""
    names = ["", "/2", "/17", "/1", "/02", "/x", "2", "/2/2"]
    assert [generation_of(origin, origin + name) for name in names] == [1, 2, 17, None, None, None, None, None]
    note, vkey = sign_checkpoint(f"{origin}/2", 7, b"r" * 32, key), log_vkey(origin, key.spki)
    assert verify_checkpoint(note, vkey, generations=True).origin == f"{origin}/2"
    with pytest.raises(JournalCorruptError):
        verify_checkpoint(note, vkey)


def test_only_ed25519_keys_and_fitting_names(key: SigningKey) -> None:
    """A log's name holds no blank and no plus, and its key is Ed25519."""
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(JournalCorruptError):
            log_vkey(name, key.spki)
    with pytest.raises(JournalCorruptError):
        log_vkey("a.se", b"0" * 91)


def test_a_proof_travels_as_json_and_as_a_file(key: SigningKey, origin: str) -> None:
    """Both forms come back equal and hold for their entry only."""
    leaves = [bytes([number]) * 32 for number in range(9)]
    nodes = LeafNodes([leaf_hash(leaf) for leaf in leaves])
    note = sign_checkpoint(origin, 9, root_of(nodes, 9), key)
    path = tuple(inclusion_proof(nodes, index=4, size=9))
    inclusion = Inclusion(4, 9, path)
    assert Inclusion.from_json(inclusion.to_json()) == inclusion
    for extra in (None, b"", b"extra"):
        proof = TlogProof(4, path, note, extra)
        assert TlogProof.decode(proof.encode()) == proof
        assert proof.inclusion() == inclusion
    checkpoint = parse_checkpoint(note)
    assert [inclusion.holds(leaf, checkpoint=checkpoint) for leaf in leaves] == [number == 4 for number in range(9)]
    assert not Inclusion(4, 8, path).holds(leaves[4], checkpoint=checkpoint)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"index": 0, "size": 0, "path": []},
        {"index": -1, "size": 2, "path": []},
        {"index": True, "size": 2, "path": []},
        {"index": 0, "size": 2, "path": ["AA=="]},
        {"index": 0, "size": 2, "path": [5]},
        {"index": 0, "size": 2, "path": ["A" * 44] * 64},
    ],
)
def test_proofs_that_are_none(value: object) -> None:
    """JSON that is no proof is refused by our own error."""
    with pytest.raises(JournalCorruptError):
        Inclusion.from_json(value)
