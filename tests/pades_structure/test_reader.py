"""The reader of structure: revisions, values, pages, fields, and everything that is wrong with a file."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signkit.errors import SignkitError, UnreadableDocumentError
from signkit.pades.changes import check_places, classify_changes
from signkit.pades.structure import Dict, HexString, Limits, Name, Pdf, Ref, Stream, decode_text
from signkit.pades.structure.filters import decode
from signkit.pades.structure.parser import parse_value
from signkit.pades.structure.predictors import unpredict
from signkit.testing.attacks.plain import PlainPdf, stream
from signkit.testing.attacks.rich import rich_document
from signkit.testing.attacks.update import Update, write_value


def parsed(data: bytes) -> object:
    """Return the value that ``data`` begins with."""
    return parse_value(data, 0, len(data), Limits())[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"12", 12),
        (b"-.5", -0.5),
        (b"+7.", 7.0),
        (b"true", True),
        (b"null", None),
        (b"/A#20B", Name("A B")),
        (b"/", Name("")),
        (b"(a(b)c)", b"a(b)c"),
        (rb"(\101\n\\\)\q)", b"A\n\\)q"),
        (b"(a\\\r\nb\r\nc)", b"ab\nc"),
        (b"<48 656C6c6F7>", b"Hellop"),
        (b"[1 0 R 2 3]", [Ref(1, 0), 2, 3]),
        (b"[1 %x\n 0 %y\n R]", [Ref(1, 0)]),
        (b"<</A<</B[]>>/C(x)>>", {"A": {"B": []}, "C": b"x"}),
        (b"%comment\n 5", 5),
    ],
)
def test_values(text: bytes, value: object) -> None:
    """Every kind of value is read as the standard says."""
    found = parsed(text)
    assert found == value
    assert type(found) in {type(value), Dict, HexString}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"]",
        b"<<1 2>>",
        b"<</A>>",
        b"(x",
        b"<4G>",
        b"[1",
        b"--5",
        b"foo",
        b"{",
        b"[" * 500,
        b"1" * 60,
        b"<< /A 1 ]",
    ],
)
def test_bad_values(text: bytes) -> None:
    """What two readers could read differently is an error."""
    with pytest.raises(UnreadableDocumentError):
        parsed(text)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31)
    | st.binary(max_size=20)
    | st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=8).map(Name)
    | st.builds(Ref, st.integers(0, 10**6), st.integers(0, 65535)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=5), inner, max_size=4
        ).map(Dict)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_round_trip(value: object) -> None:
    """What is written is read again as it was."""
    assert parsed(write_value(value)) == value


def test_repeated_keys() -> None:
    """A key that occurs twice is noticed; the last value is the one kept."""
    found = parsed(b"<< /A 1 /B 2 /A 3 >>")
    assert isinstance(found, Dict)
    assert found == {"A": 3, "B": 2}
    assert found.repeated == ("A",)


def test_revisions() -> None:
    """Each update is a revision of its own, and each view sees its own time."""
    first = rich_document()
    update = Update(Pdf.open(first))
    update.change(8, V=b"200")
    pdf = Pdf.open(update.build())
    assert [revision.start for revision in pdf.revisions] == [0, len(first)]
    assert [revision.end for revision in pdf.revisions] == [len(first), pdf.size]
    assert pdf.trailing == 0
    assert pdf.view(0).get(8)["V"] == b"100"
    assert pdf.view().get(8)["V"] == b"200"
    assert pdf.prefix(len(first)).view().get(8)["V"] == b"100"
    assert set(pdf.revisions[1].entries) == {8}
    found = pdf.view().object(8)
    assert found is not None
    assert pdf.bytes(found.start, found.end).startswith(b"8 0 obj\n")
    assert pdf.bytes(found.start, found.end).endswith(b"\nendobj")


def test_document_parts() -> None:
    """Pages, fields and streams are found."""
    view = Pdf.open(rich_document()).view()
    assert [page.ref for page in view.pages] == [Ref(3, 0)]
    assert view.pages[0].parents == (Ref(2, 0), Ref(6, 0))
    assert [(field.name, field.kind, field.value, field.ref) for field in view.fields] == [
        ("belopp", "Tx", b"100", Ref(8, 0))
    ]
    attachment = view.get(13)
    assert isinstance(attachment, Stream)
    assert attachment.data == b"en bilaga\n"
    assert view.get(900) is None
    assert view.get(8, 3) is None


def test_trailing_bytes() -> None:
    """Bytes after the last end are counted, one line end belongs to it."""
    data = rich_document()
    assert Pdf.open(data + b" x").trailing == 2
    assert Pdf.open(data[:-1]).trailing == 0
    assert Pdf.open(data[:-1]).revisions[0].eof_end == len(data) - 1


def test_header_offset() -> None:
    """Offsets may count from the header or from the first byte."""
    data = rich_document()
    pdf = Pdf.open(b"junk\n" + data)
    assert (pdf.header_offset, pdf.base) == (5, 5)
    assert len(pdf.view().pages) == 1


def test_path_and_bytes(tmp_path: Path) -> None:
    """A file is read the same from its path, large ones mapped."""
    path = tmp_path / "a.pdf"
    body = stream(bytes(9 * 1024 * 1024))
    path.write_bytes(PlainPdf(objects={6: body}).build())
    pdf = Pdf.open(path)
    assert not isinstance(pdf.buffer, bytes)
    value = pdf.view().get(6)
    assert isinstance(value, Stream)
    assert value.raw_end - value.raw_start == 9 * 1024 * 1024
    assert len(pdf.view().pages) == 1


def xref_stream_file(*, predictor: bool) -> bytes:
    """Return a file whose catalog lies in an object stream."""
    packed = b"1 0 2 40 "
    objects = b"<< /Type /Catalog /Pages 2 0 R >>".ljust(40) + b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    data = zlib.compress(packed + objects)
    out = bytearray(b"%PDF-1.5\n")
    places = {}
    places[4] = len(out)
    head = b"<< /Type /ObjStm /N 2 /First %d /Filter /FlateDecode /Length %d >>" % (len(packed), len(data))
    out += b"4 0 obj\n" + head + b"\nstream\n" + data + b"\nendstream\nendobj\n"
    places[3] = len(out)
    out += b"3 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj\n"
    places[5] = len(out)
    rows = [b"\x00\x00\x00\x00", b"\x02\x00\x04\x00", b"\x02\x00\x04\x01"]
    rows += [b"\x01" + places[num].to_bytes(2, "big") + b"\x00" for num in (3, 4, 5)]
    parms = b""
    if predictor:
        above = [b"\0" * 4, *rows]
        rows = [
            b"\x02" + bytes((b - a) & 255 for a, b in zip(up, row, strict=True))
            for up, row in zip(above, rows, strict=False)
        ]
        parms = b"/DecodeParms << /Predictor 12 /Columns 4 >>"
    table = zlib.compress(b"".join(rows))
    out += b"5 0 obj\n<< /Type /XRef /W [1 2 1] /Size 6 /Root 1 0 R /Filter /FlateDecode %s /Length %d >>\nstream\n" % (
        parms,
        len(table),
    )
    out += table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % places[5]
    return bytes(out)


@pytest.mark.parametrize("predictor", [False, True])
def test_cross_reference_stream(predictor: bool) -> None:  # noqa: FBT001 - pytest gives it
    """Cross-reference streams, object streams and predictors are understood."""
    pdf = Pdf.open(xref_stream_file(predictor=predictor))
    assert pdf.revisions[0].kind == "stream"
    assert len(pdf.view().pages) == 1
    found = pdf.view().object(1)
    assert found is not None
    assert (found.container, found.start) == (4, -1)


def read_all(data: bytes | Path) -> Pdf:
    """Read every object and every page."""
    pdf = Pdf.open(data)
    for num in pdf.view().numbers():
        pdf.view().get(num)
    assert len(pdf.view().pages) >= 0
    return pdf


def code_of(data: bytes | Path) -> str:
    """Return the code of the error, or nothing where all can be read."""
    try:
        read_all(data)
    except SignkitError as exc:
        return exc.code
    return ""


def damaged(old: bytes, new: bytes) -> bytes:
    """Return the rich document with something replaced."""
    data = rich_document()
    assert old in data
    return data.replace(old, new)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "structure.header"),
        (b"%PDF-1.7\n", "structure.startxref"),
        (b"hello\nstartxref\n0\n%%EOF", "structure.header"),
        (damaged(b"%%EOF", b"%%EFO"), "structure.eof"),
        (damaged(b"startxref\n", b"startxref\n9"), "structure.xref"),
        (damaged(b"/Root 1 0 R", b"/Root 9 9 R"), "structure.catalog"),
        (damaged(b"/Root 1 0 R", b"/Prev %d /Root 1 0 R" % 0), "structure.xref"),
        (damaged(b"/Kids [3 0 R]", b"/Kids [6 0 R]"), "structure.page_loop"),
        (damaged(b"3 0 obj", b"7 0 obj"), "structure.object_number"),
        (damaged(b"<< /OCGs", b"<<< /OCGs"), "structure.syntax"),
    ],
)
def test_damage_has_a_name(data: bytes, code: str) -> None:
    """Each kind of damage has its own code, and a hint."""
    with pytest.raises(UnreadableDocumentError) as caught:
        read_all(data)
    assert caught.value.code == code
    assert caught.value.hint


def test_circle_of_sections() -> None:
    """A chain of sections that leads back to itself ends."""
    data = rich_document()
    start = Pdf.open(data).revisions[0].xref_offset
    with pytest.raises(UnreadableDocumentError) as caught:
        Pdf.open(data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % start))
    assert caught.value.code == "structure.xref_loop"


def test_bomb() -> None:
    """A small stream that decodes to much is refused."""
    bomb = zlib.compress(bytes(10_000_000))
    with pytest.raises(UnreadableDocumentError) as caught:
        decode(bomb, [Name("FlateDecode")], [None], max_bytes=1_000_000)
    assert caught.value.code == "structure.limit"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("ASCIIHexDecode", b"48 65 6c6C 6F>", b"Hello"),
        ("ASCII85Decode", b"87cURDZ~>", b"Hello"),
        ("RunLengthDecode", b"\x01ab\xfec\x80", b"abccc"),
        ("LZWDecode", bytes.fromhex("800b6050220c0c8501"), b"-----A---B"),
    ],
)
def test_filters(name: str, data: bytes, expected: bytes) -> None:
    """The filters of structure give what the standard's examples say."""
    assert decode(data, [Name(name)], [None], max_bytes=1000) == expected


