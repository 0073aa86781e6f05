"""Anybody's PDF: what came after each signature, and where each signature stands."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from signkit.errors import UnreadableDocumentError
from signkit.model.report import ChangeLevel
from signkit.pades.changes import check_places, classify_changes, places, statement_strings
from signkit.pades.structure import Dict, HexString, Name, Pdf, Ref
from signkit.testing.attacks.rich import rich_document
from signkit.testing.attacks.update import Update
from signkit.testing.attacks.while_signing import careless
from signkit.testing.signed import SignedFile, make_signed_pdf


@pytest.fixture(scope="module")
def signed() -> SignedFile:
    folder = Path(tempfile.mkdtemp(prefix="signkit-classify-"))
    with careless():
        return make_signed_pdf(folder, source=rich_document(), persons=1)


def judged(data: bytes) -> tuple[set[str], ChangeLevel]:
    """Return the findings, and the level of the oldest signature."""
    found = classify_changes(Pdf.open(data))
    assert found.places[0].field.endswith("-certify")
    return {item.code for item in found.findings}, found.levels[found.places[0].field]


def test_nothing(signed: SignedFile) -> None:
    """After the last signature nothing happened; after the first, people signed."""
    found = classify_changes(Pdf.open(signed.path))
    assert found.findings == ()
    assert list(found.levels.values()) == [
        ChangeLevel.FORM_FILL,
        ChangeLevel.FORM_FILL,
        ChangeLevel.TIMESTAMP,
        ChangeLevel.NONE,
    ]
    assert found.changed_pages == (1,)


def test_form_filled(signed: SignedFile) -> None:
    """A filled field is form filling, too late after the last signature, and against the completion's lock (P 1)."""
    update = Update(Pdf.open(signed.path))
    update.change(8, V=b"200")
    codes, level = judged(update.build())
    assert level is ChangeLevel.FORM_FILL
    assert codes == {"changes.after_last", "changes.not_permitted"}


def test_annotation(signed: SignedFile) -> None:
    """A note on a page is an annotation, which the certification does not permit."""
    pdf = Pdf.open(signed.path)
    update = Update(pdf)
    note = update.add(Dict({"Type": Name("Annot"), "Subtype": Name("Text"), "Rect": [0, 0, 20, 20]}))
    update.change(3, Annots=[Ref(8, 0), note])
    codes, level = judged(update.build())
    assert level is ChangeLevel.ANNOTATION
    assert codes == {"changes.after_last", "changes.not_permitted"}


@pytest.mark.parametrize("number", [4, 6, 11, 13, 16])
def test_anything_else(signed: SignedFile, number: int) -> None:
    """Content, page tree, attachments and layers cannot be explained."""
    pdf = Pdf.open(signed.path)
    update = Update(pdf)
    update.define(number, Dict({"Type": Name("Pages"), "Kids": [Ref(3, 0)], "Count": 1, "Parent": Ref(2, 0), "X": 1}))
    codes, level = judged(update.build())
    assert level is ChangeLevel.OTHER
    assert "changes.unexplained" in codes


def test_content_hidden_behind_an_appearance(signed: SignedFile) -> None:
    """Page content does not become form filling because an appearance names it."""
    pdf = Pdf.open(signed.path)
    update = Update(pdf)
    update.change(8, V=b"200", AP=Dict({"N": Ref(4, 0)}))
    update.define(4, b"<< /Length 1 >>\nstream\nq\nendstream", raw=True)
    codes, level = judged(update.build())
    assert level is ChangeLevel.OTHER
    assert "changes.unexplained" in codes


def test_pages_moved(signed: SignedFile) -> None:
    """Pages that vanish are told."""
    update = Update(Pdf.open(signed.path))
    update.change(2, Kids=[Ref(6, 0)], Count=1)
    codes, level = judged(update.build())
    assert level is ChangeLevel.OTHER
    assert "changes.pages_moved" in codes


def test_empty_section(signed: SignedFile) -> None:
    """An update without content after the last signature is told."""
    codes, _ = judged(Update(Pdf.open(signed.path)).build())
    assert codes == {"changes.empty_section"}


