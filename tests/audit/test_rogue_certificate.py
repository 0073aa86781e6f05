"""An organisation that signs for somebody who never did, with its own certification authority: what catches it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from signkit import canonical
from signkit.audit import verify_file
from signkit.model.report import Report, Verdict
from signkit.pades.cms import SigningIdentity
from signkit.pki.authority import PersonFacts
from signkit.pki.keys import new_one_time_key
from signkit.ports.keys import KeyName
from signkit.testing.proved import Forgery, Life, ProvedFile


class Rogue:
    """Certifies a key of its own in the name of the second person, with everything that the true one says."""

    def __init__(self, *, in_journal: bool) -> None:
        self._in_journal = in_journal
        self._key = new_one_time_key()
        self._certificate = b""

    def facts(self, facts: PersonFacts, number: int, life: Life) -> PersonFacts:
        """Look at what the true certificate will say, and issue another one that says the same."""
        if number == 1:
            authority = life.trusted.authority.authority
            self._certificate = authority.certify_person(self._key.spki, facts=facts, now=life.clock.now())
        return facts

    def entry(self, data: dict[str, Any], kind: str, _life: Life) -> dict[str, Any]:
        """Write the rogue certificate into the journal instead of the true one, where told to."""
        if self._in_journal and kind == "certified" and data["signatory"] == "s2":
            return {**data, "certificate": canonical.digest_text(canonical.digest(self._certificate))}
        return data

    def identity(self, identity: SigningIdentity, name: str, life: Life) -> SigningIdentity:
        """Sign with it."""
        if name != "s2":
            return identity
        chain = (self._certificate, *life.trusted.authority.keys.certificates(KeyName.PERSON_CA))
        return SigningIdentity(key=self._key, chain=chain)

    @property
    def forgery(self) -> Forgery:
        """All of it."""
        return Forgery(facts=self.facts, entry=self.entry, identity=self.identity)


def judged(made: ProvedFile, *, evidence: bool) -> Report:
    return verify_file(
        made.path,
        anchors=made.trusted.anchors,
        at=made.at + timedelta(minutes=1),
        evidence=made.evidence if evidence else None,
    )


def codes(report: Report) -> set[str]:
    return {item.code for item in report.findings if item.verdict is Verdict.FAILED}


def test_without_evidence_the_journal_tells(make: Callable[..., ProvedFile]) -> None:
    """A certificate of the organisation's own CA that no entry names is FAILED."""
    report = judged(make(forgery=Rogue(in_journal=False).forgery), evidence=False)
    assert report.verdict is Verdict.FAILED
    assert "journal.certificate_missing" in codes(report)


def test_with_evidence_the_key_tells(make: Callable[..., ProvedFile]) -> None:
    """Even where the journal names it: the eID's own signature names another key."""
    made = make(forgery=Rogue(in_journal=True).forgery)
    report = judged(made, evidence=True)
    assert report.verdict is Verdict.FAILED
    assert "evidence.other_key" in codes(report)
    assert report.claims["C3b"].verdict is Verdict.FAILED
    alone = judged(made, evidence=False)
    assert alone.claims["C3b"].verdict is Verdict.NOT_DECIDED
