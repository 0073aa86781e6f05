"""Notices for the board, and governing documents that are due for review."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from signkit.testing.clock import MovableClock

NUMBER = ("--meta", "case=KS2026/118", "--meta", "paragraph=41-45", "--meta", "available_at=kommunkansliet")


def finished(signkit: Any, document: Path, *more: object, people: tuple[str, ...] = ("Anna Ek", "Bo Ås")) -> str:
    """Make an envelope and have everybody sign."""
    envelope = str(signkit.create(document, people=people, more=more))
    signkit("envelope", "send", envelope)
    signkit("sign", envelope, "--as", "all", "--provider", "rehearsal")
    return envelope


def test_a_notice_says_which_minutes(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """Without a body and a day of the meeting the title tells the minutes; the folder is made."""
    envelope = finished(signkit, protokoll, "--kind", "protocol", "--title", "Protokoll KS § 12", people=("Anna Ek",))
    made = signkit("notice", envelope, "--output", tmp_path / "board" / "new", "--json").json
    paths = {item["kind"]: Path(item["path"]) for item in made["files"]}
    assert "Minutes: Protokoll KS § 12" in paths["text"].read_text(encoding="utf-8")
    assert "Protokoll KS § 12" in paths["html"].read_text(encoding="utf-8")


def test_a_notice_of_minutes(signkit: Any, protokoll: Path, tmp_path: Path, clock: MovableClock) -> None:
    """Three files say the same; the day is kept, the same notice comes out later, and nothing is replaced unasked."""
    meeting = ("--kind", "protocol", "--meta", f"meeting={clock.day(-2)}", "--meta", "body=Kommunstyrelsen <KS>")
    envelope = finished(signkit, protokoll, *meeting, *NUMBER)
    today = clock.day()
    made = signkit("notice", envelope, "--output", tmp_path, "--json").json
    paths = {item["kind"]: Path(item["path"]) for item in made.pop("files")}
    assert json.loads(paths["json"].read_text(encoding="utf-8")) == made
    assert (made["adjusted"], made["announced"], made["late"]) == (today, today, [])
    assert (made["body"], made["paragraphs"], made["available_at"]) == (
        "Kommunstyrelsen <KS>",
        "41-45",
        "kommunkansliet",
    )
    assert made["announce_by"]["day"] == clock.day(2)
    assert made["appeal_by"]["day"] >= clock.day(21)
    assert "Kommunstyrelsen &lt;KS&gt;" in paths["html"].read_text(encoding="utf-8")
    assert "Kommunstyrelsen <KS>" in paths["text"].read_text(encoding="utf-8")
    assert signkit("notice", envelope, "--output", tmp_path, "--json", code=2).error["code"] == "usage.exists"
    clock.shift = timedelta(days=3)
    again = signkit("notice", envelope, "--output", tmp_path, "--yes", "--json").json
    assert again["announced"] == today
    entries = signkit("journal", "show", envelope, "--json").json["entries"]
    assert [item["data"]["day"] for item in entries if item["type"] == "announced"] == [today]
    assert signkit("doctor", "--json").json["sound"]


def test_what_is_late_is_said(signkit: Any, protokoll: Path, tmp_path: Path, clock: MovableClock) -> None:
    """Adjusted after fourteen days, announced after the second: the notice is made, and the clerk is told."""
    envelope = finished(signkit, protokoll, "--kind", "protocol", "--meta", f"meeting={clock.day(-20)}")
    clock.shift = timedelta(days=4)
    made = signkit("notice", envelope, "--output", tmp_path, "--json")
    assert made.json["late"] == ["adjusted", "announced"]
    assert "5:69" in made.err


def test_what_cannot_be_announced(signkit: Any, protokoll: Path, tmp_path: Path, clock: MovableClock) -> None:
    """A draft, a contract, a day before the adjustment and a day to come are refused, and no file is left."""
    out = tmp_path / "out"
    out.mkdir()
    draft = signkit.create(protokoll)
    assert signkit("notice", draft, "--output", out, "--json", code=10).error["code"] == "envelope.transition"
    contract = finished(signkit, protokoll, "--kind", "employment-contract", people=("A",))
    assert signkit("notice", contract, "--output", out, "--json", code=2).error["code"] == "usage.notice"
    minutes = finished(signkit, protokoll, people=("A",))
    for day in (clock.day(-1), clock.day(1), "i dag"):
        signkit("notice", minutes, "--announced", day, "--output", out, "--json", code=2)
    assert list(out.iterdir()) == []


def test_a_decision_by_delegation_is_announced_too(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """Its notice names the decision, and no meeting."""
    more = (
        "--template",
        "delegated-decision",
        "--meta",
        "case=MN 2026:7",
        "--meta",
        "decision=Bygglov",
        "--meta",
        "decided=2026-09-01",
    )
    envelope = finished(signkit, protokoll, *more, people=("Anna Ek; role=beslutsfattare",))
    made = signkit("notice", envelope, "--output", tmp_path, "--json").json
    assert (made["decision"], made["meeting"], made["adjust_by"]) == ("Bygglov", "2026-09-01", None)


def test_documents_due_for_review(signkit: Any, protokoll: Path) -> None:
    """What is to be reviewed by a day, the most urgent first; not what was replaced, is over, or is still a draft."""

    def policy(case: str, review: str, *more: object) -> str:
        meta = (f"case={case}", f"decision=KF § {case}", "valid_from=2026-01-01", f"review_by={review}")
        words = [word for item in meta for word in ("--meta", item)]
        return finished(signkit, protokoll, "--template", "governing-document", *words, *more, people=("A",))

    second = policy("2", "2028-06-30")
    first = policy("1", "2027-12-31")
    policy("3", "2027-12-31", "--meta", "valid_to=2027-01-01")
    policy("4", "2030-01-01")
    signkit.create(protokoll, people=("A",), more=("--meta", "review_by=2026-01-01"))

    def due(*words: object) -> list[str]:
        return [json.loads(line)["id"] for line in signkit("envelope", "list", *words, "--json").out.splitlines()]

    assert due("--review-due", "2028-12-31") == [first, second]
    assert due("--review-due", "2027-12-31") == [first]
    assert due("--review-due") == []
    policy("5", "2031-01-01", "--meta", "supersedes=1")
    policy("6", "2031-01-01", "--meta", f"supersedes={second[:10]}")
    assert due("--review-due", "2028-12-31", "--state", "completed") == []
    assert signkit("envelope", "list", "--review-due", "snart", "--json", code=2).error["code"] == "usage.date"