def test_validation_data(signed: SignedFile) -> None:
    """More validation data after the last signature is harmless in anybody's PDF."""
    pdf = Pdf.open(signed.path)
    update = Update(pdf)
    store = pdf.view().catalog["DSS"]
    extra = update.add(b"<< /Length 1 >>\nstream\n0\nendstream", raw=True)
    update.change(store.num, Certs=[*pdf.view().get_list(pdf.view().get_dict(store).get("Certs")), extra])
    codes, level = judged(update.build())
    assert codes == set()
    assert level is ChangeLevel.FORM_FILL
    last = classify_changes(Pdf.open(update.build()))
    assert last.levels[last.places[-1].field] is ChangeLevel.VALIDATION_DATA


def test_tail(signed: SignedFile) -> None:
    """Bytes after the end are told."""
    assert judged(signed.path.read_bytes() + b"x")[0] == {"changes.tail"}


def test_statements(signed: SignedFile) -> None:
    """The raw strings of a statement are those of the signed revision; a newer section cannot swap them."""
    pdf = Pdf.open(signed.path)
    first = places(pdf)[0]
    strings = statement_strings(first)
    assert strings is not None
    assert b"".join(strings) == signed.manifest.encode()
    update = Update(pdf)
    assert first.number is not None
    update.change(first.number, SGNK_Statement=[b"{}"])
    forged = Pdf.open(update.build())
    assert statement_strings(places(forged)[0]) == strings
    assert "changes.unexplained" in judged(update.build())[0]


def _with_contents(signed: SignedFile, change: Callable[[bytes], bytes]) -> bytes:
    pdf = Pdf.open(signed.path)
    contents = places(pdf)[-1].dict["Contents"]
    assert isinstance(contents, HexString)
    data = pdf.bytes(0, pdf.size)
    return data[: contents.start] + change(data[contents.start : contents.end]) + data[contents.end :]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (bytes.lower, "changes.contents_case"),
        (lambda text: text[:-3] + b"01>", "changes.contents_padding"),
        (lambda text: b"<" + b"0" * (len(text) - 2) + b">", "changes.contents_empty"),
        (lambda text: text[:100] + b" " + text[101:], "changes.contents_digits"),
        (lambda text: b"(" + text[1:-1] + b")", "changes.gap"),
        (lambda text: b" " + text[:-3] + b"> ", "changes.gap"),
    ],
    ids=["case", "padding", "empty", "digits", "string", "shifted"],
)
def test_containers(signed: SignedFile, change: Callable[[bytes], bytes], code: str) -> None:
    """The gap of a signature holds exactly its container, in the one way that signkit writes it."""
    found = check_places(Pdf.open(_with_contents(signed, change)), signkit_after=signed.revisions["r0"].stat().st_size)
    assert {item.code for item in found} == {code}


def test_byte_range(signed: SignedFile) -> None:
    """A signature that ends elsewhere than its revision covers nothing."""
    pdf = Pdf.open(signed.path)
    ranges = places(pdf)[-1].byte_range
    assert ranges is not None
    old = b" %d" % ranges[3]
    data = pdf.bytes(0, pdf.size)
    at = data.rindex(old)
    found = check_places(Pdf.open(data[:at] + b" %d" % (ranges[3] - 1) + data[at + len(old) :]), signkit_after=0)
    assert {item.code for item in found} == {"changes.not_covered"}


EXPECTED = {
    "pyhanko-form-update-override-appearance-stream-sneaky.pdf": {"changes.unexplained"},
    "pyhanko-form-update-override-appearance-stream-ap-indirect-sneaky.pdf": {"changes.unexplained"},
    "pyhanko-extensions-indirect-not-all-paths.pdf": {"changes.unexplained"},
    "pyhanko-pades-lta-dss-indirect-arrs-test-2.pdf": set(),
    "pyhanko-separate-annots-kids-indir.pdf": set(),
    "pyhanko-minimal-two-fields-signed-twice.pdf": set(),
    "pyhanko-tail-uncovered.pdf": {"changes.not_covered"},
    "pyhanko-signature-gap-too-big.pdf": {"changes.not_covered"},
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_real(shared: Path, name: str) -> None:
    """Signed files of others are judged as their makers meant them."""
    pdf = Pdf.open(shared / "corpora" / "signed" / name)
    found = [*classify_changes(pdf).findings, *check_places(pdf)]
    assert {item.code for item in found} == EXPECTED[name]


def test_published_forgeries(shared: Path) -> None:
    """Each of the published forgeries has a finding, or cannot even be read."""
    for path in sorted((shared / "corpora" / "attacks").glob("*.pdf")):
        try:
            pdf = Pdf.open(path)
        except UnreadableDocumentError:
            continue
        assert [*classify_changes(pdf).findings, *check_places(pdf)], path.name
