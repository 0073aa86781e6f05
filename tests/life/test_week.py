"""A week of a fictive municipality: everything happens, and at the end every file proves what became of it."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

pytestmark = pytest.mark.slow
SIGN = ("--provider", "rehearsal")
CALM = {0, 2, 10, 13, 20, 21, 23}
"""What a clerk who tries everything may be told; never a store, a seal or an unplanned error."""
PEOPLE = ("Anna Ek <a@example.org>; role=chair", "Bo Å; role=adjuster; order=2", "Cia Ö; role=adjuster; order=2")
RULES = (
    (),
    ("any-of=s2,s3",),
    ("any-of=s2,s3", "decline=continues", "comment=required"),
    ("deadline=completes", "role=chair"),
    ("2-of=s1,s2,s3", "decline=continues", "level=loa3"),
)


class Week:
    """Clerks at work, by chance."""

    def __init__(self, home: Any, clock: Any, protokoll: Path, random: Random) -> None:
        self.home, self.clock, self.protokoll, self.random = home, clock, protokoll, random
        self.envelopes: list[str] = []
        self.number = 0

    def create(self) -> None:
        """Make and send an envelope under some rules."""
        rules = [word for rule in self.random.choice(RULES) for word in ("--rule", rule)]
        deadline = ("--deadline", self.clock.date(self.random.choice([1, 3, 6])))
        envelope = self.home.create(self.protokoll, people=PEOPLE, more=[*rules, *deadline])
        self.envelopes.append(envelope)
        self.home("envelope", "send", envelope)

    def act(self) -> None:
        """Do one thing to one envelope; whatever it is, the answer is a calm one."""
        self.number += 1
        envelope, place = self.random.choice(self.envelopes), self.random.choice(["s1", "s2", "s3"])
        how = self.random.choice(["success", "success", "success", "decline", "fail", "wrong-person"])
        words = self.random.choice(
            [
                ("sign", envelope, "--as", place, *SIGN, "--rehearse", how),
                ("sign", envelope, "--as", place, *SIGN),
                ("sign", envelope, "--as", "all", *SIGN),
                ("decline", envelope, "--as", place, "--reason", "jäv", "--yes"),
                ("delegate", envelope, "--as", place, "--to", f"Dan {self.number}", "--mandate", "beslut"),
                ("envelope", "extend", envelope, "--deadline", self.clock.date(4)),
                ("envelope", "remind", envelope),
                ("envelope", "send", envelope),
                ("tick",),
            ]
        )
        got = self.home(*words, code=None)
        assert got.code in CALM, (words, got.err)
        if self.random.random() < 0.08:
            self.home("envelope", "void", envelope, "--yes", code=None)
        if self.random.random() < 0.1:
            made = self.home("envelope", "correct", envelope, "--deadline", self.clock.date(3), "--json", code=None)
            if made.code == 0 and made.json["id"] not in self.envelopes:
                self.envelopes.append(made.json["id"])
                self.home("envelope", "send", made.json["id"])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_week(seed: int, home: Any, judge: Any, clock: Any, protokoll: Path):
    """Sixty things by chance, clocks moved; then all that is left expires, and every file is judged."""
    week = Week(home, clock, protokoll, Random(seed))  # noqa: S311 - not cryptographic
    for _ in range(6):
        week.create()
    for _ in range(60):
        week.act()
        clock.move(hours=week.random.choice([0, 1, 5]))
    clock.move(days=8)
    assert home("tick", "--json").json["failed"] == []
    assert home("doctor", "--json").json["sound"]
    for envelope in week.envelopes:
        shown, report = home.show(envelope), judge(envelope)
        wrong = {item["code"] for item in report["findings"] if item["verdict"] == "FAILED"}
        if shown["state"] == "completed":
            assert (report["verdict"], wrong) == ("PASSED", set())
        else:
            assert shown["state"] in {"declined", "voided", "expired"}
            assert wrong == {f"rules.{shown['state']}"}
        people = sum(item["state"] in {"signed", "approved"} for item in shown["signatories"])
        assert len(report["signatures"]) == people + 3
