"""An evidence bundle, judged offline: the container, every document in it by the recipe, and the journal beside them.

The bundle's index says where to look and is believed in nothing. What the container's seal adds is that the files
belong together and since when; each claim still rests on the document, the evidence and the log themselves.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from signkit.audit.bundle_journal import BundleJournal, read_openings
from signkit.audit.case import Given
from signkit.audit.examine import Examined, anchor_facts, examine, once, worst_first
from signkit.canonical import digest_text
from signkit.errors import DocumentError, UnreadableDocumentError
from signkit.files import sha256_of
from signkit.model.bundle import BUNDLE_INDEX, MAX_INDEX_BYTES, BundleIndex
from signkit.model.evidence_file import MAX_EVIDENCE_BYTES, EvidenceFile
from signkit.model.report import (
    CLAIMS,
    ChangeLevel,
    Claim,
    Completion,
    Finding,
    NotChecked,
    Report,
    SignatureKind,
    SignatureReport,
    Verdict,
    Voucher,
    worst,
)
from signkit.model.statement import StatementError, UnknownStatementError
from signkit.pades.asic.reader import ContainerReader, ContainerReadError
from signkit.pades.asic.validate import JudgedContainer, judge_container
from signkit.pades.validate_facts import SignatureFacts

__all__ = ["evidence_of", "verify_bundle"]

_BADNESS = (Verdict.PASSED, Verdict.NOT_DECIDED, Verdict.INDETERMINATE, Verdict.FAILED)


def verify_bundle(given: Given) -> Report:
    """Return what a bundle proves.

    Raises:
        UnreadableDocumentError: the file cannot be read.
    """
    try:
        with ContainerReader(given.path) as reader, tempfile.TemporaryDirectory(prefix="signkit-") as folder:
            return _Bundle(given, reader, Path(folder)).report()
    except ContainerReadError as exc:
        verdict = Verdict.INDETERMINATE if exc.limit else Verdict.FAILED
        finding = Finding("1", verdict, f"bundle.{exc.code}", {}, "FORMAT_FAILURE", exc.subject)
        return _report(given, [finding], [], claims={}, verdict=verdict)
    except OSError as exc:
        raise UnreadableDocumentError(
            f"{given.path.name} cannot be read: {exc.strerror}", subject={"file": given.path.name}
        ) from exc


def evidence_of(path: Path) -> EvidenceFile:
    """Return the evidence in a bundle; whether the bundle is whole is asked by ``verify_bundle``.

    Raises:
        DocumentError: the container cannot be read, or holds none.
        StatementError: what it holds is no evidence file.
        OSError: the file cannot be read.
    """
    try:
        with ContainerReader(path) as reader:
            index = BundleIndex.decode(reader.read(BUNDLE_INDEX, limit=MAX_INDEX_BYTES))
            if index.evidence is None:
                raise DocumentError("the bundle holds no evidence", code="document.evidence")
            return EvidenceFile.decode(reader.read(index.evidence, limit=MAX_EVIDENCE_BYTES))
    except ContainerReadError as exc:
        raise DocumentError(
            f"the bundle cannot be read ({exc.code})",
            code="document.evidence",
            hint="see: signkit verify " + path.name,
        ) from exc


@dataclass(slots=True)
class _Bundle:
    """One bundle under examination."""

    given: Given
    reader: ContainerReader
    folder: Path
    findings: list[Finding] = field(default_factory=list)
    skipped: list[NotChecked] = field(default_factory=list)

    def report(self) -> Report:
        anchors = self.given.anchors
        container = judge_container(
            self.reader, seal=anchors.for_purpose("seal"), tsa=anchors.for_purpose("tsa"), at=self.given.at
        )
        self.findings += container.findings
        self.findings += [item for fact in container.signatures for item in fact.findings]
        index = self._index()
        if index is None:
            verdict = worst([Verdict.INDETERMINATE, *(item.verdict for item in self.findings)])
            return _report(self.given, self.findings, self.skipped, claims={}, verdict=verdict, container=container)
        evidence = self.given.evidence or self._evidence(index)
        examined = self._documents(index, evidence)
        self._belong(index, examined, container)
        journal = BundleJournal(self.reader, index, anchors=anchors, judge=container.judge)
        journal.check([item.case for item in examined], evidence)
        self.findings += journal.findings
        self.skipped += journal.skipped
        if container.sound and container.signatures and container.signatures[0].verdict is Verdict.PASSED:
            self._note("2", "bundle.sealed", files=len(self.reader.members))
        return self._whole(examined, container)

    def _index(self) -> BundleIndex | None:
        if BUNDLE_INDEX not in self.reader.members:
            self._add("1", Verdict.INDETERMINATE, "bundle.not_ours")
            return None
        try:
            return BundleIndex.decode(self.reader.read(BUNDLE_INDEX, limit=MAX_INDEX_BYTES))
        except UnknownStatementError:
            self._add("1", Verdict.INDETERMINATE, "bundle.index_version")
        except (StatementError, ContainerReadError):
            self._add("1", Verdict.FAILED, "bundle.index", subject=BUNDLE_INDEX)
        return None

    def _evidence(self, index: BundleIndex) -> EvidenceFile | None:
        if index.evidence is None:
            return None
        try:
            found = EvidenceFile.decode(self.reader.read(index.evidence, limit=MAX_EVIDENCE_BYTES))
            return found if found.erased else dataclasses.replace(found, openings=self._openings(index, found))
        except (StatementError, ContainerReadError):
            self._add("8", Verdict.FAILED, "bundle.evidence", subject=index.evidence, claims=("C3b",))
            return None

    def _openings(self, index: BundleIndex, evidence: EvidenceFile) -> Mapping[str, Any]:
        """Return what opens commitments, from the evidence and the file beside it; that they agree is judged there."""
        try:
            beside = read_openings(self.reader, index)
        except (StatementError, ContainerReadError):
            return evidence.openings
        return {**beside, **evidence.openings}

    def _documents(self, index: BundleIndex, evidence: EvidenceFile | None) -> list[Examined]:
        found = []
        for number, document in enumerate(index.documents):
            signed, original = self.folder / f"{number}.pdf", self.folder / f"{number}-original.pdf"
            asked = self.given.original if len(index.documents) == 1 else None
            try:
                self.reader.extract(document.signed, signed)
                self.reader.extract(document.original, original)
                given = dataclasses.replace(self.given, path=signed, original=asked or original, evidence=evidence)
                one = examine(given)
            except ContainerReadError as exc:
                self._add("1", Verdict.FAILED, f"bundle.{exc.code}", subject=exc.subject)
                continue
            except DocumentError as exc:
                self._add("1", Verdict.FAILED, "document.read", subject=document.signed, reason=exc.code)
                continue
            found.append(Examined(dataclasses.replace(one.report, path=document.signed), one.case))
        if not found:
            self._add("1", Verdict.FAILED, "bundle.no_document", claims=("C1",))
        return found

    def _belong(self, index: BundleIndex, examined: Sequence[Examined], container: JudgedContainer) -> None:
        """Say which documents are not of this envelope, and whether any is missing."""
        seal = container.signatures[0].certificate if container.signatures else None
        numbers = []
        for item in examined:
            manifest = item.case.manifest if item.case else None
            if manifest is None or manifest.envelope != index.envelope:
                self._add("7", Verdict.FAILED, "bundle.other_envelope", subject=item.report.path, claims=("C4",))
                continue
            numbers.append((manifest.document, len(manifest.documents)))
            if seal is not None and item.report.organisation not in {None, seal.organisation}:
                self._add("7", Verdict.FAILED, "bundle.other_organisation", subject=item.report.path)
        if numbers and numbers != [(at, numbers[0][1]) for at in range(numbers[0][1])]:
            self._add("7", Verdict.FAILED, "bundle.other_documents", claims=("C4",))

    def _whole(self, examined: Sequence[Examined], container: JudgedContainer) -> Report:
        reports = [item.report for item in examined]
        several = len(reports) > 1
        for report in reports:
            self.findings += [_named(item, report.path if several else None) for item in report.findings]
            self.skipped += report.not_checked
        found = [report.verdict for report in reports] or [Verdict.FAILED]
        found += [fact.verdict for fact in container.signatures] or [Verdict.FAILED]
        found += [item.verdict for item in self.findings if item.verdict is not Verdict.NOT_DECIDED]
        names = [name for name in CLAIMS if reports and all(name in report.claims for report in reports)]
        return _report(
            self.given,
            self.findings,
            self.skipped,
            claims={name: self._claim(name, reports) for name in names},
            verdict=worst(found),
            container=container,
            contents=reports,
        )

    def _claim(self, name: str, reports: Sequence[Report]) -> Claim:
        """Return the worst of the documents' claims, made worse by what the bundle says, never better."""
        claim = max((report.claims[name] for report in reports), key=lambda item: _BADNESS.index(item.verdict))
        own = [item.verdict for item in self.findings if name in item.claims and item.verdict is not Verdict.PASSED]
        wrong = worst([claim.verdict, *own])
        if wrong is not claim.verdict:
            code = f"claim.{name.lower()}.{wrong.value.lower()}"
            claim = Claim(wrong, claim.vouched_by, code, claim.params, f"claim.{name.lower()}.hint")
        if name == "C5" and any(item.code == "journal.witnessed_by" for item in self.findings):
            claim = dataclasses.replace(claim, vouched_by=tuple(dict.fromkeys((*claim.vouched_by, Voucher.WITNESS))))
        return claim

    def _add(
        self,
        check: str,
        verdict: Verdict,
        code: str,
        *,
        subject: str | None = None,
        claims: tuple[str, ...] = (),
        **params: str | int,
    ) -> None:
        self.findings.append(Finding(check, verdict, code, params, None, subject, claims))

    def _note(self, check: str, code: str, **params: str | int) -> None:
        self.findings.append(Finding(check, Verdict.PASSED, code, params))


