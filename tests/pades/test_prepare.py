"""R1: what it adds, what it leaves, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from signkit.errors import DocumentError, EncryptedDocumentError, UnsupportedDocumentError, UsageError
from signkit.files import sha256_of
from signkit.model.statement import FieldNames
from signkit.pades import prepare
from signkit.pades.changes import LayoutFacts, check_revision
from signkit.pades.examine.graph import read_graph
from signkit.pades.first_revision import Prepared
from signkit.pades.structure import Name, Pdf, Ref
from signkit.pades.tag_style import title_tag
from signkit.pages.data import SignaturePageDescription, SignaturePages, SignaturePlace
from signkit.pages.signature_page import layout_signature_page
from signkit.testing.attacks.plain import PlainPdf, stream

FIELDS = FieldNames("signkit-0-certify", "signkit-0-complete", {"a": "signkit-0-s1", "b": "signkit-0-s2"})
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
FORM = {6: b"<< /FT /Tx /T (namn) /V (Eva) /Type /Annot /Subtype /Widget /Rect [72 600 200 620] /P 3 0 R >>"}


def _pages(*, tagged: bool = False) -> SignaturePages:
    places = tuple(SignaturePlace(field=name, role="Justerare") for name in FIELDS.signatories.values())
    description = SignaturePageDescription(
        organisation="Björkviks kommun",
        title="Protokoll",
        document_name="protokoll.pdf",
        page_count=1,
        size_bytes=1000,
        digest="sha256:" + "0" * 64,
        envelope="test",
        places=places,
    )
    return layout_signature_page(description, tagged=tagged)


def _prepare(folder: Path, data: bytes, *, tagged: bool = False, pages: bool = True) -> Prepared:
    (folder / "r0.pdf").write_bytes(data)
    highest = read_graph(Pdf.open(data).view()).highest
    layout = _pages(tagged=tagged) if pages else None
    return prepare(folder / "r0.pdf", folder / "r1.pdf", pages=layout, fields=FIELDS, highest_number=highest)


def _facts(prepared: Prepared, highest: int) -> LayoutFacts:
    return LayoutFacts(
        size_r0=prepared.size_r0,
        size_r1=prepared.size_r1,
        certify=FIELDS.certify,
        complete=FIELDS.complete,
        persons=tuple(FIELDS.signatories.values()),
        highest_r0=highest,
    )


ODD = {
    "plain": PlainPdf().build(),
    "no end of line": PlainPdf().build().rstrip(b"\n"),
    "version 1.3": PlainPdf(version=b"1.3").build(),
    "version 2.0": PlainPdf(version=b"2.0").build(),
    "form": PlainPdf(catalog=b"/AcroForm << /Fields [6 0 R] >>", page=b"/Annots [6 0 R]", objects=FORM).build(),
    "form of its own": PlainPdf(
        catalog=b"/AcroForm 7 0 R", page=b"/Annots [6 0 R]", objects=FORM | {7: b"<< /Fields [6 0 R] /SigFlags 0 >>"}
    ).build(),
    "fields of their own": PlainPdf(
        catalog=b"/AcroForm 7 0 R",
        page=b"/Annots [6 0 R]",
        objects=FORM | {7: b"<< /Fields 8 0 R /NeedAppearances true >>", 8: b"[6 0 R]"},
    ).build(),
    "an empty form": PlainPdf(catalog=b"/AcroForm << >>").build(),
    "a null form": PlainPdf(catalog=b"/AcroForm null").build(),
    "kids of their own": PlainPdf(objects={2: b"<< /Type /Pages /Kids 6 0 R /Count 1 >>", 6: b"[3 0 R]"}).build(),
    "an id": PlainPdf(trailer=b"/ID [<00> <01>]").build(),
    "an odd id": PlainPdf(trailer=b"/ID [<00>]").build(),
    "small numbers": PlainPdf(
        catalog=b"/X [0.0000001 -.5 +7 1.50 (a\\)b) <FEFF00E5> <00> (\\r\\n)] /Lang <FEFF00730076> /Caf#C3#A9 /Caf#20e"
    ).build(),
}


@pytest.mark.parametrize("kind", ODD)
def test_nothing_else_is_added(tmp_path: Path, kind: str) -> None:
    """R0 is a prefix of R1, and our own list of changes finds nothing that R1 must not do."""
    prepared = _prepare(tmp_path, ODD[kind])
    data = prepared.path.read_bytes()
    assert data.startswith(ODD[kind])
    assert (prepared.size_r1, prepared.sha256_r1) == (len(data), "sha256:" + sha256_of(prepared.path).hex())
    assert check_revision(Pdf.open(data), 1, _facts(prepared, read_graph(Pdf.open(ODD[kind]).view()).highest)) == []


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """A crash and a second run leave the same R1."""
    data = PlainPdf(trailer=b"/ID [<00> <01>]").build()
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        digests.append(_prepare(tmp_path / name, data).sha256_r1)
    assert digests[0] == digests[1]


def test_document_data_stays_as_it_is(tmp_path: Path) -> None:
    """No metadata, version, default resources or trailer entry is touched: pyHanko's defaults must not come back."""
    data = PlainPdf(
        version=b"1.4",
        catalog=b"/Metadata 7 0 R /AcroForm << /Fields [6 0 R] /NeedAppearances true /DA (/Helv 0 Tf) >>",
        page=b"/Annots [6 0 R]",
        objects=FORM | {7: stream(XMP, entries=b"/Type /Metadata /Subtype /XML"), 8: b"<< /Title (x) >>"},
        trailer=b"/Info 8 0 R",
    ).build()
    before, after = Pdf.open(data).view(), Pdf.open(_prepare(tmp_path, data).path).view()
    assert after.catalog.get("Metadata") == Ref(7, 0)
    assert "Version" not in after.catalog
    assert after.entry(7) == before.entry(7)
    assert after.entry(8) == before.entry(8)
    assert after.trailer.get("Info") == Ref(8, 0)
    assert "ID" not in after.trailer
    form = after.get_dict(after.catalog["AcroForm"])
    assert (form["NeedAppearances"], form["DA"], form["SigFlags"]) == (True, b"/Helv 0 Tf", 3)


