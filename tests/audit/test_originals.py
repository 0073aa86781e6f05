"""The document behind the signatures: its risks, its attachments, its repair, and what limits leave open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signkit.canonical import digest_text
from signkit.errors import UnreadableDocumentError
from signkit.files import sha256_of
from signkit.model.report import Verdict
from signkit.testing.attacks.plain import PlainPdf
from signkit.testing.attacks.rich import rich_document
from signkit.testing.proved import GUESTS, Forgery, Life, ProvedFile

from .conftest import holding, reasons, verify, wrong
from .lies import Maker, changed, document, with_bytes


def test_a_risk_that_nobody_stated_fails(make: Maker):
    """A document with script, whose manifest says nothing of it, fails C1."""
    source = PlainPdf(catalog=b"/OpenAction << /S /JavaScript /JS (1) >>").build()
    report = verify(make(source=source, forgery=Forgery(manifest=document(risks=("fonts",)))))
    assert "original.risk_not_recorded" in wrong(report)
    assert report.claims["C1"].verdict is Verdict.FAILED


def test_a_risk_that_is_stated_and_that_nobody_accepted_fails(make: Maker):
    """A manifest that names a script, and does not say that anybody accepted it, contradicts itself."""
    source = PlainPdf(catalog=b"/OpenAction << /S /JavaScript /JS (1) >>").build()
    report = verify(make(source=source, forgery=Forgery(draft=changed(extra={"accepted_risks": []}))))
    assert wrong(report) == {"original.risk_not_accepted"}
    assert report.claims["C1"].verdict is Verdict.FAILED


def test_an_attachment_by_another_name_fails(make: Maker):
    """Size and digest alone do not say which attachment it is."""

    def renamed(manifest: Any, _life: Life) -> Any:
        record = manifest.own.attachments[0] | {"name": "avtal.txt"}
        return replace(manifest, documents=(replace(manifest.own, attachments=(record,)),))

    assert verify(make(source=rich_document(), guests=GUESTS[:1])).verdict is Verdict.PASSED
    report = verify(make(source=rich_document(), guests=GUESTS[:1], forgery=Forgery(draft=renamed)))
    assert wrong(report) == {"original.attachments"}


def test_risks_are_told(make: Maker):
    """A risk that was accepted, and one that only informs, are told of and pass."""
    script = PlainPdf(catalog=b"/OpenAction << /S /JavaScript /JS (1) >>").build()
    assert "original.risk_accepted" in holding(verify(make(source=script, guests=GUESTS[:1])))
    forgery = Forgery(draft=document(risks=()))
    report = verify(make(source=rich_document(), guests=GUESTS[:1], forgery=forgery))
    assert report.verdict is Verdict.PASSED
    assert "original.risk_informing" in holding(report)


def test_a_repaired_original(make: Maker, tmp_path: Path):
    """The report says that the document was written anew, and knows the file that it came from."""
    source = tmp_path / "before.pdf"
    source.write_bytes(PlainPdf().build() + b"% before\n")
    file = make(guests=GUESTS[:1], forgery=Forgery(draft=document(repaired_from=digest_text(sha256_of(source)))))
    report = verify(file, original=source)
    assert report.verdict is Verdict.PASSED
    assert holding(report) >= {"original.repaired", "original.same_before_repair"}


def test_an_original_beyond_the_limits(honest: ProvedFile, monkeypatch: pytest.MonkeyPatch):
    """An original that is larger or deeper than is read leaves its risks, and C1, open."""

    def too_deep(_pdf: Any) -> Any:
        raise UnreadableDocumentError("too deep", code="structure.limit")

    monkeypatch.setattr("signkit.audit.original.read_facts", too_deep)
    report = verify(honest)
    assert "original.limit" in wrong(report, Verdict.INDETERMINATE)
    assert report.claims["C1"].verdict is Verdict.INDETERMINATE


def test_an_original_beside_a_file_that_has_none(make: Maker):
    """A file without a manifest has no original to compare with, and that is said."""
    file = make(forgery=Forgery(manifest=lambda m, _: with_bytes(b"{}", m)), guests=GUESTS[:1])
    assert "original.not_a_signkit_file" in reasons(verify(file, original=file.revisions["r0"]))
