"""Lies about the rules, made honestly otherwise: who had to sign, how surely, by whose mandate, until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from signkit.model.entry import format_time
from signkit.model.person import commit
from signkit.model.report import Verdict
from signkit.model.rules import Capacity, DeadlinePolicy, Decline, Quorum, Rules, Terms
from signkit.ports.keys import KeyName
from signkit.testing.proved import GUESTS, Forgery, Life, ProvedFile, Trusted
from signkit.x509.anchors import TrustAnchors
from signkit.x509.certificates import Certificate

from .conftest import verify, wrong
from .lies import at, on, silently

Maker = Callable[..., ProvedFile]
ALL = (Quorum(("s1", "s2", "s3"), 3),)
TWO = (Quorum(("s1", "s2", "s3"), 2),)
DIGEST = "sha256:" + "1" * 64
YEARS_LATER = datetime(2099, 1, 1, tzinfo=UTC)


def before(kind: str, *entries: tuple[str, dict[str, Any], str]) -> Forgery:
    """Return a forgery that writes entries before the first one of a kind."""
    written = False

    def entry(data: dict[str, Any], told: str, life: Life) -> dict[str, Any]:
        nonlocal written
        if told == kind and not written:
            written = True
            for name, more, actor in entries:
                life.write(name, more, actor=actor)
        return data

    return Forgery(entry=entry)


def refusing(reason: str | None, outcome: str = "declined") -> Forgery:
    """Return a life in which the third declines before completing, as both statements then say."""

    def entry(data: dict[str, Any], told: str, life: Life) -> dict[str, Any]:
        if told == "completing":
            life.write("declined", {"signatory": "s3", "reason": reason}, actor="signatory:s3")
            return {**data, "signatories": {**data["signatories"], "s3": outcome}}
        return data

    def completion(value: Any, _life: Life) -> Any:
        return replace(value, signatories={**value.signatories, "s3": outcome})

    return Forgery(entry=entry, completion=completion)


def by_deadline(value: Any, _life: Life) -> Any:
    return replace(value, rules={**value.rules, "met": True, "deadline": True})


def extended(deadline: str) -> tuple[str, dict[str, Any], str]:
    return ("extended", {"deadline": deadline}, "clerk")


LATE = {"deadline": datetime(2026, 1, 1, tzinfo=UTC)}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "an eID that does not count": ({"rules": Rules(ALL, providers=("bankid",))}, "rules.provider"),
    "an eID of too low a level": (
        {
            "rules": Rules(ALL, level="loa3"),
            "forgery": Forgery(statement=lambda value, *_: replace(value, level="loa2")),
        },
        "rules.level",
    ),
    "a role left empty": ({"rules": Rules(TWO, roles={GUESTS[2].role: 2}), "sign": (0, 1)}, "rules.role_missing"),
    "an approval called a signature": ({"rules": Rules(ALL, terms={"s1": Terms(Capacity.APPROVER)})}, "rules.capacity"),
    "a place that nobody has": ({"rules": Rules((Quorum(("s1", "s9"), 1),))}, "rules.unknown_place"),
    "a refusal without its reason": (
        {"rules": Rules(TWO, Decline.CONTINUES, comment_required=True), "sign": (0, 1), "forgery": refusing(None)},
        "rules.comment_missing",
    ),
    "a refusal that should have ended it": (
        {"rules": Rules(TWO), "sign": (0, 1), "forgery": refusing(DIGEST)},
        "rules.refusal_ignored",
    ),
    "a refusal hidden in the journal": (
        {"rules": Rules(TWO, Decline.CONTINUES), "sign": (0, 1), "forgery": refusing(DIGEST, "not_needed")},
        "rules.refusals_differ",
    ),
    "a deadline that never was": (
        {"forgery": before("completing", extended(format_time(YEARS_LATER)))},
        "rules.extended_nothing",
    ),
    "a deadline extended when it was over": (
        {**LATE, "forgery": before("sent", extended(format_time(YEARS_LATER)))},
        "rules.extended_late",
    ),
    "a deadline that does not complete": (
        {"deadline": YEARS_LATER, "sign": (0, 1), "forgery": Forgery(completion=by_deadline)},
        "rules.deadline_policy",
    ),
    "a deadline that had not passed": (
        {
            "deadline": YEARS_LATER,
            "sign": (0, 1),
            "rules": Rules(ALL, deadline=DeadlinePolicy.COMPLETES),
            "forgery": Forgery(completion=by_deadline),
        },
        "rules.closed_early",
    ),
    "an expiry that came too early": (
        {"deadline": YEARS_LATER, "sign": (0,), "outcome": "expired"},
        "rules.expired_early",
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_broken_rules_fail_with_their_own_code(name: str, make: Maker):
    """Each is FAILED under C4, with its code."""
    options, code = CASES[name]
    report = verify(make(**options))
    assert report.claims["C4"].verdict is Verdict.FAILED
    assert code in wrong(report)


def test_paragraphs_that_nobody_adjusted(make: Maker):
    """Everybody who signed adjusts other paragraphs than the one adjusted at once."""
    rules = Rules(TWO, terms={name: Terms(paragraphs="41-43") for name in ("s1", "s2", "s3")}, immediate="44")
    assert "rules.paragraphs_missing" in wrong(verify(make(rules=rules, sign=(0, 1))))


class _Blind:
    """The forger's own evaluator: everybody must sign, whatever is written."""

    @staticmethod
    def from_json(_value: object) -> Rules:
        return Rules(ALL)


