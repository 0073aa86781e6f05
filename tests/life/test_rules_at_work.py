"""Rules at work from create to verify: any-of, approvers, levels, refusals that go on, deadlines that complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SIGN = ("--provider", "rehearsal")
THREE = ("Anna Ek; role=chair", "Bo Å <bo@example.org>; role=adjuster; order=2", "Cia Ö; role=adjuster; order=2")


def states(shown: Any) -> list[str]:
    return [item["state"] for item in shown["signatories"]]


def notes(report: Any) -> set[str]:
    return {item["code"] for item in report["findings"] if item["verdict"] == "PASSED"}


def wrong(report: Any) -> set[str]:
    return {item["code"] for item in report["findings"] if item["verdict"] == "FAILED"}


def test_one_adjuster_of_two_completes_it(home: Any, judge: Any, protokoll: Path):
    """Any-of: later orders wait, the first of two is enough, the other is not needed, and verify agrees."""
    envelope = home.create(protokoll, people=THREE, more=["--rule", "any-of=s2,s3"])
    home("envelope", "send", envelope)
    assert states(home.show(envelope)) == ["invited", "waiting", "waiting"]
    home("sign", envelope, "--as", "s3", *SIGN, code=10)
    home("sign", envelope, "--as", "all", *SIGN)
    shown = home.show(envelope)
    assert shown["state"] == "completed"
    assert states(shown) == ["signed", "signed", "not_needed"]
    report = judge(envelope)
    assert report["verdict"] == "PASSED", wrong(report)
    assert "rules.met" in notes(report)
    home("sign", envelope, "--as", "s3", *SIGN, code=10)


def test_viewers_and_copies_have_no_place(home: Any, protokoll: Path):
    """They are told of in the envelope; approvers have a place and are said to have approved."""
    people = ["Anna Ek; capacity=approver", "Vy Er <v@example.org>; capacity=viewer", "Ko Pia; capacity=copy", "Bo Å"]
    envelope = home.create(protokoll, people=people)
    home("envelope", "send", envelope)
    home("sign", envelope, "--as", "all", *SIGN)
    shown = home.show(envelope)
    assert [(item["id"], item["name"], item["state"]) for item in shown["signatories"]] == [
        ("s1", "Anna Ek", "approved"),
        ("s2", "Bo Å", "signed"),
    ]
    assert [(item["name"], item["capacity"]) for item in shown["recipients"]] == [
        ("Vy Er", "viewer"),
        ("Ko Pia", "copy"),
    ]
    home("envelope", "create", protokoll, "--signatory", "Vy Er; capacity=viewer", code=2)


def test_the_rules_decide_which_eid(home: Any, protokoll: Path):
    """An eID that the rules do not name does not begin a ceremony."""
    envelope = home.create(protokoll, more=["--rule", "provider=freja"])
    home("envelope", "send", envelope)
    home("sign", envelope, "--as", "s1", *SIGN, code=10)
    home("envelope", "create", protokoll, "--signatory", "A; provider=bankid", "--rule", "provider=freja", code=2)


def test_a_refusal_may_let_the_others_go_on(home: Any, judge: Any, protokoll: Path):
    """Continues: with a reason, while the rules can still be met; then it ends."""
    rules = ["--rule", "any-of=s2,s3", "--rule", "decline=continues", "--rule", "comment=required"]
    envelope = home.create(protokoll, people=THREE, more=rules)
    home("envelope", "send", envelope)
    home("sign", envelope, "--as", "s1", *SIGN)
    home("decline", envelope, "--as", "s2", "--yes", code=2)
    assert home("decline", envelope, "--as", "s2", "--reason", "jäv", "--yes", "--json").json["state"] == "sent"
    home("sign", envelope, "--as", "s2", *SIGN, code=10)
    home("sign", envelope, "--as", "all", *SIGN)
    shown = home.show(envelope)
    assert (shown["state"], states(shown)) == ("completed", ["signed", "declined", "signed"])
    assert judge(envelope)["verdict"] == "PASSED"


def test_a_refusal_that_leaves_nobody_ends_it(home: Any, judge: Any, protokoll: Path):
    """Continues, and the last one who could have signed declines."""
    people = ("Bo Å", "Cia Ö")
    envelope = home.create(protokoll, people=people, more=["--rule", "any-of=s1,s2", "--rule", "decline=continues"])
    home("envelope", "send", envelope)
    for who in ("s1", "s2"):
        home("decline", envelope, "--as", who, "--yes")
    assert home.show(envelope)["state"] == "declined"
    assert wrong(judge(envelope)) == {"rules.declined"}


def test_the_deadline_completes_what_the_rules_let_it(home: Any, judge: Any, clock: Any, protokoll: Path):
    """Completes: the signatures that are there suffice, empty fields are locked, and verify says what is missing."""
    rules = ["--rule", "deadline=completes", "--deadline", clock.date(10)]
    envelope = home.create(protokoll, people=("Anna Ek", "Bo Å"), more=rules)
    home("envelope", "send", envelope)
    home("sign", envelope, "--as", "s1", *SIGN)
    assert home("tick", "--json").json["done"] == []
    clock.move(days=11)
    assert [item["action"] for item in home("tick", "--json").json["done"]] == ["completed"]
    assert home("tick", "--json").json["done"] == []
    shown = home.show(envelope)
    assert (shown["state"], states(shown)) == ("completed", ["signed", "expired"])
    report = judge(envelope)
    assert report["verdict"] == "PASSED", wrong(report)
    assert "rules.met_by_deadline" in notes(report)
    home("sign", envelope, "--as", "s2", *SIGN, code=10)
    home("sign", envelope, "--as", "all", *SIGN)


def test_nobody_signed_when_the_deadline_passed(home: Any, judge: Any, clock: Any, protokoll: Path):
    """Completes without a single signature is expired all the same."""
    envelope = home.create(protokoll, more=["--rule", "deadline=completes", "--deadline", clock.date(10)])
    home("envelope", "send", envelope)
    clock.move(days=11)
    home("sign", envelope, "--as", "s1", *SIGN, code=21)
    assert home.show(envelope)["state"] == "expired"
    assert wrong(judge(envelope)) == {"rules.expired"}


def test_paragraphs_are_shown_and_signed_for(home: Any, judge: Any, protokoll: Path):
    """Adjusters divide the paragraphs; one adjusted at once is marked in metadata and rules."""
    people = ("Anna Ek; role=chair", "Bo Å; role=adjuster; paragraphs=41-45", "Cia Ö; role=adjuster; paragraphs=46-48")
    more = ["--meta", "paragraph=41-48", "--rule", "immediate=44"]
    envelope = home.create(protokoll, people=people, more=more)
    home("envelope", "send", envelope)
    home("sign", envelope, "--as", "all", *SIGN)
    shown = home.show(envelope)
    assert shown["metadata"]["immediate"] == "44"
    assert [item["paragraphs"] for item in shown["signatories"]] == [None, "41-45", "46-48"]
    assert judge(envelope)["verdict"] == "PASSED"
