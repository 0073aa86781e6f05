"""Cosignatures in a completion: who vouches, what is too few, and what is a forgery."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from signkit.audit.witnesses import check_witnesses
from signkit.journal.checkpoint import log_vkey, parse_checkpoint, sign_checkpoint
from signkit.journal.cosignature import cosign, witness_vkey
from signkit.testing.clock import SteppingClock
from signkit.testing.journal import MemoryKey
from signkit.x509.anchors import WITNESS, TrustAnchor, TrustAnchors

ORIGIN = "signkit.example.se/journal"
NOTE = sign_checkpoint(ORIGIN, 9, b"r" * 32, MemoryKey(1))
WITNESSES = tuple(witness_vkey(f"w{number}.example", MemoryKey(number).spki) for number in (2, 3))


def line(number: int, note: bytes = NOTE) -> str:
    """Return the cosignature of witness 2 or 3."""
    key = MemoryKey(number)
    vkey = WITNESSES[number - 2]
    return cosign(parse_checkpoint(note), vkey=vkey, key=key, at=SteppingClock().at).decode().rstrip("\n")


def judged(lines: tuple[str, ...], *, k: int, trusted: tuple[str, ...] = (), promised: Any = WITNESSES) -> set[str]:
    """Return the codes that a completion with these lines gets."""
    said: set[str] = set()

    def say(_: str, code: str, **__: object) -> None:
        said.add(code)

    anchors = TrustAnchors(tuple(TrustAnchor(frozenset({WITNESS}), key=vkey) for vkey in trusted))
    case: Any = SimpleNamespace(given=SimpleNamespace(anchors=anchors), fail=say, doubt=say, note=say, skip=say)
    manifest: Any = SimpleNamespace(issuers=SimpleNamespace(witnesses=promised, k=k))
    completion: Any = SimpleNamespace(checkpoint=NOTE.decode(), cosignatures=lines)
    check_witnesses(case, manifest, completion)
    return said


def test_those_who_are_trusted_vouch() -> None:
    """One of two is enough where one was promised; without an anchor it is told that there are some."""
    assert judged((line(2),), k=1, trusted=WITNESSES[:1]) == {"journal.witnessed_by"}
    assert judged((line(2), line(3)), k=2, trusted=WITNESSES) == {"journal.witnessed_by"}
    assert judged((line(2),), k=1) == {"journal.no_witness_anchor"}
    assert judged((), k=0, promised=()) == {"journal.no_witnesses"}


def test_a_witness_that_the_manifest_does_not_name_counts_where_it_is_trusted() -> None:
    """Trust is the reader's; the manifest narrows nothing here."""
    assert judged((line(2),), k=0, promised=(), trusted=WITNESSES[:1]) == {"journal.witnessed_by"}


def test_fewer_than_promised_leave_it_open() -> None:
    """The operator left some out."""
    assert "journal.too_few_witnesses" in judged((line(2),), k=2, trusted=WITNESSES[:1])
    assert "journal.too_few_witnesses" in judged((), k=1)


@pytest.mark.parametrize(
    "other", [NOTE.replace(b"\n9\n", b"\n8\n"), sign_checkpoint(ORIGIN, 10, b"r" * 32, MemoryKey(1))]
)
def test_a_forged_line_fails(other: bytes) -> None:
    """A promised witness's name under a signature over something else, or a line that is none, is a forgery."""
    assert "journal.cosignature" in judged((line(2, other),), k=1)
    assert judged(("not a line",), k=1) == {"journal.cosignature"}
    assert judged((line(2),), k=1, promised=("rubbish",)) == {"journal.cosignature"}


def test_the_log_key_is_no_witness() -> None:
    """A log cannot vouch for itself."""
    assert "journal.witnessed_by" not in judged((), k=0, trusted=(log_vkey(ORIGIN, MemoryKey(1).spki),))