@pytest.mark.parametrize("change", [{"schema": "signkit.rules/2"}, {"weather": "fine"}, {"level": "loa9"}])
def test_rules_of_tomorrow_are_not_judged(change: dict[str, Any], make: Maker, monkeypatch: pytest.MonkeyPatch):
    """A rule that this version does not know leaves C4 open, whatever else is met."""
    monkeypatch.setattr("signkit.testing.proved.Rules", _Blind)

    def manifest(value: Any, _life: Life) -> Any:
        return replace(value, rules={**value.rules, **change})

    report = verify(make(forgery=Forgery(manifest=manifest)))
    assert "rules.unknown" in wrong(report, Verdict.INDETERMINATE)
    assert report.claims["C4"].verdict is Verdict.INDETERMINATE


MANDATE = {"signatory": "s1", "person": None, "name": DIGEST, "email": None, "mandate": DIGEST, "identity": None}


def mandate(data: dict[str, Any] | None, actor: str = "signatory:s1", **said: Any) -> Forgery:
    """Return a life in which the first place is delegated, and what the signature says of it."""
    entry = before("ceremony_started", ("delegated", MANDATE, actor)) if data is not None else Forgery()

    def statement(value: Any, number: int, life: Life) -> Any:
        found = [item for item in life.entries if item.type == "delegated"]
        if number or said.get("silent"):
            return value
        told = found[0] if found else life.entries[0]
        person = (data or {}).get("person")
        delegation = {
            "entry": told.digest_text,
            "name": "Somebody Else",
            "person": person,
            "mandate": DIGEST,
            "by": told.actor,
            "at": format_time(told.at),
        } | said
        return replace(value, delegation=delegation, identified_by="name")

    return replace(entry, statement=statement)


@pytest.mark.parametrize(
    ("forgery", "code"),
    [
        (mandate(None), "rules.mandate_missing"),
        (mandate({}, silent=True), "rules.mandate_passed_over"),
        (mandate({}, mandate="sha256:" + "2" * 64), "rules.mandate_differs"),
        (mandate({}, entry=DIGEST), "rules.mandate_differs"),
        (mandate({}, by="clerk"), "rules.mandate_differs"),
        (mandate({}, actor="signatory:s2"), "rules.mandate_by_another"),
        (mandate({}), "rules.mandate_twice"),
        (mandate({}), "person.name"),
        (mandate({}, at="yesterday"), "person.delegation_unreadable"),
        (mandate({}, person="ab" * 16), "person.not_the_delegate"),
    ],
)
def test_false_mandates_fail_with_their_own_code(forgery: Forgery, code: str, make: Maker):
    """A mandate that nobody gave, another one, a hidden one, and one for somebody who signs already."""
    report = verify(make(forgery=forgery))
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)


def test_a_delegate_by_another_name_than_the_journal_s(make: Maker):
    """Where the evidence opens the delegate's name, the signature must give that name."""
    made = commit("Dag Vik")
    entry = before("ceremony_started", ("delegated", MANDATE | {"name": made.digest}, "signatory:s1"))

    def evidence(value: Any, life: Life) -> Any:
        (seq,) = (item.seq for item in life.entries if item.type == "delegated")
        opening = {"salt": made.salt, "value": "Dag Vik"}
        return replace(value, openings={**value.openings, f"delegate.{seq}.name": opening})

    report = verify(make(forgery=replace(mandate({}), entry=entry.entry, evidence=evidence)))
    assert "rules.mandate_name_differs" in wrong(report)


