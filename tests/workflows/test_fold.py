"""The fold: whatever happens to an envelope, no forbidden state is reached, and clerk and entries agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signkit.errors import JournalCorruptError
from signkit.journal.chain import check_chain
from signkit.model.entry import Entry
from signkit.model.envelope import Envelope, EnvelopeState, SignatoryStatus, fold
from signkit.model.report import Verdict
from signkit.model.rules import Place, all_must_sign

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
FINAL = {EnvelopeState.COMPLETED, EnvelopeState.DECLINED, EnvelopeState.VOIDED, EnvelopeState.EXPIRED}
PLACES = ("s1", "s2", "s3")


def _digest(number: int) -> str:
    return f"sha256:{number:064x}"


def _created(orders: tuple[int, ...]) -> dict[str, Any]:
    places = [Place(name, "signatory", order) for name, order in zip(PLACES, orders, strict=True)]
    return {
        "kind": "protocol",
        "deadline": None,
        "disclosure": "none",
        "environment": "test",
        "documents": [
            {
                "r0": {"size": 10, "sha256": _digest(1)},
                "r1": {"size": 20, "sha256": _digest(2)},
                "pages": 1,
                "name": _digest(3),
                "risks": [],
            }
        ],
        "signatories": [
            {"id": item.id, "role": item.role, "order": item.order, "person": None, "name": _digest(4)}
            for item in places
        ],
        "rules": all_must_sign(places).to_json(),
    }


class _Walk:
    """A chain of entries, some of which the fold refuses; those are not kept, as the clerk's transaction would not."""

    def __init__(self, orders: tuple[int, ...]) -> None:
        self.entries: list[Entry] = []
        self.size = 100
        self.put("created", _created(orders))

    @property
    def envelope(self) -> Envelope:
        """The fold so far."""
        return fold(self.entries)

    def put(self, kind: str, data: dict[str, Any], *, seconds: int = 0) -> bool:
        """Append an entry if the fold takes it."""
        last = self.entries[-1] if self.entries else None
        entry = Entry(
            envelope="e" * 20,
            seq=len(self.entries),
            at=(last.at if last else START) + timedelta(seconds=seconds),
            type=kind,
            actor="clerk",
            data=data,
            nonce=f"{len(self.entries):032x}",
            prev=last.digest_text if last else None,
        )
        try:
            fold([*self.entries, entry])
        except JournalCorruptError:
            return False
        self.entries.append(entry)
        return True

    def moved(self) -> list[dict[str, Any]]:
        """Return the record of a document that grew."""
        self.size += 1
        return [{"before": self.envelope.documents[0].current.sha256, "after": _digest(self.size), "size": self.size}]

    def step(self, kind: str, place: str, seconds: int) -> bool:
        """Try one step."""
        data: dict[str, Any] = {}
        if kind == "sent":
            data = {"documents": [{"size": 30, "sha256": _digest(30)}]}
        elif kind in {"ceremony_started", "ceremony_ended"}:
            data = {"signatory": place, "ceremony": f"c-{place}", "outcome": "failed", "code": "x"}
        elif kind == "signed":
            data = {"signatory": place, "ceremony": f"c-{place}", "documents": self.moved()}
        elif kind == "declined":
            data = {"signatory": place}
        elif kind == "completing":
            data = {"outcome": self.envelope.outcome or "completed"}
        elif kind in {"completed", "archived"}:
            data = {"documents": self.moved()}
        return self.put(kind, data, seconds=seconds)


KINDS = (
    "sending",
    "sent",
    "ceremony_started",
    "ceremony_ended",
    "signed",
    "declined",
    "voided",
    "expired",
    "completing",
    "completed",
    "archived",
    "of_a_later_signkit",
)
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(PLACES), st.integers(0, 2)), max_size=40)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(orders=st.tuples(*[st.integers(1, 3)] * 3), steps=STEPS)
def test_no_walk_reaches_a_forbidden_state(orders: tuple[int, ...], steps: list[tuple[str, str, int]]) -> None:
    """Whatever order steps come in: ends are final, signatures stay, nobody signs after the end, the chain is whole."""
    walk = _Walk(orders)
    for kind, place, seconds in steps:
        before = walk.envelope
        if not walk.step(kind, place, seconds):
            continue
        after = walk.envelope
        assert after.entries == before.entries + 1
        assert set(before.signed) <= set(after.signed)
        assert after.signed[: len(before.signed)] == before.signed
        if before.state in FINAL:
            assert after.state is before.state
            assert after.signed == before.signed
            assert kind in {"completing", "completed", "archived", "of_a_later_signkit", "ceremony_ended"}
        if after.state is EnvelopeState.DRAFT:
            assert after.signed == []
        if after.state is EnvelopeState.COMPLETED:
            assert (after.stage, len(after.signed)) == ("archived", 3)
        if before.stage in {"completing", "sealed", "archived"}:
            assert after.signed == before.signed
            assert kind in {"completed", "archived", "ceremony_ended", "of_a_later_signkit"}
        if after.state in FINAL:
            assert all(item.ceremony is None for item in after.signatories)
            assert all(
                item.status not in {SignatoryStatus.WAITING, SignatoryStatus.INVITED} for item in after.signatories
            )
    findings = check_chain(walk.entries, envelope="e" * 20)
    assert all(item.verdict is Verdict.PASSED for item in findings)


def test_equal_times_do_not_change_the_order() -> None:
    """Two who sign at the same reading of the clock stay in the order of the entries, so the envelope completes."""
    walk = _Walk((2, 1, 3))
    walk.step("sent", "s1", 0)
    for place in ("s2", "s1", "s3"):
        assert walk.step("ceremony_started", place, 0)
        assert walk.step("signed", place, 0)
    assert walk.envelope.signed == ["s2", "s1", "s3"]
    assert walk.envelope.ended


@pytest.mark.parametrize("kind", ["signed", "sent", "completed"])
def test_a_document_moves_only_from_where_it_is(kind: str) -> None:
    """An entry that takes another version than the newest as its ground is refused."""
    walk = _Walk((1, 1, 1))
    walk.step("sent", "s1", 0)
    walk.step("ceremony_started", "s1", 0)
    if kind == "completed":
        walk.step("voided", "s1", 0)
        walk.step("completing", "s1", 0)
    record = [{"before": _digest(2), "after": _digest(99), "size": 99}]
    assert not walk.put(kind, {"signatory": "s1", "ceremony": "c-s1", "documents": record})