def _named(item: Finding, document: str | None) -> Finding:
    """Return a finding that says which document it is about."""
    if document is None:
        return item
    return dataclasses.replace(item, subject=f"{document}: {item.subject}" if item.subject else document)


def _signature(fact: SignatureFacts) -> SignatureReport:
    name = fact.certificate.common_name or fact.certificate.organisation if fact.certificate else None
    return SignatureReport(
        field=fact.field,
        kind=SignatureKind.TIMESTAMP if fact.timestamp else SignatureKind.SEAL,
        verdict=fact.verdict,
        name=name,
        time=fact.claimed_at,
        gen_time=fact.gen_time,
        level=fact.level,
        sub_indication=fact.sub_indication,
        changes_after=ChangeLevel.NONE,
    )


def _report(
    given: Given,
    findings: Sequence[Finding],
    skipped: Sequence[NotChecked],
    *,
    claims: dict[str, Claim],
    verdict: Verdict,
    container: JudgedContainer | None = None,
    contents: Sequence[Report] = (),
) -> Report:
    first = contents[0] if contents else None
    signatures = [item for report in contents for item in report.signatures]
    finished = bool(contents) and all(report.completion is Completion.FINISHED for report in contents)
    return Report(
        at=given.at,
        path=str(given.path),
        sha256=digest_text(sha256_of(given.path)),
        size=given.path.stat().st_size,
        pages=sum(report.pages or 0 for report in contents) if contents else None,
        verdict=verdict,
        claims=claims,
        signatures=(*signatures, *map(_signature, container.signatures if container else ())),
        findings=worst_first(findings),
        not_checked=once(skipped),
        trust_anchors=anchor_facts(given.anchors),
        envelope=first.envelope if first is not None else None,
        organisation=first.organisation if first is not None else None,
        environment=first.environment if first is not None else None,
        completion=Completion.FINISHED if finished else first.completion if first is not None else Completion.NONE,
        original=first.original if first is not None and len(contents) == 1 else None,
        contents=tuple(contents),
    )