@pytest.mark.parametrize("said", [{"envelope": "x" * 20, "head": DIGEST}, {"envelope": "x"}, 7, None])
def test_a_link_that_the_journal_does_not_have_fails(said: Any, make: Maker):
    """Manifest and entry *corrected* say the same, or it is FAILED."""

    def manifest(value: Any, _life: Life) -> Any:
        return replace(value, extra={"corrects": said}) if said is not None else value

    other = before("sending", ("corrected", {"envelope": "y" * 20, "head": DIGEST}, "clerk"))
    report = verify(make(forgery=replace(other, manifest=manifest)))
    assert "rules.correction_differs" in wrong(report)


@pytest.mark.parametrize(
    ("options", "code", "claim"),
    [
        ({"sign": (2, 0, 1)}, "rules.out_of_order", "claim.c4.failed"),
        ({"sign": (0, 1)}, "rules.not_met", "claim.c4.failed"),
        ({"sign": (0,), "outcome": "declined"}, "rules.declined", "claim.c4.declined"),
        ({"sign": (0,), "outcome": "expired"}, "rules.expired", "claim.c4.expired"),
        ({"sign": (), "outcome": "voided"}, "rules.voided", "claim.c4.voided"),
        ({"deadline": datetime.fromisoformat("2026-01-01T00:00:00+00:00")}, "rules.late", "claim.c4.failed"),
    ],
)
def test_rules_that_are_not_met_fail_c4(options: dict[str, Any], code: str, claim: str, make: Maker):
    """Order, quorum, outcome and deadline are judged again; a closed file that nobody finished is FAILED."""
    report = verify(make(**options))
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)
    assert report.claims["C4"].code == claim


def test_a_quorum_is_enough(make: Maker):
    """Two of three may be enough, and the third place stays empty."""
    rules = Rules((Quorum(("s1", "s2", "s3"), 2),))
    report = verify(make(rules=rules, sign=(0, 1)))
    assert report.verdict is Verdict.PASSED


def test_a_deadline_that_no_timestamp_proves(make: Maker, trusted: Trusted):
    """Completed by its deadline, under timestamps that the reader does not trust: open."""
    rules = Rules((Quorum(("s1", "s2"), 2),), deadline=DeadlinePolicy.COMPLETES)
    forgery = Forgery(completion=by_deadline)
    file = make(deadline=YEARS_LATER, sign=(0,), guests=GUESTS[:2], rules=rules, forgery=forgery)
    root = Certificate(trusted.authority.keys.certificates(KeyName.ROOT)[0])
    report = verify(file, anchors=TrustAnchors.of([root], purposes=["seal", "person"]))
    assert "rules.deadline_unproved" in wrong(report, Verdict.INDETERMINATE)


def test_mandates_before_the_end_and_with_other_words(make: Maker):
    """A mandate is open until the completion brings the journal; its words are those that were committed to."""
    made = commit("Delegationsordning 4.2")
    data = {"signatory": "s1", "person": None, "name": made.digest, "mandate": made.digest}

    def started(value: dict[str, Any], life: Life) -> dict[str, Any]:
        silently(life, "delegated", data, "signatory:s1")
        return value

    def statement(value: Any, life: Life) -> Any:
        entry = next(item for item in life.entries if item.type == "delegated")
        said = {"entry": entry.digest_text, "name": "Dag Vik", "person": None, "mandate": made.digest}
        said |= {"by": "signatory:s1", "at": entry.to_json()["at"]}
        return replace(value, delegation=said, identified_by="name")

    def evidence(value: Any, life: Life) -> Any:
        entry = next(item for item in life.entries if item.type == "delegated")
        opening = {f"delegate.{entry.seq}.mandate": {"salt": made.salt, "value": "anything"}}
        return replace(value, openings={**value.openings, **opening})

    forgery = Forgery(entry=at("ceremony_started", started), statement=on(0, statement), evidence=evidence)
    file = make(guests=GUESTS[:1], forgery=forgery)
    assert "rules.mandate_words_differ" in wrong(verify(file))
    assert "rules.mandate_open" in wrong(verify(file, file.revisions["s1"]), Verdict.INDETERMINATE)
