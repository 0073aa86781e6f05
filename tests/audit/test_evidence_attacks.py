"""What the eID signed, and openings, that belong to something else: each is FAILED with a code of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signkit.model.report import Verdict
from signkit.testing.proved import GUESTS, Forgery, Life, ProvedFile

from .conftest import assert_failed, assert_open, verify, wrong
from .lies import (
    ZERO,
    Maker,
    changed,
    later,
    on,
)

EVIDENCE: dict[str, tuple[Forgery, str]] = {
    "manifest with another date of birth in clear": (
        Forgery(
            manifest=lambda m, _: replace(
                m, signatories=(replace(m.signatories[0], identity={"birthdate": "1900-01-01"}), *m.signatories[1:])
            )
        ),
        "evidence.disclosed",
    ),
    "a title that is empty": (Forgery(draft=changed(title="")), "evidence.not_shown"),
    "a title that is white space": (Forgery(draft=changed(title=" ")), "evidence.not_shown"),
    "a title that is part of what was shown": (Forgery(draft=changed(title="Protokoll")), "evidence.not_shown"),
    "an opening that opens something else": (
        Forgery(evidence=lambda e, _: replace(e, openings={**e.openings, "title": e.openings["metadata"]})),
        "opening.commitment",
    ),
    "an opening that opens nothing": (
        Forgery(evidence=lambda e, _: replace(e, openings={"title": {"salt": 7, "value": "x"}})),
        "opening.commitment",
    ),
    "an eID signature for another key": (Forgery(intent=on(0, changed(spki=ZERO))), "evidence.other_key"),
    "an eID signature for another document": (
        Forgery(intent=on(0, changed(documents=(ZERO,)))),
        "evidence.other_document",
    ),
    "an eID signature for another place": (
        Forgery(intent=on(0, lambda i, _: replace(i, places=dict.fromkeys(i.places, "s9")))),
        "evidence.place",
    ),
    "an eID signature in another ceremony": (Forgery(intent=on(0, changed(ceremony="c9"))), "evidence.ceremony"),
    "an eID signature over another text": (Forgery(intent=on(0, changed(text=ZERO))), "evidence.text"),
    "a text that shows no digest": (Forgery(text=on(0, lambda _, life: life.title)), "evidence.not_shown"),
    "a text that shows no title": (
        Forgery(text=on(0, lambda t, life: t.replace(life.title, "Annat"))),
        "evidence.not_shown",
    ),
    "evidence of another level": (
        Forgery(statement=on(0, changed(level="loa4")), facts=on(0, changed(level="loa4"))),
        "evidence.level",
    ),
    "evidence over another intent": (
        Forgery(statement=on(0, changed(intent=ZERO)), facts=on(0, changed(intent_digest=ZERO))),
        "evidence.other_intent",
    ),
    "evidence in another name": (Forgery(facts=on(0, changed(name="Eva Ek"))), "evidence.other_name"),
    "evidence from before the ceremony": (
        Forgery(facts=on(0, lambda f, _: replace(f, authenticated_at=f.authenticated_at - timedelta(minutes=5)))),
        "evidence.time",
    ),
    "a signature before its identification": (
        Forgery(
            facts=on(0, lambda f, life: replace(f, authenticated_at=life.clock.now() + timedelta(seconds=29))),
            statement=on(0, later(-2)),
        ),
        "person.before_identification",
    ),
}


@pytest.mark.parametrize("name", sorted(EVIDENCE))
def test_wrong_evidence_fails_with_its_own_code(name: str, make: Maker):
    """Each lie, with everything after it made honestly, is FAILED with its code."""
    forgery, code = EVIDENCE[name]
    assert_failed(verify(make(forgery=forgery, guests=GUESTS[:2])), code)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda a, b: (replace(a, parts=b.parts), b), "evidence.commitment"),
        (lambda a, b: (replace(b, ceremony=a.ceremony), replace(a, ceremony=b.ceremony)), "evidence.commitment"),
        (lambda a, b: (replace(a, parts={"jws": b"x.y.z"}), b), "evidence.unreadable"),
        (lambda a, b: (replace(a, provider="bankid"), b), "evidence.provider"),
        (lambda a, b: (replace(a, environment="production"), b), "evidence.provider"),
    ],
    ids=["parts", "exchanged", "garbage", "provider", "environment"],
)
def test_evidence_of_somebody_else_fails(change: Any, code: str, honest: ProvedFile):
    """Evidence exchanged between people, or changed, is FAILED under C3b."""
    first, second, third = honest.evidence.ceremonies
    forged = replace(honest.evidence, ceremonies=(*change(first, second), third))
    report = verify(honest, evidence=forged)
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)
    assert report.claims["C3b"].verdict is Verdict.FAILED
    assert report.claims["C3a"].verdict is Verdict.PASSED


def test_evidence_under_another_key_is_another_person(honest: ProvedFile):
    """With another key for persons, the eID's identity is not the one in the file."""
    report = verify(honest, evidence=replace(honest.evidence, person_key=bytes(32)))
    assert "evidence.other_person" in wrong(report)


def test_evidence_of_another_envelope_fails(honest: ProvedFile):
    """A bundle of another envelope is there, and wrong."""
    report = verify(honest, evidence=replace(honest.evidence, envelope="other"))
    assert report.verdict is Verdict.FAILED
    assert "evidence.other_envelope" in wrong(report)


def test_evidence_that_lacks_somebody_is_undecided(honest: ProvedFile):
    """One missing ceremony leaves C3b open, and the whole with it."""
    report = verify(honest, evidence=replace(honest.evidence, ceremonies=honest.evidence.ceremonies[:2]))
    assert report.verdict is Verdict.INDETERMINATE
    assert report.claims["C3b"].verdict is Verdict.INDETERMINATE


def test_evidence_that_lacks_somebody_is_told(honest: ProvedFile):
    """Whoever signed and has no evidence in the file is named."""
    report = verify(honest, evidence=replace(honest.evidence, ceremonies=honest.evidence.ceremonies[:2]))
    assert "evidence.missing" in wrong(report, Verdict.INDETERMINATE)


def test_evidence_in_a_format_that_nobody_here_reads_is_open(make: Maker):
    """What a later signkit may read is not called wrong."""

    def unknown(value: Any, _life: Life) -> Any:
        return replace(value, ceremonies=(replace(value.ceremonies[0], format="x/1"), *value.ceremonies[1:]))

    assert_open(verify(make(forgery=Forgery(evidence=unknown), guests=GUESTS[:2])), "evidence.unknown_format")
