"""What cannot be signed as it is: one code each, the file in the subject, and a cure."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signkit.errors import DocumentError, EncryptedDocumentError, UnreadableDocumentError
from signkit.pades.examine import Claims, Examination, examine, page_rules, read_facts
from signkit.pades.structure import Pdf
from signkit.testing.attacks.plain import PlainPdf, stream
from signkit.testing.attacks.risky import risky_documents
from signkit.texts import LANGUAGES, codes

_PLAIN = PlainPdf().build()
_SIGNED = b"/AcroForm << /SigFlags 3 /Fields [6 0 R] >> %s"
_FIELD = b"<< /FT /Sig /T (s) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /P 3 0 R %s >>"


def hybrid() -> bytes:
    """Return a file whose table names a cross-reference stream beside it."""
    head = _PLAIN[: _PLAIN.index(b"xref\n0 1")]
    rows = zlib.compress(bytes([0, 0, 0, 0]))
    hidden = b"<< /Type /XRef /W [1 2 1] /Index [9 1] /Size 10 /Filter /FlateDecode /Length %d >>" % len(rows)
    table = _PLAIN[_PLAIN.index(b"xref\n0 1") : _PLAIN.index(b"trailer")]
    body = head + b"9 0 obj\n" + hidden + b"\nstream\n" + rows + b"\nendstream\nendobj\n"
    trailer = b"trailer\n<< /Size 10 /Root 1 0 R /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(head), len(body))
    return body + table + trailer


def protected(*, user: str) -> bytes:
    """Return an encrypted file that opens with ``user``."""
    import io

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(_PLAIN)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="owner", user=user))
    return out.getvalue()


def outcome(path: Path) -> Examination | DocumentError:
    """Return what examining ``path`` ends in."""
    try:
        return examine(path)
    except DocumentError as exc:
        return exc


CASES: dict[str, tuple[str, bytes]] = {
    "empty": ("document.empty", b""),
    "word": ("document.not_pdf", b"PK\x03\x04" + b"x" * 500),
    "text": ("document.not_pdf", b"Ett protokoll, men ingen PDF"),
    "picture": ("document.not_pdf", b"\xff\xd8\xff\xe0" + b"x" * 500),
    "leading": ("document.leading_bytes", b"hello\n" + _PLAIN),
    "truncated": ("document.damaged", _PLAIN[: len(_PLAIN) // 2]),
    "header-only": ("document.damaged", b"%PDF-1.7\n"),
    "damaged-content": (
        "document.damaged",
        PlainPdf(objects={4: b"<< /Length 3 /Filter /FlateDecode >>\nstream\nabc\nendstream"}).build(),
    ),
    "wrong-length": ("document.damaged", PlainPdf(objects={4: b"<< /Length 99 >>\nstream\nabc\nendstream"}).build()),
    "encrypted": ("document.encrypted", protected(user="hemligt")),
    "owner-only": ("document.encrypted", protected(user="")),
    "hybrid": ("document.hybrid", hybrid()),
    "no-pages": ("document.no_pages", PlainPdf(objects={2: b"<< /Type /Pages /Kids [] /Count 0 >>"}).build()),
    "page-twice": (
        "document.damaged",
        PlainPdf(objects={2: b"<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>"}).build(),
    ),
    "wrong-count": (
        "document.parsers_disagree",
        PlainPdf(objects={2: b"<< /Type /Pages /Kids [3 0 R] /Count 0 >>"}).build(),
    ),
    "wrong-parent": (
        "document.parsers_disagree",
        PlainPdf(
            objects={
                2: b"<< /Type /Pages /Kids [6 0 R 7 0 R] /Count 2 >>",
                6: b"<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 1 /MediaBox [0 0 9 9] >>",
                7: b"<< /Type /Page /Parent 6 0 R >>",
            }
        ).build(),
    ),
    "xfa": (
        "document.xfa",
        PlainPdf(catalog=b"/AcroForm << /Fields [] /XFA 6 0 R >>", objects={6: stream(b"<a/>")}).build(),
    ),
    "usage-rights": ("document.usage_rights", PlainPdf(catalog=b"/Perms << /UR3 << /Type /Sig >> >>").build()),
    "undefined": ("document.unreadable", PlainPdf(catalog=b"/X 900 0 R").build()),
    "zero": ("document.unreadable", PlainPdf(catalog=b"/X 0 0 R").build()),
    "undefined-unreached": ("document.unreadable", PlainPdf(objects={6: b"[900 0 R]"}).build()),
    "wrong-generation": ("document.unreadable", PlainPdf(catalog=b"/X 5 7 R").build()),
    "numbers": ("document.numbers", PlainPdf(objects={8_388_600: b"null"}).build()),
    "form-is-info": (
        "document.shared_objects",
        PlainPdf(catalog=b"/AcroForm 6 0 R", trailer=b"/Info 6 0 R", objects={6: b"<< /Fields [] >>"}).build(),
    ),
    "fields-are-annots": (
        "document.shared_objects",
        PlainPdf(
            catalog=b"/AcroForm << /Fields 7 0 R >>",
            page=b"/Annots 7 0 R",
            objects={6: b"<< /FT /Btn /T (a) /Subtype /Widget /Rect [0 0 1 1] >>", 7: b"[6 0 R]"},
        ).build(),
    ),
    "two-roles": (
        "document.shared_objects",
        PlainPdf(catalog=b"/AcroForm 6 0 R /Extensions 6 0 R", objects={6: b"<< /Fields [] >>"}).build(),
    ),
    "catalog-named": ("document.shared_objects", PlainPdf(page=b"/PieceInfo << /A 1 0 R >>").build()),
    "locked": (
        "document.locked",
        PlainPdf(
            catalog=_SIGNED % b"/Perms << /DocMDP 7 0 R >>",
            objects={
                6: _FIELD % b"/V 7 0 R",
                7: b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] "
                b"/Contents <00> /Reference [<< /TransformMethod /DocMDP /TransformParams << /P 1 /V /1.2 >> >>] >>",
            },
        ).build(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_refusal_has_its_code_and_a_cure(name: str, tmp_path: Path) -> None:
    """A file that cannot be signed is refused with one code, its path, and what to do; the code has its sentences."""
    code, data = CASES[name]
    path = tmp_path / "document.pdf"
    path.write_bytes(data)
    with pytest.raises(DocumentError) as caught:
        examine(path)
    assert caught.value.code == code
    assert caught.value.subject["file"] == str(path)
    assert caught.value.hint
    assert set(codes()[code]) == set(LANGUAGES)


def signed(reference: bytes, *, perms: bytes = b"", lock: bytes = b"") -> bytes:
    """Return a file with one signature dictionary; only its structure is real."""
    signature = (
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] "
        b"/Contents <00> /Reference [" + reference + b"] >>"
    )
    objects = {6: _FIELD % (b"/V 7 0 R " + lock), 7: signature}
    return PlainPdf(catalog=_SIGNED % perms, objects=objects).build()


@pytest.mark.parametrize(
    ("data", "level", "locks"),
    [
        (
            signed(b"<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >>", perms=b"/Perms << /DocMDP 7 0 R >>"),
            2,
            (),
        ),
        (signed(b"<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>"), None, ()),
        (signed(b"<< /TransformMethod /FieldMDP /TransformParams << /Action /Include >> >>"), None, ("Include",)),
        (signed(b"<< /TransformMethod /FieldMDP /TransformParams << /Action /All >> >>"), None, ("All",)),
        (signed(b"", lock=b"/Lock << /Action /Exclude /Fields [] >>"), None, ("Exclude",)),
        (signed(b"", lock=b"/Lock << /Action /Include /Fields [] /P 1 >>"), 1, ("Include",)),
    ],
    ids=["certified", "uncertified", "include", "all", "exclude", "field-lock-level"],
)
def test_what_a_signature_forbids_is_read(
    data: bytes, level: int | None, locks: tuple[str, ...], tmp_path: Path
) -> None:
    """Levels and locks of signatures in the document are facts; those that forbid another signature refuse it."""
    (found,) = read_facts(Pdf.open(data)).signatures
    assert (found.field, found.kind, found.doc_mdp, found.locks) == ("s", "Sig", level, locks)
    closed = level == 1 or bool({"All", "Exclude"}.intersection(locks))
    path = tmp_path / "document.pdf"
    path.write_bytes(data)
    refused_for = outcome(path)
    assert isinstance(refused_for, DocumentError)
    assert refused_for.code == ("document.locked" if closed else "document.signature_broken"), (
        "empty contents are no CMS"
    )


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    """What is no file at all is said so, not traced back."""
    with pytest.raises(UnreadableDocumentError) as caught:
        examine(tmp_path)
    assert caught.value.code == "document.not_a_file"
    with pytest.raises(UnreadableDocumentError) as caught:
        examine(tmp_path / "nothing.pdf")
    assert caught.value.code == "document.missing"
    with pytest.raises(UnreadableDocumentError):
        examine(tmp_path / ("x" * 5000))


def test_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    """A PDF without its suffix is a PDF; a Word file named .pdf is none."""
    path = tmp_path / "protokoll"
    path.write_bytes(_PLAIN)
    found = examine(path)
    assert (found.pages, found.size, found.signed) == (1, len(_PLAIN), False)
    assert found.facts.xref == "table"
    assert found.facts.version == "1.7"
    assert found.facts.highest_number == 5


def test_encrypted_is_an_error_of_its_own(tmp_path: Path) -> None:
    """Encryption is told apart from damage, so that the cure can be."""
    path = tmp_path / "document.pdf"
    path.write_bytes(protected(user="hemligt"))
    with pytest.raises(EncryptedDocumentError):
        examine(path)


def test_claims_are_read_from_metadata(tmp_path: Path) -> None:
    """PDF/A and PDF/UA claims come from XMP, as attributes or elements; an entity bomb is no claim."""
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:a="http://www.aiim.org/pdfa/ns/id/" a:part="2" a:conformance="A"/>'
        b'<rdf:Description rdf:about="" xmlns:u="http://www.aiim.org/pdfua/ns/id/"><u:part>1</u:part>'
        b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    bomb = b'<!DOCTYPE a [<!ENTITY b "2">]><a xmlns:p="http://www.aiim.org/pdfa/ns/id/"><p:part>&b;</p:part></a>'
    for data, wanted in ((xmp, Claims(2, "a", 1)), (bomb, Claims()), (b"<broken", Claims())):
        path = tmp_path / "document.pdf"
        metadata = stream(data, entries=b"/Type /Metadata /Subtype /XML")
        path.write_bytes(PlainPdf(catalog=b"/Metadata 6 0 R", objects={6: metadata}).build())
        assert examine(path).facts.claims == wanted
    assert Claims(2, "a", 1).label == "PDF/A-2a + PDF/UA-1"


def test_page_rules_follow_from_claims() -> None:
    """No claim, no rule; PDF/A-1 forbids transparency; PDF/UA wants tagged widgets."""
    assert page_rules(Claims()) == ()
    assert "no-transparency" in page_rules(Claims(1, "b"))
    assert "no-transparency" not in page_rules(Claims(2, "u"))
    assert "widget-tagged" in page_rules(Claims(ua_part=1))


_BASES = [_PLAIN, hybrid(), *(document.data for document in risky_documents())]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), base=st.sampled_from(_BASES), cuts=st.integers(1, 6))
def test_mutated_files_never_escape_the_family(
    seed: int, base: bytes, cuts: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Flipped, cut and moved bytes end in facts or a DocumentError with a cure, never anything else."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    data = bytearray(base)
    for _ in range(cuts):
        at = chance.randrange(len(data)) if data else 0
        piece = bytes(data[at : at + chance.randrange(1, 40)])
        if chance.random() < 0.4:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif chance.random() < 0.5:
            del data[at : at + len(piece)]
        else:
            to = chance.randrange(len(data) + 1)
            data[to:to] = piece
    path = tmp_path_factory.getbasetemp() / "mutated.pdf"
    path.write_bytes(data)
    found = outcome(path)
    if isinstance(found, DocumentError):
        assert found.hint
        assert found.code.startswith("document")
