"""Step 10, the story: what the entries tell, held against signatures, certificates and statements found in the file.

Every signature and every certificate has its entry, and every entry that speaks of one has it in the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from signkit import canonical
from signkit.audit.case import Case
from signkit.audit.created import check_created, check_openings
from signkit.errors import JournalCorruptError
from signkit.model.entry import Entry
from signkit.model.envelope import fold
from signkit.model.statement import Completion, JournalHead, Manifest, SignatureStatement
from signkit.pades.validate_facts import SignatureFacts

__all__ = ["check_story"]

_SKEW: Final = timedelta(seconds=30)


def check_story(case: Case, completion: Completion, entries: Sequence[Entry]) -> None:
    """Hold the entries against the file; every contradiction is a finding."""
    manifest = case.manifest
    if manifest is None:
        return
    try:
        fold(entries)
    except JournalCorruptError:
        case.fail("10", "journal.story")
    try:
        _Story(case, manifest, completion, entries).run()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        case.fail("10", "journal.story_unreadable")


class _Story:
    def __init__(self, case: Case, manifest: Manifest, completion: Completion, entries: Sequence[Entry]) -> None:
        self._case, self._manifest, self._completion = case, manifest, completion
        self._entries = entries
        self._index = manifest.document

    def run(self) -> None:
        check_created(self._case, self._manifest, self._entries[0])
        self._check_sent()
        certified = [entry for entry in self._entries if entry.type == "certified"]
        signed = {entry.data["signatory"]: entry for entry in self._entries if entry.type == "signed"}
        for record in self._manifest.signatories:
            name = self._manifest.fields.signatories[record.id]
            fact = self._case.fact(name)
            if fact is None:
                if record.id in signed:
                    self._fail("signature_missing", name)
                continue
            self._check_signed(fact, signed.get(record.id))
            self._check_certified(fact, certified, signed.get(record.id))
        self._check_strays(certified)
        self._check_completing(self._entries[-1])
        check_openings(self._case, self._manifest, self._entries[0])

    def _fail(self, code: str, subject: str | None = None) -> None:
        self._case.fail("10", f"journal.{code}", subject=subject)

    def _check_head(self, head: JournalHead, subject: str | None, *, after: int, before: int) -> None:
        """The journal stood where the statement says, after the one entry and before the other."""
        if head.origin != self._manifest.journal.origin:
            self._fail("other_log", subject)
        if not after < head.entries <= before or self._entries[head.entries - 1].digest_text != head.head:
            self._fail("other_head", subject)

    def _check_sent(self) -> None:
        fact = self._case.fact(self._case.certify or "")
        sent = next((entry for entry in self._entries if entry.type == "sent"), None)
        if fact is None or sent is None:
            self._fail("not_sent", self._case.certify)
            return
        self._check_head(self._manifest.journal, self._case.certify, after=sent.seq - 1, before=sent.seq)
        time, before = fact.gen_time, self._entries[max(sent.seq - 1, 0)]
        if time is not None and not before.at - _SKEW <= time <= sent.at + _SKEW:
            self._fail("time", fact.field)
        end = self._case.pdf.revisions[fact.revision].end
        record = sent.data["documents"][self._index]
        if (record["size"], record["sha256"]) != (end, self._case.prefix(end)):
            self._fail("other_certification", self._case.certify)

    def _check_signed(self, fact: SignatureFacts, entry: Entry | None) -> None:
        statement = self._case.persons.get(fact.field)
        if entry is None or statement is None:
            self._fail("entry_missing", fact.field)
            return
        revision = self._case.pdf.revisions[fact.revision]
        record = entry.data["documents"][self._index]
        found = (record["before"], record["after"], record["size"])
        if found != (self._case.prefix(revision.start), self._case.prefix(revision.end), revision.end):
            self._fail("other_signature", fact.field)
        if (entry.data["ceremony"], entry.data["person"]) != (statement.ceremony, statement.person):
            self._fail("other_ceremony", fact.field)
        if entry.actor != f"signatory:{statement.signatory}":
            self._fail("other_actor", fact.field)
        self._check_started(fact, statement)
        received = [
            item.data["evidence"]
            for item in self._entries
            if item.type == "evidence_received" and item.data["ceremony"] == statement.ceremony
        ]
        if statement.evidence not in received:
            self._fail("other_evidence", fact.field)
        if fact.gen_time is not None and entry.at < fact.gen_time - _SKEW:
            self._fail("time", fact.field)

    def _check_started(self, fact: SignatureFacts, statement: SignatureStatement) -> None:
        """The ceremony began as the statement says: for this place, with this eID, over this intent."""
        said = (statement.signatory, statement.intent, statement.provider, statement.environment)
        for entry in self._entries:
            if entry.type == "ceremony_started" and entry.data["ceremony"] == statement.ceremony:
                found = tuple(entry.data[name] for name in ("signatory", "intent", "provider", "environment"))
                if found == said:
                    return
        self._fail("other_start", fact.field)

    def _check_certified(self, fact: SignatureFacts, certified: Sequence[Entry], signed: Entry | None) -> None:
        statement, certificate = self._case.persons.get(fact.field), fact.certificate
        digest = canonical.digest_text(certificate.digest) if certificate else ""
        entry = next((item for item in certified if item.data["certificate"] == digest), None)
        if entry is None or statement is None:
            self._fail("certificate_missing", fact.field)
            return
        if (entry.data["ceremony"], entry.data["signatory"]) != (statement.ceremony, statement.signatory):
            self._fail("other_ceremony", fact.field)
        if signed is not None and entry.seq > signed.seq:
            self._fail("certificate_late", fact.field)
        elif signed is not None:
            self._check_head(statement.journal, fact.field, after=entry.seq, before=signed.seq)
        if fact.gen_time is not None and entry.at > fact.gen_time + _SKEW:
            self._fail("certificate_late", fact.field)

    def _check_strays(self, certified: Sequence[Entry]) -> None:
        """A certificate in the journal was used for a signature here, or its ceremony ended without one."""
        used = {canonical.digest_text(item.certificate.digest) for item in self._case.ours() if item.certificate}
        ended = {entry.data["ceremony"] for entry in self._entries if entry.type == "ceremony_ended"}
        for entry in certified:
            if entry.data["certificate"] not in used and entry.data["ceremony"] not in ended:
                self._fail("certificate_unused")

    def _check_completing(self, entry: Entry) -> None:
        completion = self._completion
        if entry.type != "completing":
            self._fail("not_completing", self._manifest.fields.complete)
            return
        data = entry.data
        said = (data["outcome"], tuple(data["documents"]), dict(data["signatories"]), data["rules"])
        if said != (completion.outcome, completion.documents, dict(completion.signatories), completion.rules):
            self._fail("other_completion", self._manifest.fields.complete)