def test_fields_are_as_the_layout_wants(tmp_path: Path) -> None:
    """Field and widget are one, printed and locked, with tooltip and look; seals do not show; the lock is whole."""
    view = Pdf.open(_prepare(tmp_path, PlainPdf().build()).path).view()
    fields = {field.name: field for field in view.fields}
    assert list(fields) == [FIELDS.certify, *FIELDS.signatories.values(), FIELDS.complete]
    for name, field in fields.items():
        assert field.dict["F"] == 132
        assert field.dict["TU"]
        assert view.resolve(field.dict["AP"]["N"]).dict["Filter"] == Name("FlateDecode")
        assert (field.dict["Rect"] == [0, 0, 0, 0]) == (name in {FIELDS.certify, FIELDS.complete})
        assert view.get_dict(field.dict["P"])["Type"] == Name("Page")
    lock = view.get_dict(fields[FIELDS.complete].dict["Lock"])
    assert {text.decode() for text in lock["Fields"]} == set(fields)
    assert (lock["Action"], lock["P"]) == (Name("Include"), 1)
    placeholder = view.resolve(fields["signkit-0-s1"].dict["AP"]["N"])
    assert placeholder.data == b""
    assert set(placeholder.dict["Resources"]["ColorSpace"]) == {"CsG", "CsC"}


def test_tags_go_where_the_document_has_them(tmp_path: Path, protokoll: Path) -> None:
    """A tagged document gets a Sect, and each place a Form element that the widget leads to."""
    assert title_tag(protokoll) == "H1"
    prepared = _prepare(tmp_path, protokoll.read_bytes(), tagged=True)
    assert prepared.tagged
    view = Pdf.open(prepared.path).view()
    root = view.get_dict(view.catalog["StructTreeRoot"])
    parents = view.get_dict(root["ParentTree"])
    numbers = view.get_list(parents.get("Nums"))
    tree = dict(zip(numbers[::2], numbers[1::2], strict=True)) if numbers else {}
    for field in view.fields:
        if field.name in FIELDS.signatories.values() and tree:
            form = view.get_dict(tree[field.dict["StructParent"]])
            assert form["S"] == Name("Form")
            assert view.get_dict(form["A"])["O"] == Name("PrintField")
    assert view.get_dict(view.pages[-1].ref)["Tabs"] == Name("S")


