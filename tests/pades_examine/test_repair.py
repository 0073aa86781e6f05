"""Repair: a clean copy that may be signed and looks the same, or a reason."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from signkit.errors import DocumentError, EncryptedDocumentError, UsageError
from signkit.model.risks import Risk, refused
from signkit.pades.examine import examine
from signkit.pades.repair import RepairReport, repair
from signkit.testing.attacks.plain import PlainPdf, stream
from signkit.testing.attacks.risky import RiskyDocument, risky_documents
from signkit.texts import LANGUAGES, codes

RISKY = list(risky_documents())
_CURED = {Risk.ANNOTATIONS, Risk.ACTIVE, Risk.EXTERNAL, Risk.FORM_REDRAWS, Risk.TRAILING_BYTES}


def repaired(tmp_path: Path, data: bytes, *, password: str = "") -> RepairReport:
    """Return the report on a repaired file."""
    source, target = tmp_path / "source.pdf", tmp_path / "clean.pdf"
    source.write_bytes(data)
    report = repair(source, target, password=password)
    assert report.examination.path == str(target)
    assert examine(target) == report.examination
    assert source.read_bytes() == data
    assert all(set(codes()[f"repair.{code}"]) == set(LANGUAGES) for code in report.changes)
    return report


@pytest.mark.parametrize("document", RISKY, ids=lambda item: item.name)
def test_what_can_be_taken_out_is_taken_out(document: RiskyDocument, tmp_path: Path) -> None:
    """Active parts, outside content, redrawing forms, trailing bytes vanish; hidden things stay and stay reported."""
    report = repaired(tmp_path, document.data)
    left = refused(report.examination.risks)
    if document.risk in _CURED or document.name in ("layers-usage", "layers-configurations"):
        assert left == ()
    else:
        assert left == (document.risk,)
    assert {code for _, code in report.pages_changed} <= {"comments-removed", "fields-drawn", "multimedia-removed"}


def test_the_report_names_the_file_it_came_from(tmp_path: Path) -> None:
    """Digest and size of the source, sorted codes, and the same copy every time."""
    data = PlainPdf(tail=b"later").build()
    report = repaired(tmp_path, data)
    assert report.source_size == len(data)
    assert report.source_sha256.startswith("sha256:")
    assert report.changes == ("rewritten",)
    (tmp_path / "clean.pdf").unlink()
    assert repaired(tmp_path, data) == report


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (PlainPdf(objects={2: b"<< /Type /Pages /Kids [3 0 R] /Count 0 >>"}).build(), "page-tree-rebuilt"),
        (PlainPdf(catalog=b"/X 900 0 R").build(), "rewritten"),
        (PlainPdf(catalog=b"/X 0 0 R").build(), "rewritten"),
        (b"junk\n" + PlainPdf().build(), "rewritten"),
        (PlainPdf().build().replace(b"startxref\n", b"startxref\n9"), "structure-rebuilt"),
        (
            PlainPdf(catalog=b"/AcroForm 6 0 R", trailer=b"/Info 6 0 R", objects={6: b"<< /Fields [] >>"}).build(),
            "shared-objects-separated",
        ),
        (PlainPdf(objects={2: b"<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>"}).build(), "rewritten"),
    ],
    ids=["count", "undefined", "zero", "leading", "xref", "shared", "page-twice"],
)
def test_what_was_refused_is_cured(data: bytes, code: str, tmp_path: Path) -> None:
    """A structure that signkit refuses becomes one that it signs."""
    path = tmp_path / "before.pdf"
    path.write_bytes(data)
    with pytest.raises(DocumentError):
        examine(path)
    assert code in repaired(tmp_path, data).changes


def encrypted(user: str) -> bytes:
    """Return a file that opens with ``user``."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(PlainPdf().build())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="owner", user=user))
    return out.getvalue()


def test_encryption_goes_where_no_password_or_the_right_one_is_at_hand(tmp_path: Path) -> None:
    """An empty user password or the known one is enough; without it the file stays closed."""
    assert "encryption-removed" in repaired(tmp_path, encrypted("")).changes
    (tmp_path / "clean.pdf").unlink()
    assert "encryption-removed" in repaired(tmp_path, encrypted("hemligt"), password="hemligt").changes
    (tmp_path / "clean.pdf").unlink()
    with pytest.raises(EncryptedDocumentError) as caught:
        repaired(tmp_path, encrypted("hemligt"))
    assert "hemligt" not in str(caught.value)
    assert not (tmp_path / "clean.pdf").exists()


def test_a_claim_that_drawn_fields_may_break_is_withdrawn(tmp_path: Path) -> None:
    """A redrawn form with fonts of its own no longer says that it is PDF/A."""
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="2" '
        b'pdfaid:conformance="B"/></rdf:RDF></x:xmpmeta>'
    )
    form = b"/AcroForm << /Fields [7 0 R] /NeedAppearances true /DA (/F1 9 Tf) /DR << /Font << /F1 5 0 R >> >> >>"
    field = b"<< /FT /Tx /T (a) /V (b) /Type /Annot /Subtype /Widget /Rect [0 0 90 20] /DA (/F1 9 Tf) /F 4 >>"
    objects = {6: stream(xmp, entries=b"/Type /Metadata /Subtype /XML"), 7: field}
    data = PlainPdf(catalog=b"/Metadata 6 0 R " + form, page=b"/Annots [7 0 R]", objects=objects).build()
    report = repaired(tmp_path, data)
    assert {"fields-drawn", "pdfa-claim-removed"} <= set(report.changes)
    assert report.examination.facts.claims.label == ""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (PlainPdf(objects={6: b"<< /Type /Sig /ByteRange [0 1 2 3] /Contents <00> >>"}).build(), "document.signed"),
        (PlainPdf(catalog=b"/AcroForm << /Fields [] /XFA (a) >>").build(), "document.repair_failed"),
        (b"%PDF-1.7\nnothing at all", "document.repair_failed"),
        (b"PK\x03\x04", "document.not_pdf"),
        (
            PlainPdf(objects={4: b"<< /Length 3 /Filter /FlateDecode >>\nstream\nabc\nendstream"}).build(),
            "document.repair_failed",
        ),
    ],
    ids=["signed", "xfa", "nothing", "word", "damaged-content"],
)
def test_what_cannot_be_repaired_says_why_and_leaves_nothing(data: bytes, code: str, tmp_path: Path) -> None:
    """A failed repair has a code and a cure, and no file behind it."""
    with pytest.raises(DocumentError) as caught:
        repaired(tmp_path, data)
    assert caught.value.code == code
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["source.pdf"]


def test_the_source_is_never_the_target(tmp_path: Path) -> None:
    """Repair neither writes over what it reads nor over anything else."""
    path = tmp_path / "a.pdf"
    path.write_bytes(PlainPdf().build())
    with pytest.raises(UsageError):
        repair(path, path)
    other = tmp_path / "b.pdf"
    other.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        repair(path, other)
    assert other.read_bytes() == b"mine"


def test_signed_files_of_the_corpus_are_never_repaired(shared: Path, tmp_path: Path) -> None:
    """Whatever carries a signature, forged or not, is left alone."""
    for path in [*(shared / "corpora/signed").glob("*.pdf"), *(shared / "corpora/attacks").glob("*.pdf")]:
        with pytest.raises(DocumentError) as caught:
            repair(path, tmp_path / "clean.pdf")
        assert caught.value.code in ("document.signed", "document.repair_failed")
