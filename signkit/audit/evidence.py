"""Step 8: the eID's own signature over intent and text, and what it proves of the person. C3b.

Intent and text are read from the evidence, never from what stands beside it (proof.md section 5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from signkit import canonical
from signkit.audit.case import Case
from signkit.evidence import verifier_for
from signkit.model.evidence_file import CeremonyEvidence, EvidenceFile
from signkit.model.person import Identity, commitment_of, person_of
from signkit.model.report import Finding, Verdict
from signkit.model.statement import Intent, Manifest, StatementError, decode_statement
from signkit.pades.validate_facts import SignatureFacts
from signkit.ports.evidence import EvidenceFacts
from signkit.ports.provider import Evidence
from signkit.x509.anchors import Purpose
from signkit.x509.authcontext import read_auth_context
from signkit.x509.errors import X509Error

__all__ = ["check_evidence"]

_LEAST_DIGITS: Final = 16
"""Hex digits of R2's digest that the person saw, at least (proof.md section 5)."""
_LABEL: Final = 40
"""Most characters of a label before the title, ours."""
_SKEW: Final = timedelta(seconds=30)


def check_evidence(case: Case) -> None:
    """Judge the evidence of every person who signed."""
    manifest, bundle = case.manifest, case.given.evidence
    if manifest is None:
        return
    if bundle is None:
        if case.persons:
            case.skip("8", "evidence.not_given")
        return
    if bundle.envelope != manifest.envelope:
        case.fail("8", "evidence.other_envelope")
        return
    if bundle.erased is not None:
        case.skip("8", "evidence.erased", time=bundle.erased["at"][:10], rule=bundle.erased["rule"])
        return
    certified = case.fact(case.certify or "")
    if certified is None or not certified.end:
        return
    r2 = case.prefix(case.pdf.revisions[certified.revision].end)
    for name, statement in case.persons.items():
        fact, record = case.fact(name), bundle.ceremony(statement.ceremony)
        if fact is None or record is None:
            case.doubt("8", "evidence.missing", subject=name)
            continue
        before = len(case.findings), len(case.not_checked)
        _Check(case, manifest, bundle, fact).run(record, r2)
        good = all(item.verdict is Verdict.PASSED for item in case.findings[before[0] :])
        if good and len(case.not_checked) == before[1]:
            case.note("8", "evidence.proved", subject=name)


class _Check:
    """One person's evidence."""

    def __init__(self, case: Case, manifest: Manifest, bundle: EvidenceFile, fact: SignatureFacts) -> None:
        self._case, self._manifest, self._bundle, self._fact = case, manifest, bundle, fact
        self._name, self._statement = fact.field, case.persons[fact.field]

    def _fail(self, code: str) -> None:
        self._case.fail("8", f"evidence.{code}", subject=self._name)

    def _unless_failed(self, facts: EvidenceFacts, code: str) -> None:
        """Fail for what the verifier did not find, unless it said itself what is wrong."""
        if not any(item.verdict is Verdict.FAILED for item in facts.findings):
            self._fail(code)

    def run(self, record: CeremonyEvidence, r2: str) -> None:
        statement = self._statement
        if commitment_of(record.salt, record.digest) != statement.evidence:
            self._fail("commitment")
        if (record.provider, record.environment) != (statement.provider, statement.environment):
            self._fail("provider")
            return
        verifier = verifier_for(record.format)
        if verifier is None:
            self._case.doubt("8", "evidence.unknown_format", subject=self._name)
            return
        anchors = self._anchors(record)
        if not anchors:
            self._case.skip("8", "evidence.no_anchor", provider=record.provider)
        evidence = Evidence(record.provider, record.environment, record.format, record.parts)
        facts = verifier.verify(evidence, anchors=anchors)
        self._case.findings += [
            Finding("8", item.verdict, item.code, item.params, item.sub_indication, self._name, claims=item.claims)
            for item in facts.findings
            if anchors or item.verdict is Verdict.FAILED
        ]
        self._content(facts, r2)
        if facts.identity is not None:
            self._identity(facts.identity)
        else:
            self._unless_failed(facts, "other_person")
        self._time(facts)

    def _anchors(self, record: CeremonyEvidence) -> list[bytes]:
        try:
            purpose = Purpose.eid(record.provider, record.environment)
        except X509Error:
            return []
        return [item.der for item in self._case.given.anchors.for_purpose(purpose)]

    def _content(self, facts: EvidenceFacts, r2: str) -> None:
        if facts.text is None or facts.data is None:
            self._unless_failed(facts, "intent")  # a signature over nothing of ours proves nothing of ours
            return
        try:
            intent = decode_statement(facts.data)
        except StatementError:
            self._fail("intent")
            return
        if not isinstance(intent, Intent):
            self._fail("intent")
            return
        self._intent(intent)
        if r2 not in intent.documents:
            self._fail("other_document")
        if intent.text != canonical.digest_text(canonical.digest(facts.text.encode("utf-8"))):
            self._fail("text")
        if not self._shown(facts.text, intent, r2):
            self._fail("not_shown")

    def _intent(self, intent: Intent) -> None:
        statement, certificate = self._statement, self._fact.certificate
        if intent.digest != statement.intent:
            self._fail("other_intent")
        if intent.ceremony != statement.ceremony:
            self._fail("ceremony")
        if intent.places.get(statement.envelope) != statement.signatory:
            self._fail("place")
        if certificate is None or intent.spki != canonical.digest_text(certificate.spki_digest):
            self._fail("other_key")

    def _shown(self, text: str, intent: Intent, r2: str) -> bool:
        """Tell whether title and short digest stood in what the person read.

        The title has a line of its own, after at most a label and a colon: else part of a title would do for the whole.
        """
        title = self._manifest.title
        line = re.compile(rf"(?:[^:]{{1,{_LABEL}}}: )?{re.escape(title)}")
        bare = [item.removeprefix("sha256:") for item in intent.documents]
        whole = canonical.digest(canonical.encode(bare)).hex()
        digests = (r2.removeprefix("sha256:")[:_LEAST_DIGITS], whole[:_LEAST_DIGITS])
        titled = bool(title.strip()) and any(map(line.fullmatch, text.splitlines()))
        return titled and any(digits in text for digits in digests)

    def _identity(self, identity: Identity) -> None:
        certificate = self._fact.certificate
        person = person_of(self._bundle.person_key, identity.scheme, identity.value)
        if person != self._statement.person:
            self._fail("other_person")
        if certificate is None or certificate.common_name != identity.name:
            self._fail("other_name")
        if identity.level != self._statement.level:
            self._fail("level")
        shown = self._shown_identity() if self._statement.delegation is None else {}  # it is the delegator's
        said = {"scheme": identity.scheme, "value": identity.value, "birthdate": identity.birthdate}
        if any(said.get(key) != value for key, value in shown.items()):
            self._fail("disclosed")

    def _shown_identity(self) -> Mapping[str, str]:
        """Return what the manifest says of the person in clear (proof.md section 6, disclosure)."""
        for record in self._manifest.signatories:
            if record.id == self._statement.signatory:
                return record.identity or {}
        return {}

    def _time(self, facts: EvidenceFacts) -> None:
        certificate, gen_time = self._fact.certificate, self._fact.gen_time
        if facts.signed_at is None or certificate is None:
            return
        try:
            context = read_auth_context(certificate)
        except X509Error:
            context = None
        apart = context is not None and abs(context.authenticated_at - facts.signed_at) > 2 * _SKEW
        if apart or (gen_time is not None and gen_time < facts.signed_at - _SKEW):
            self._fail("time")
