"""The check of what has just been written, before the journal says that it is so (proof.md section 2, *Making*).

Our own rules over the new revision, the new signature itself, and PDFium's count of signatures as the second opinion.
"""

from __future__ import annotations

from pathlib import Path

from signkit.errors import SealError
from signkit.model.envelope import Envelope
from signkit.model.report import Finding, Verdict
from signkit.pades.changes import check_revision, check_signkit_file
from signkit.pades.structure import Pdf
from signkit.pages.render import inspect
from signkit.workflows.layout import facts_of

__all__ = ["check_new_revision", "check_whole"]


def check_new_revision(path: Path, envelope: Envelope, index: int, *, expected: int) -> None:
    """Return if the newest revision of a document is what the layout allows.

    Args:
        path: the file with the new revision at its end.
        envelope: as the journal knows it, without that revision.
        index: which document.
        expected: how many signatures of ours the file must show now, document timestamps included.

    Raises:
        SealError: it is not; the file must be thrown away.
    """
    pdf = Pdf.open(path)
    facts = facts_of(envelope, index)
    newest = 1 + sum(1 for revision in pdf.revisions if revision.end > facts.size_r1)
    _refuse(check_revision(pdf, newest, facts), envelope)
    _count(path, envelope, index, expected)


def check_whole(path: Path, envelope: Envelope, index: int, *, expected: int) -> None:
    """Return if the whole history of a document is what the layout allows.

    Raises:
        SealError: it is not.
    """
    _refuse(check_signkit_file(Pdf.open(path), facts_of(envelope, index)), envelope)
    _count(path, envelope, index, expected)


def _refuse(findings: list[Finding], envelope: Envelope) -> None:
    bad = [finding.code for finding in findings if finding.verdict is not Verdict.PASSED]
    if bad:
        raise SealError(
            "the file that was just made breaks the layout: " + ", ".join(bad[:5]),
            code="seal.layout",
            hint="nothing was changed; report this with the codes",
            subject={"envelope": envelope.id},
        )


def _count(path: Path, envelope: Envelope, index: int, expected: int) -> None:
    before = int((envelope.documents[index].details or {}).get("signatures", 0))
    seen = len(inspect(path, ends=False).signatures) - before
    if seen != expected:
        raise SealError(
            f"another reader sees {seen} signatures of ours where there should be {expected}",
            code="seal.second_reader",
            hint="nothing was changed; report this",
            subject={"envelope": envelope.id},
        )
