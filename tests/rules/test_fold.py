"""The fold: random walks over everything that can happen keep its promises, and nothing else can happen."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signkit.errors import JournalCorruptError
from signkit.model.entry import Entry, format_time
from signkit.model.envelope import FILLED, OPEN, Envelope, EnvelopeState, SignatoryStatus, fold
from signkit.model.rules import Capacity, DeadlinePolicy, Decline, Quorum, Rules, Terms

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLACES = ("s1", "s2", "s3")
FINAL = {EnvelopeState.DECLINED, EnvelopeState.VOIDED, EnvelopeState.EXPIRED, EnvelopeState.COMPLETED}
KINDS = (
    *("sending", "sent", "ceremony_started", "ceremony_ended", "signed", "declined", "delegated", "extended"),
    *("reminded", "voided", "expired", "completing", "completed", "archived", "corrected", "superseded", "notified"),
)


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


RULES = st.builds(
    Rules,
    quorums=st.sampled_from(
        [(Quorum(PLACES, 3),), (Quorum(PLACES, 2),), (Quorum(("s1",), 1), Quorum(("s2", "s3"), 1)), ()]
    ),
    decline=st.sampled_from(Decline),
    roles=st.sampled_from([{}, {"chair": 1}]),
    comment_required=st.booleans(),
    deadline=st.sampled_from(DeadlinePolicy),
    terms=st.sampled_from([{}, {"s2": Terms(Capacity.APPROVER)}, {"s3": Terms(paragraphs="41-43")}]),
)


class Walk:
    """An envelope in the making, entry by entry."""

    def __init__(self, rules: Rules, orders: tuple[int, int, int], random: Random, *, deadline: bool) -> None:
        self.random, self.number, self.at = random, 0, START
        self.entries: list[Entry] = []
        roles = ("chair", "adjuster", "adjuster")
        document = {"r0": {"size": 1, "sha256": digest(1)}, "r1": {"size": 2, "sha256": digest(2)}}
        places = zip(PLACES, roles, orders, strict=True)
        self.add(
            "created",
            {
                "kind": "protocol",
                "environment": "test",
                "disclosure": "none",
                "deadline": format_time(START + timedelta(days=5)) if deadline else None,
                "documents": [{**document, "name": digest(3), "pages": 1, "risks": []}],
                "signatories": [
                    {"id": name, "role": role, "order": order, "person": None, "name": digest(4)}
                    for name, role, order in places
                ],
                "rules": rules.to_json(),
            },
        )

    def entry(self, kind: str, data: dict[str, Any]) -> Entry:
        """Return the entry that would come next."""
        return Entry(
            envelope="0" * 20,
            seq=len(self.entries),
            at=self.at,
            type=kind,
            actor="system",
            data=data,
            nonce="0" * 32,
            prev=self.entries[-1].digest_text if self.entries else None,
        )

    def add(self, kind: str, data: dict[str, Any]) -> bool:
        """Add an entry unless the fold refuses it."""
        made = self.entry(kind, data)
        try:
            fold([*self.entries, made])
        except JournalCorruptError:
            return False
        self.entries.append(made)
        return True

    @property
    def envelope(self) -> Envelope:
        """What the entries say."""
        return fold(self.entries)

    def data(self, kind: str) -> dict[str, Any]:
        """Return data that could be true of the envelope now, or nearly so."""
        self.number += 1
        now, place = self.envelope, self.random.choice(PLACES)
        current = now.documents[0].current
        moved = [{"before": current.sha256, "after": digest(100 + self.number), "size": current.size + 1}]
        wrong = self.random.random() < 0.1
        ceremony = now.signatory(place).ceremony or f"c{self.number}"
        known: dict[str, dict[str, Any]] = {
            "sent": {"documents": [{"size": 3, "sha256": digest(5)}]},
            "ceremony_started": {"signatory": place, "ceremony": f"c{self.number}"},
            "ceremony_ended": {"ceremony": ceremony},
            "signed": {"signatory": place, "ceremony": "x" if wrong else ceremony, "documents": moved},
            "declined": {"signatory": place, "reason": None if self.random.random() < 0.5 else digest(6)},
            "delegated": {"signatory": place, "person": None, "name": digest(7), "mandate": digest(8)},
            "extended": {"deadline": format_time(self.at + timedelta(days=self.random.randint(-2, 5)))},
            "reminded": {"signatory": place},
            "completing": {"outcome": "voided" if wrong else now.outcome or "completed"},
            "completed": {"documents": moved},
            "archived": {"documents": moved},
            "corrected": {"envelope": "1" * 20, "head": digest(9)},
            "superseded": {"envelope": "1" * 20},
        }
        return known.get(kind, {})

    def step(self) -> bool:
        """Let something happen that may or may not be possible."""
        self.at += timedelta(hours=self.random.choice([0, 1, 30]))
        kind = self.random.choice(KINDS)
        if self.random.random() < 0.5:
            kind = self.random.choice(["sent", "ceremony_started", "signed", "completing", "completed", "archived"])
        return self.add(kind, self.data(kind))


def check(walk: Walk, before: Envelope, after: Envelope) -> None:
    """Hold one accepted step against what an envelope promises."""
    kind = walk.entries[-1].type
    if before.state in FINAL:
        assert (after.state, after.outcome) == (before.state, before.outcome)
        assert after.signed == before.signed
    assert after.signed[: len(before.signed)] == before.signed
    assert set(before.declined) <= set(after.declined)
    assert not set(after.signed) & set(after.declined)
    if before.deadline != after.deadline:
        assert kind == "extended"
        assert (before.deadline or "") < (after.deadline or "")
    if kind == "signed":
        assert before.signatory(after.signed[-1]).open
    if kind == "completing" and after.outcome == "completed":
        result = after.evaluation(closed=after.by_deadline)
        assert result.met
    if after.stage == "archived":
        assert all(item.status not in OPEN for item in after.signatories)
        assert after.state in FINAL
    for item in after.signatories:
        assert (item.status is SignatoryStatus.APPROVED) <= (after.rules.of(item.id).capacity is Capacity.APPROVER)
        assert item.status not in FILLED or item.ceremony is None


@settings(max_examples=60, deadline=None)
@given(RULES, st.tuples(*[st.integers(1, 2)] * 3), st.integers(0, 2**32))
def test_a_random_life_keeps_every_promise(rules: Rules, orders: tuple[int, int, int], seed: int):
    """Two hundred tries at anything: what is accepted follows from what was before, and ends stay ends."""
    walk = Walk(rules, orders, Random(seed), deadline=seed % 3 > 0)  # noqa: S311 - not cryptographic
    before = walk.envelope
    for _ in range(200):
        if walk.step():
            after = walk.envelope
            check(walk, before, after)
            before = after


@settings(max_examples=40, deadline=None)
@given(RULES, st.integers(0, 2**32), st.data())
def test_a_story_with_a_hole_is_refused_or_another_story(rules: Rules, seed: int, data: st.DataObject):
    """Entries left out, doubled, swapped or with foreign data: an envelope, or the journal's own error."""
    walk = Walk(rules, (1, 1, 2), Random(seed), deadline=True)  # noqa: S311 - not cryptographic
    for _ in range(80):
        walk.step()
    entries = list(walk.entries)
    index = data.draw(st.integers(0, len(entries) - 1))
    other = data.draw(st.integers(0, len(entries) - 1))
    match data.draw(st.sampled_from(["drop", "double", "swap", "junk"])):
        case "drop":
            del entries[index]
        case "double":
            entries.insert(index, entries[index])
        case "swap":
            entries[index], entries[other] = entries[other], entries[index]
        case _:
            junk = data.draw(st.dictionaries(st.sampled_from(["signatory", "documents", "outcome", "deadline"]), JSON))
            kind = data.draw(st.sampled_from(KINDS))
            entries[index] = walk.entry(kind, junk)
    with contextlib.suppress(JournalCorruptError):
        fold(entries)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize("kind", ["signed", "declined", "delegated", "extended", "reminded", "completing"])
def test_nothing_happens_to_a_draft(kind: str):
    """What needs people needs sending first."""
    walk = Walk(Rules((Quorum(PLACES, 3),)), (1, 1, 1), Random(1), deadline=True)  # noqa: S311
    assert not walk.add(kind, walk.data(kind))
