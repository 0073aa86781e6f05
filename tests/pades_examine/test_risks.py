"""Risk codes: every refusing code in many disguises, the ordinary neighbours, and the real corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from signkit.errors import DocumentError, RiskyDocumentError
from signkit.model.risks import INFORMING, REFUSING, Risk, RiskFound, refused, risk_codes
from signkit.pades.examine import Examination, examine, read_facts
from signkit.pades.structure import Pdf
from signkit.testing.attacks.plain import PlainPdf, stream, text
from signkit.testing.attacks.risky import RiskyDocument, ordinary_documents, risky_documents
from signkit.texts import LANGUAGES, codes

RISKY = list(risky_documents())
ORDINARY = list(ordinary_documents())


def written(tmp_path: Path, data: bytes) -> Path:
    """Return a file that holds ``data``."""
    path = tmp_path / "document.pdf"
    path.write_bytes(data)
    return path


def outcome(path: Path) -> Examination | DocumentError:
    """Return what examining ``path`` ends in."""
    try:
        return examine(path)
    except DocumentError as exc:
        return exc


@pytest.mark.parametrize("document", RISKY, ids=lambda item: item.name)
def test_every_disguise_trips_its_code_alone(document: RiskyDocument, tmp_path: Path) -> None:
    """A generated file with one risk is refused for that risk, and for no other."""
    examination = examine(written(tmp_path, document.data))
    assert refused(examination.risks) == (document.risk,)
    with pytest.raises(RiskyDocumentError) as caught:
        examination.raise_for_risks()
    assert f"--accept-risk {document.risk}" in (caught.value.hint or "")
    examination.raise_for_risks(accepted=[str(document.risk)])


@pytest.mark.parametrize("document", ORDINARY, ids=lambda item: item.name)
def test_an_ordinary_neighbour_trips_nothing(document: RiskyDocument, tmp_path: Path) -> None:
    """What looks alike and is harmless may be sent as it is."""
    examine(written(tmp_path, document.data)).raise_for_risks()


def test_every_refusing_code_has_a_file() -> None:
    """The factory knows every refusing code, and no code is both refusing and informing."""
    assert {document.risk for document in RISKY} == REFUSING
    assert REFUSING.isdisjoint(INFORMING)
    assert set(Risk) == REFUSING | INFORMING
    assert len({document.name for document in [*RISKY, *ORDINARY]}) == len(RISKY) + len(ORDINARY)


def test_codes_of_a_document_are_sorted_and_unique() -> None:
    """The manifest gets each code once, in one order."""
    found = [RiskFound(Risk.LINKS, "net"), RiskFound(Risk.ACTIVE, "launch"), RiskFound(Risk.LINKS, "file")]
    assert risk_codes(found) == ("active", "links")
    assert refused(found, accepted=["active"]) == ()


@pytest.mark.parametrize("document", [*RISKY, *ORDINARY], ids=lambda item: item.name)
def test_the_archivist_finds_what_the_clerk_found(document: RiskyDocument, tmp_path: Path) -> None:
    """R0's bytes at the head of a longer file give the same codes as the file that was sent."""
    sent = examine(written(tmp_path, document.data)).facts
    later = Pdf.open(document.data + b"\n%% a later revision\n").prefix(len(document.data))
    assert read_facts(later) == sent


def test_every_risk_and_detail_has_a_sentence(tmp_path: Path) -> None:
    """Whatever is found can be told in three languages."""
    known = codes()
    for document in [*RISKY, *ORDINARY]:
        for item in examine(written(tmp_path, document.data)).risks:
            for code in (f"risk.{item.risk}", f"risk.{item.risk}.detail.{item.detail}"):
                assert set(known[code]) == set(LANGUAGES)
    assert all(f"risk.{risk}" in known for risk in Risk)


def test_informing_codes(tmp_path: Path) -> None:
    """Fonts, fields, links and attachments are told with what is needed to judge them."""
    spec = b"<< /Type /Filespec /F (a.txt) /UF <FEFF0062002E007400780074> /EF << /F 7 0 R >> >>"
    pdf = PlainPdf(
        catalog=b"/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>",
        page=b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://a.example) >> >>]",
        objects={6: spec, 7: stream(b"hej" * 100_000, entries=b"/Type /EmbeddedFile", deflate=True)},
    )
    examination = examine(written(tmp_path, pdf.build()))
    assert examination.facts.risk_codes == ("attachments", "fonts", "links")
    (attached,) = examination.attachments
    assert (attached.name, attached.size, attached.decoded) == ("b.txt", 300_000, True)
    assert attached.sha256.startswith("sha256:")


def test_a_damaged_attachment_is_digested_as_it_is_stored(tmp_path: Path) -> None:
    """An attachment that cannot be decoded still has a digest, and says so."""
    broken = b"<< /Length 3 /Filter /FlateDecode >>\nstream\nabc\nendstream"
    objects = {6: b"<< /Type /Filespec /F (a\\001.txt) /EF << /F 7 0 R >> >>", 7: broken}
    pdf = PlainPdf(catalog=b"/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>", objects=objects)
    (attached,) = examine(written(tmp_path, pdf.build())).attachments
    assert (attached.name, attached.size, attached.decoded) == ("a.txt", 3, False)


def test_hidden_names_the_page(tmp_path: Path) -> None:
    """A finding says on which page and, for a field, in which object it lies."""
    data = next(document.data for document in RISKY if document.name == "hidden-value-not-shown")
    found = [item for item in examine(written(tmp_path, data)).risks if item.risk is Risk.HIDDEN]
    assert [(item.detail, item.number, item.page) for item in found] == [("value-not-shown", 6, 1)]


def test_a_page_with_too_much_on_it_is_not_called_harmless(tmp_path: Path) -> None:
    """What cannot be decided within the budget is a risk, and is decided quickly."""
    image = b"q 9 0 0 9 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \xff EI Q\n"
    data = PlainPdf(content=text("a") * 1200 + image * 2000).build()
    found = [item.detail for item in examine(written(tmp_path, data)).risks if item.risk is Risk.HIDDEN]
    assert found == ["too-complex"]


def test_real_documents_trip_only_what_they_carry(shared: Path) -> None:
    """Of the real files, those that are refused for a risk are the ones that a person would refuse, and no other."""
    tripped: dict[str, tuple[str, ...]] = {}
    for path in sorted((shared / "corpora" / "real").glob("*.pdf")):
        found = outcome(path)
        if isinstance(found, DocumentError):
            assert found.hint
            assert found.subject["file"] == str(path)
            continue
        codes_found = refused(found.risks)
        if codes_found:
            tripped[path.name] = tuple(str(code) for code in codes_found)
    for name in ("qpdf-sample-form.pdf", "qpdf-tokens.pdf"):
        assert not isinstance(outcome(shared / "corpora" / "real" / name), DocumentError), (
            "a comment in an object stream"
        )
    assert tripped == {
        "qpdf-button-set-broken.pdf": ("form-redraws",),
        "qpdf-form-out.pdf": ("form-redraws",),
        "qpdf-test80a1.pdf": ("annotations",),
        "qpdf-test80a2.pdf": ("hidden",),
        "samples-annotated_pdf.pdf": ("annotations",),
        "samples-libreoffice-form.pdf": ("form-redraws",),
        "samples-pdflatex-forms.pdf": ("active", "form-redraws"),
    }