@given(st.binary(min_size=1, max_size=60), st.integers(1, 4), st.sampled_from([0, 1, 2, 3, 4]))
def test_png_predictors(data: bytes, columns: int, kind: int) -> None:
    """Prediction is undone for every row filter."""
    data = data.ljust(-(-len(data) // columns) * columns, b"\0")
    rows = [data[at : at + columns] for at in range(0, len(data), columns)]
    out, above = b"", bytes(columns)
    for row in rows:
        guesses = []
        for index in range(columns):
            left = row[index - 1] if index else 0
            corner = above[index - 1] if index else 0
            up = above[index]
            paeth = min((left, up, corner), key=lambda one: abs(left + up - corner - one))
            guesses.append((0, left, up, (left + up) // 2, paeth)[kind])
        out += bytes([kind]) + bytes((value - guess) & 255 for value, guess in zip(row, guesses, strict=True))
        above = row
    assert unpredict(out, {"Predictor": 15, "Columns": columns}) == data


def test_text_strings() -> None:
    """Text strings of all three encodings are decoded."""
    assert decode_text(b"\xfe\xff\x00\xe5") == "å"
    assert decode_text(b"\xef\xbb\xbf\xc3\xa5") == "å"
    assert decode_text(b"\xe5\x80") == "å•"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutations_never_surprise(data: st.DataObject) -> None:
    """Whatever is done to a file, only our own errors come out, and the judgements never raise."""
    whole = bytearray(data.draw(st.sampled_from([rich_document(), xref_stream_file(predictor=True)])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1))
        piece = data.draw(st.binary(max_size=4) | st.sampled_from([b"<<", b">>", b"[", b"/Prev 1", b" 0 R", b"endobj"]))
        whole[at : at + data.draw(st.integers(0, 5))] = piece
    code = code_of(bytes(whole))
    if code:
        assert code.startswith("structure.")
        return
    pdf = Pdf.open(bytes(whole))
    classify_changes(pdf)
    check_places(pdf)


def test_real_files(shared: Path) -> None:
    """Every file of the corpora is read, or refused with a code; nothing else happens."""
    codes = [code_of(path) for path in sorted(shared.glob("corpora/*/*.pdf"))]
    assert all(code == "" or code.startswith("structure.") for code in codes)
    assert codes.count("") >= 130
