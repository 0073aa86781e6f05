"""The journal in an evidence bundle: entries beyond those in the document, each with its proof, and a newer checkpoint.

The newer checkpoint must continue the one in the document's completion seal: so the bundle shows that the log was not
rewritten between completion and export. C5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from signkit import canonical
from signkit.audit.case import Case
from signkit.audit.openings import opens, texts_of
from signkit.errors import JournalCorruptError, JournalError
from signkit.journal.chain import check_chain
from signkit.journal.checkpoint import Checkpoint, generation_of, parse_checkpoint, verify_checkpoint
from signkit.journal.cosignature import find_cosignatures
from signkit.journal.merkle import verify_consistency
from signkit.journal.note import MAX_NOTE_BYTES, parse_base64
from signkit.journal.proof import TlogProof
from signkit.model.bundle import BundleEntry, BundleIndex
from signkit.model.entry import ERASED, HOME, MAX_ENTRY_BYTES, Entry, format_time
from signkit.model.envelope import fold
from signkit.model.evidence_file import EvidenceFile
from signkit.model.report import Finding, NotChecked, Verdict
from signkit.model.statement import StatementError
from signkit.pades.asic.reader import ContainerReader, ContainerReadError
from signkit.pades.validate_time import Judge, imprint_of
from signkit.x509.anchors import TrustAnchors

__all__ = ["BundleJournal", "read_openings"]

_MAX_TOKEN_BYTES: Final = 256 * 1024
_MAX_PROOF_BYTES: Final = 2 * MAX_NOTE_BYTES
_MAX_OPENINGS_BYTES: Final = 64 * 1024 * 1024
_SEALED: Final = 1
"""The place of what the container's seal covers, as the container's judge counts."""
_SKEW: Final = timedelta(seconds=30)


@dataclass(slots=True)
class BundleJournal:
    """What a bundle says of the journal, judged."""

    reader: ContainerReader
    index: BundleIndex
    anchors: TrustAnchors
    judge: Judge | None
    findings: list[Finding] = field(default_factory=list)
    skipped: list[NotChecked] = field(default_factory=list)

    def check(self, cases: Sequence[Case | None], evidence: EvidenceFile | None) -> None:
        """Judge everything; ``cases`` are the documents of the bundle."""
        known = [case for case in cases if case is not None and case.manifest is not None]
        entries = self._entries(self.index.entries)
        erasures = self._entries(self.index.erasures)
        if entries is None or erasures is None or not known or known[0].manifest is None:
            return
        log = known[0].manifest.issuers.log
        checkpoint = self._checkpoint(log)
        anchored = self._anchor(checkpoint)
        limit = anchored + _SKEW if anchored else None
        self.findings += [
            item
            for item in check_chain(entries, envelope=self.index.envelope, not_after=limit)
            if item.verdict is not Verdict.PASSED
        ]
        if checkpoint is not None:
            self._proofs(self.index.entries, entries, checkpoint, log)
            self._proofs(self.index.erasures, erasures, checkpoint, log)
            for case in known:
                self._continues(case, entries, checkpoint)
            self._witnesses(checkpoint)
        self._documents(known, entries)
        self._openings(entries, evidence)
        self._erased(evidence, erasures)
        if anchored is not None and all(item.verdict is Verdict.PASSED for item in self.findings):
            time = f"{anchored.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            self._add(Verdict.PASSED, "bundle.history", entries=len(entries), time=time)

    def _add(
        self, verdict: Verdict, code: str, subject: str | None = None, claim: str = "C5", **params: str | int
    ) -> None:
        check = "8" if claim == "C3b" else "10"
        self.findings.append(Finding(check, verdict, code, params, None, subject, (claim,)))

    def _fail(self, code: str, subject: str | None = None, **params: str | int) -> None:
        self.findings.append(Finding("10", Verdict.FAILED, f"bundle.{code}", params, None, subject, ("C5",)))

    def _read(self, name: str, limit: int) -> bytes | None:
        try:
            return self.reader.read(name, limit=limit)
        except ContainerReadError as exc:
            self._fail(exc.code, name)
            return None

    def _entries(self, wanted: Iterable[BundleEntry]) -> list[Entry] | None:
        """Return the entries, or None where one cannot be read: nothing after it could be chained."""
        found: list[Entry] = []
        for item in wanted:
            raw = self._read(item.entry, MAX_ENTRY_BYTES)
            if raw is None:
                return None
            try:
                entry = Entry.decode(raw)
            except JournalCorruptError:
                self._fail("entry", item.entry)
                return None
            if entry.encode() != raw:
                self._fail("entry", item.entry)
                return None
            found.append(entry)
        return found

    def _checkpoint(self, log: str) -> Checkpoint | None:
        note = self._read(self.index.checkpoint, MAX_NOTE_BYTES)
        if note is None:
            return None
        try:
            return verify_checkpoint(note, log, generations=True)
        except JournalCorruptError:
            self._fail("checkpoint", self.index.checkpoint)
            return None

    def _anchor(self, checkpoint: Checkpoint | None) -> datetime | None:
        data = self._read(self.index.token, _MAX_TOKEN_BYTES)
        if checkpoint is None or data is None or self.judge is None:
            return None
        token, findings = self.judge.token(data, imprint_of(checkpoint.text), end=_SEALED, subject=self.index.token)
        if token is not None and token.verdict is Verdict.PASSED:
            return token.gen_time
        wrong = any(item.verdict is Verdict.FAILED for item in findings)
        code = "bundle.anchor" if wrong else "bundle.anchor_untrusted"
        self._add(Verdict.FAILED if wrong else Verdict.INDETERMINATE, code, self.index.token)
        return None

    def _proofs(
        self, wanted: Sequence[BundleEntry], entries: Sequence[Entry], checkpoint: Checkpoint, log: str
    ) -> None:
        for item, entry in zip(wanted, entries, strict=True):
            raw = self._read(item.proof, _MAX_PROOF_BYTES)
            if raw is None:
                continue
            try:
                proof = TlogProof.decode(raw)
                own = verify_checkpoint(proof.note, log, generations=True)
                held = own.text == checkpoint.text and proof.inclusion().holds(entry.digest, checkpoint=checkpoint)
            except JournalCorruptError:
                held = False
            if not held:
                self._fail("proof", item.proof)

    def _continues(self, case: Case, entries: Sequence[Entry], checkpoint: Checkpoint) -> None:
        """The entries begin with those in the document, and the checkpoint's tree with the document's."""
        completion = case.completion
        if completion is None:
            return
        own = [entry.to_json() for entry in entries[: len(completion.entries)]]
        if own != list(completion.entries):
            self._fail("entries_differ")
        try:
            older = parse_checkpoint(completion.checkpoint.encode("utf-8"))
        except JournalCorruptError:
            return  # said where the document is judged
        # In another generation too: whatever a finished file's checkpoint covers is in the home that finished it.
        if _generation(older, case) > _generation(checkpoint, case):
            self._fail("checkpoint", self.index.checkpoint)
        else:
            self._consistent(older, checkpoint)

    def _consistent(self, older: Checkpoint, newer: Checkpoint) -> None:
        said = self.index.consistency.get(str(older.size))
        if said is None:
            self._add(Verdict.INDETERMINATE, "bundle.consistency_missing")
            return
        try:
            proof = [parse_base64(item, "journal.proof") for item in said[:64]]
            held = len(said) <= 64 and verify_consistency(
                old=older.size, new=newer.size, proof=proof, old_root=older.root, new_root=newer.root
            )
        except JournalCorruptError:
            held = False
        if not held:
            self._fail("consistency")

    def _witnesses(self, checkpoint: Checkpoint) -> None:
        try:
            found = find_cosignatures(checkpoint, self.anchors.keys_for("witness"))
        except JournalCorruptError:
            return
        if found:
            names = ", ".join(item.witness for item in found)
            self._add(Verdict.PASSED, "journal.witnessed_by", count=len(found), names=names)
        elif self.anchors.keys_for("witness"):
            self.skipped.append(NotChecked("10", "bundle.no_witnesses"))

    def _documents(self, cases: Sequence[Case], entries: Sequence[Entry]) -> None:
        """Every document is, in its last version that the journal knows, a beginning of the file, or all of it."""
        try:
            envelope = fold(entries)
        except JournalError:
            self._fail("entry")
            return
        for case in cases:
            if case.completion is not None and envelope.stage not in {"sealed", "archived"}:
                self._fail("history_short")
                return
            number = case.manifest.document if case.manifest else 0
            if number >= len(envelope.documents):
                self._fail("other_documents")
                continue
            state, whole = envelope.documents[number].current, envelope.stage == "archived"
            fits = case.pdf.size == state.size if whole else case.pdf.size >= state.size
            if not fits or case.prefix(state.size) != state.sha256:
                self._fail("other_document")

    def _openings(self, entries: Sequence[Entry], evidence: EvidenceFile | None) -> None:
        """Each opening opens what an entry commits to, and is the one that the evidence has under its name."""
        try:
            openings = read_openings(self.reader, self.index)
        except StatementError:
            self._fail("openings_unreadable", self.index.openings)
            return
        except ContainerReadError as exc:
            self._fail(exc.code, self.index.openings)
            return
        said, beside = texts_of(entries), evidence.openings if evidence else {}
        for name, opening in openings.items():
            if not opens(opening, said) or beside.get(name, opening) != opening:
                self._fail("openings", self.index.openings, name=str(name)[:80])

    def _erased(self, evidence: EvidenceFile | None, erasures: Sequence[Entry]) -> None:
        if evidence is None or evidence.erased is None:
            return
        times = {
            format_time(item.at)
            for item in erasures
            if (item.envelope, item.type, item.data.get("envelope")) == (HOME, ERASED, self.index.envelope)
        }
        if evidence.erased["at"] not in times:
            self._add(Verdict.INDETERMINATE, "bundle.erased_unproved", self.index.evidence, "C3b")


def _generation(checkpoint: Checkpoint, case: Case) -> int:
    origin = case.manifest.issuers.log.partition("+")[0] if case.manifest else ""
    return generation_of(origin, checkpoint.origin) or 0


def read_openings(reader: ContainerReader, index: BundleIndex) -> dict[str, Any]:
    """Return the openings beside the evidence of a bundle; none where it has no such file.

    Raises:
        StatementError: it is none.
        ContainerReadError: it cannot be read.
    """
    if index.openings is None:
        return {}
    raw = reader.read(index.openings, limit=_MAX_OPENINGS_BYTES)
    try:
        value: Any = canonical.decode(raw, max_bytes=_MAX_OPENINGS_BYTES)
        if value["envelope"] == index.envelope:
            return dict(value["openings"])
    except (canonical.CanonicalError, KeyError, TypeError, ValueError) as exc:
        raise StatementError("statement.form", "no openings") from exc
    raise StatementError("statement.form", "openings of another envelope")
