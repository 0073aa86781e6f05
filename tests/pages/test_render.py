"""PDFium as second parser: images, differences, counts, and its manners with bad files."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from signkit.errors import DocumentError, EncryptedDocumentError, UnreadableDocumentError
from signkit.pages import render
from signkit.pages.appearance import layout_appearance
from signkit.pages.data import AppearanceDescription, SignaturePageDescription, SignaturePages, SignaturePlace
from signkit.pages.render import differing_pages, inspect, page_image
from signkit.pages.signature_page import PLACE_WIDTH, layout_signature_page

BuildPdf = Callable[..., Path]


def layout(count: int = 3, *, tagged: bool = False) -> SignaturePages:
    asked = tuple(SignaturePlace(f"s{number}", "Ordförande") for number in range(count))
    given = SignaturePageDescription(
        organisation="Björkviks kommun",
        title="Protokoll om åäö",
        document_name="a.pdf",
        page_count=1,
        size_bytes=1,
        digest="sha256:" + "0" * 64,
        envelope="01J",
        places=asked,
    )
    return layout_signature_page(given, tagged=tagged)


def blank(path: Path, *sizes: tuple[float, float]) -> Path:
    with pikepdf.new() as pdf:
        for size in sizes:
            pdf.add_blank_page(page_size=size)
        pdf.save(path)
    return path


def test_an_image_is_a_png_of_the_page(build_pdf: BuildPdf):
    """A page at 72 dpi is an A4 PNG, white with ink."""
    image = page_image(build_pdf(layout()))
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    assert (int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big")) == (596, 842)


def test_the_same_page_does_not_differ_and_an_appearance_does(build_pdf: BuildPdf, tmp_path: Path):
    """One filled box is seen on its page alone, because forms are drawn; pages asked for are the pages compared."""
    pages = layout(20)
    before = Path(shutil.move(build_pdf(pages), tmp_path / "before.pdf"))
    shown = layout_appearance(
        AppearanceDescription("Åsa", "Ordförande", datetime(2026, 1, 2, tzinfo=UTC)), width=PLACE_WIDTH
    )
    after = build_pdf(pages, {pages.pages[1].widgets[0].field: shown})
    assert differing_pages(before, before) == ()
    assert differing_pages(before, after) == (1,)
    assert differing_pages(before, after, pages=[0]) == ()


def test_a_page_that_only_one_file_has_differs(tmp_path: Path):
    """Missing and differently sized pages are different, whichever file lacks them."""
    one = blank(tmp_path / "one.pdf", (100, 100))
    two = blank(tmp_path / "two.pdf", (100, 100), (50, 50))
    assert differing_pages(two, one) == (1,)
    assert differing_pages(one, two) == ()
    assert differing_pages(one, two, pages=[0, 1, -1]) == (-1, 1)
    assert differing_pages(one, blank(tmp_path / "b.pdf", (100, 101))) == (0,)


def test_a_large_page_is_drawn_in_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build_pdf: BuildPdf):
    """Bands change memory, not the picture; a page beyond the limit is an error."""
    file = build_pdf(layout())
    whole = page_image(file)
    monkeypatch.setattr(render, "BAND_PIXELS", 596 * 100)
    assert page_image(file) == whole
    monkeypatch.setattr(render, "MAX_PIXELS", 10_000)
    with pytest.raises(UnreadableDocumentError, match="too large"):
        differing_pages(file, file)


def test_counts(build_pdf: BuildPdf):
    """Pages, signature fields, no contents yet, and one end of file."""
    file = build_pdf(layout(20))
    seen = inspect(file)
    assert (seen.pages, seen.signature_fields, seen.signatures) == (2, 20, ())
    assert seen.revision_ends == (file.stat().st_size,)


def test_signatures_with_contents_are_counted(shared: Path):
    """A signed file and an unsigned field in it are told apart."""
    seen = inspect(shared / "corpora" / "signed" / "pyhanko-sig-with-ski-sid.pdf")
    assert [item.sub_filter for item in seen.signatures] == ["adbe.pkcs7.detached"]
    assert seen.signatures[0].byte_range[0] == 0


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7\n", b"hello", b"%PDF-1.4\ntrailer<</Root 1 0 R>>", bytes(range(256)) * 40]
)
def test_what_is_no_pdf_is_unreadable(tmp_path: Path, data: bytes):
    """Rubbish, emptiness and stumps end in one family of errors."""
    file = tmp_path / "x.pdf"
    file.write_bytes(data)
    for ask in (inspect, page_image, lambda path: differing_pages(path, path)):
        with pytest.raises(DocumentError):
            ask(file)
    with pytest.raises(UnreadableDocumentError):
        inspect(tmp_path / "missing.pdf")
    with pytest.raises(UnreadableDocumentError):
        inspect(tmp_path)


def test_an_encrypted_file_says_so(tmp_path: Path):
    """A file that needs a password is told apart from a broken one."""
    file = tmp_path / "locked.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(file, encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(EncryptedDocumentError):
        inspect(file)


def test_pages_and_sizes_that_are_not_there(build_pdf: BuildPdf):
    """An image of no page, or at no resolution, is an error of ours."""
    file = build_pdf(layout())
    for index, dpi in ((1, 72), (-1, 72), (0, 0), (0, 10_000)):
        with pytest.raises(UnreadableDocumentError):
            page_image(file, index, dpi=dpi)


def test_time_is_limited(build_pdf: BuildPdf):
    """No time left is an error, not a hang."""
    file = build_pdf(layout())
    with pytest.raises(UnreadableDocumentError) as caught:
        differing_pages(file, file, max_seconds=-1)
    assert caught.value.code == "document.render_timeout"


def test_threads_wait_for_each_other(build_pdf: BuildPdf):
    """Eight threads draw the same file and see the same page."""
    file = build_pdf(layout())
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: page_image(file), range(16)))) == 1


def test_strange_files_never_escape(shared: Path):
    """Published forgeries are read or refused, and nothing else."""
    for file in sorted((shared / "corpora" / "attacks").glob("**/*.pdf"))[:40]:
        try:
            inspect(file)
            differing_pages(file, file, pages=[0])
        except DocumentError:
            continue


@pytest.mark.judge
@pytest.mark.parametrize(
    ("part", "level", "tagged"), [(1, "A", True), (1, "B", False), (2, "A", True), (2, "U", False), (3, "A", True)]
)
def test_the_page_is_pdf_a(shared: Path, build_pdf: BuildPdf, part: int, level: str, tagged: bool):  # noqa: FBT001
    """VeraPDF accepts pages, placeholders and appearances in every part, tagged and not."""
    judge = shared / "judges" / "run"
    if not judge.exists() or shutil.which("java") is None:
        pytest.skip("veraPDF is not at hand")
    pages = layout(20, tagged=tagged)
    shown = layout_appearance(
        replace(AppearanceDescription("Åsa 李", "Ordförande", datetime(2026, 1, 2, tzinfo=UTC)), test=True),
        width=PLACE_WIDTH,
    )
    file = build_pdf(pages, {"s0": shown}, part=part, level=level)
    answer = subprocess.run([str(judge), "pdfa", str(file)], capture_output=True, text=True, check=True, timeout=300)
    assert '"accepted":true' in answer.stdout, answer.stdout


def test_text_can_be_copied(build_pdf: BuildPdf):
    """Poppler reads å, ä and ö back from pages and appearances."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler is not at hand")
    pages = layout()
    shown = layout_appearance(
        AppearanceDescription("Åsa Öhman", "Ordförande", datetime(2026, 1, 2, tzinfo=UTC)), width=PLACE_WIDTH
    )
    file = build_pdf(pages, {"s0": shown})
    text = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True).stdout
    for fragment in ("Björkviks kommun", "Protokoll om åäö", "Åsa Öhman", "Inte undertecknat"):
        assert fragment in text