def test_a_signed_document_gets_no_page(tmp_path: Path) -> None:
    """Without pages every field is invisible, stands on the first page and is in no page's annotations."""
    data = PlainPdf().build()
    view = Pdf.open(_prepare(tmp_path, data, pages=False).path).view()
    assert len(view.pages) == 1
    assert view.entry(3) == Pdf.open(data).view().entry(3)
    assert all(field.dict["Rect"] == [0, 0, 0, 0] and field.dict["P"] == Ref(3, 0) for field in view.fields)


def _hybrid() -> bytes:
    data = PlainPdf().build()
    return data.replace(b"/Root 1 0 R", b"/Root 1 0 R /XRefStm 15")


REFUSED = {
    "encrypted": (PlainPdf(trailer=b"/Encrypt 6 0 R", objects={6: b"<< /Filter /Standard >>"}).build(), "encrypted"),
    "not a pdf": (b"hello", "unreadable"),
    "a form that is none": (PlainPdf(catalog=b"/AcroForm [1 2]").build(), "form"),
    "fields that are none": (PlainPdf(catalog=b"/AcroForm << /Fields 7 >>").build(), "form"),
    "a field of our name": (
        PlainPdf(catalog=b"/AcroForm << /Fields [6 0 R] >>", objects={6: b"<< /FT /Sig /T (signkit-0-s1) >>"}).build(),
        "field_name",
    ),
    "annotations that are no objects": (
        PlainPdf(page=b"/Annots [<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] >>]").build(),
        "second_opinion",
    ),
    "a page tree without count": (PlainPdf(objects={2: b"<< /Type /Pages /Kids [3 0 R] >>"}).build(), "pages"),
    "a direct structure tree": (PlainPdf(catalog=b"/StructTreeRoot << /K [] >>").build(), "structure"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_extended_is_refused(tmp_path: Path, kind: str) -> None:
    """Each has its own code, and no file is left, half written or whole."""
    data, code = REFUSED[kind]
    source, target = tmp_path / "r0.pdf", tmp_path / "r1.pdf"
    source.write_bytes(data)
    with pytest.raises(DocumentError) as caught:
        prepare(source, target, pages=_pages(), fields=FIELDS, highest_number=10)
    assert caught.value.code == f"document.{code}"
    assert [entry.name for entry in tmp_path.iterdir()] == ["r0.pdf"]


def test_encryption_has_its_own_family(tmp_path: Path) -> None:
    """An encrypted document is told apart from an unsupported one."""
    with pytest.raises(EncryptedDocumentError):
        _prepare(tmp_path, REFUSED["encrypted"][0])


def test_numbers_near_the_end_are_refused(tmp_path: Path) -> None:
    """A document that names a huge number leaves no room for ours."""
    source = tmp_path / "r0.pdf"
    source.write_bytes(PlainPdf().build())
    with pytest.raises(UnsupportedDocumentError) as caught:
        prepare(source, tmp_path / "r1.pdf", pages=_pages(), fields=FIELDS, highest_number=8_388_600)
    assert caught.value.code == "document.numbers"


def test_a_named_number_is_never_used(tmp_path: Path) -> None:
    """New numbers begin above what the original merely names."""
    source = tmp_path / "r0.pdf"
    source.write_bytes(PlainPdf().build())
    prepared = prepare(source, tmp_path / "r1.pdf", pages=_pages(), fields=FIELDS, highest_number=900)
    fresh = [number for number in Pdf.open(prepared.path).view().numbers() if number > 5]
    assert min(fresh) == 901


def test_layout_and_document_must_fit(tmp_path: Path) -> None:
    """Tags without a structure tree, or places that are not the signatories', are a mistake of the caller."""
    source = tmp_path / "r0.pdf"
    source.write_bytes(PlainPdf().build())
    with pytest.raises(UsageError, match="tags"):
        prepare(source, tmp_path / "r1.pdf", pages=_pages(tagged=True), fields=FIELDS, highest_number=5)
    fields = FieldNames(FIELDS.certify, FIELDS.complete, {"a": "signkit-0-s1"})
    with pytest.raises(UsageError, match="place"):
        prepare(source, tmp_path / "r1.pdf", pages=_pages(), fields=fields, highest_number=5)
    with pytest.raises(UsageError, match="in place"):
        prepare(source, source, pages=_pages(), fields=FIELDS, highest_number=5)
