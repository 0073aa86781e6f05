"""The signature page as data: places, words, tags, and what holds it together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signkit.pages.appearance import layout_appearance, layout_placeholder
from signkit.pages.colour import colour_profiles
from signkit.pages.data import (
    AppearanceDescription,
    FontSubset,
    Mark,
    SignaturePageDescription,
    SignaturePages,
    SignaturePlace,
    Tag,
)
from signkit.pages.signature_page import MAX_PLACES, PLACE_WIDTH, layout_signature_page
from signkit.texts import Language

DESCRIPTION = SignaturePageDescription(
    organisation="Björkviks kommun",
    title="Protokoll 2026-11-17",
    document_name="protokoll.pdf",
    page_count=4,
    size_bytes=1_182_440,
    digest="sha256:" + "0123456789abcdef" * 4,
    envelope="01JDFQ8Z4W9V7M2K6T3YB5XNRC",
    places=(SignaturePlace("signkit-00000000-s1", "Ordförande"),),
    kind="Protokoll",
    meta=(("Diarienummer", "GN 2026/118"),),
    outcome=("Alla ska underteckna.", "Senast 2026-12-01."),
)
SIGNED = AppearanceDescription(
    name="Åsa Lindqvist",
    role="Ordförande",
    signed_at=datetime(2026, 11, 24, 23, 5, 59, tzinfo=UTC),
    provider="BankID, tillitsnivå 3",
    envelope="01JDFQ8Z4W9V7M2K6T3YB5XNRC",
)


def places(count: int, **changes: Any) -> tuple[SignaturePlace, ...]:
    return tuple(
        replace(SignaturePlace(f"signkit-00000000-s{number}", f"Roll {number}"), **changes)
        for number in range(1, count + 1)
    )


def words(content: bytes, fonts: tuple[FontSubset, ...]) -> list[str]:
    """Read the lines of a content stream back through the fonts' encodings."""
    names = {font.key: {cid: char for char, cid in font.encoding.items()} for font in fonts}
    lines = []
    for key, digits in re.findall(rb"/(F\d) [\d.]+ Tf [-\d. ]+ Td\n<([0-9A-F]*)>", content):
        glyphs = [int(digits[start : start + 4], 16) for start in range(0, len(digits), 4)]
        lines.append("".join(names[key.decode()][glyph] for glyph in glyphs))
    return lines


def printed(layout: SignaturePages) -> str:
    return "\n".join(line for page in layout.pages for line in words(page.content, layout.fonts))


def walk(tag: Tag) -> Iterator[Tag]:
    yield tag
    for kid in tag.kids:
        if isinstance(kid, Tag):
            yield from walk(kid)


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (2, 1), (5, 1), (20, 2), (60, 5), (MAX_PLACES, 37)])
def test_every_place_has_its_widget_inside_the_page(count: int, pages: int):
    """One to five hundred places: each field once, in order, all boxes of one size, none over another or outside."""
    layout = layout_signature_page(replace(DESCRIPTION, places=places(count)))
    assert len(layout.pages) == pages
    widgets = [widget for page in layout.pages for widget in page.widgets]
    assert [widget.field for widget in widgets] == [place.field for place in places(count)]
    for page in layout.pages:
        for index, widget in enumerate(page.widgets):
            left, bottom, right, top = widget.rect
            assert 60 < left < right < page.width - 60
            assert 60 < bottom < top < page.height - 60
            assert right - left == pytest.approx(layout.placeholder.width, abs=0.002)
            assert top - bottom == pytest.approx(layout.placeholder.height, abs=0.002)
            for other in page.widgets[index + 1 :]:
                apart = (
                    other.rect[0] >= right or other.rect[2] <= left or other.rect[1] >= top or other.rect[3] <= bottom
                )
                assert apart


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "sv",
            [
                "Underskriftssida",
                "4 sidor, 1 182 440 byte",
                "signkit verify",
                "bara dekoration",
                "Underskriftssida 1 (1)",
            ],
        ),
        (
            "en",
            [
                "Signature page",
                "4 pages, 1,182,440 bytes",
                "signkit verify",
                "only decoration",
                "Signature page 1 of 1",
            ],
        ),
        (
            "da",
            [
                "Underskriftsside",
                "4 sider, 1.182.440 byte",
                "signkit verify",
                "kun dekoration",
                "Underskriftsside 1 af 1",
            ],
        ),
    ],
)
def test_the_page_says_what_it_is_in_the_language_asked(language: Language, expected: list[str]):
    """Purpose, extent, proof and page number come in Swedish, English or Danish; the facts come as given."""
    text = printed(layout_signature_page(replace(DESCRIPTION, language=language)))
    for fragment in [*expected, "Björkviks kommun", "Protokoll 2026-11-17", "GN 2026/118", "Alla ska underteckna."]:
        assert fragment in text
    assert "01234567 89abcdef 01234567 89abcdef\n01234567 89abcdef 01234567 89abcdef" in text
    assert DESCRIPTION.envelope in text


def test_steps_are_printed_only_where_there_are_several():
    """Order shows as steps from one, whatever numbers it was given in."""
    same = layout_signature_page(replace(DESCRIPTION, places=places(2, order=7)))
    assert "Steg" not in printed(same)
    first, second = places(2)
    mixed = layout_signature_page(replace(DESCRIPTION, places=(replace(first, order=20), replace(second, order=10))))
    assert re.findall("Steg . av 2", printed(mixed)) == ["Steg 2 av 2", "Steg 1 av 2"]


def test_a_test_environment_is_named_on_every_page():
    """The banner and the mark say TEST on each page and in each appearance, and nowhere in production."""
    layout = layout_signature_page(replace(DESCRIPTION, test=True, places=places(20)))
    assert all("TEST" in words(page.content, layout.fonts) for page in layout.pages)
    assert "TEST" not in printed(layout_signature_page(DESCRIPTION))
    shown = layout_appearance(replace(SIGNED, test=True), width=PLACE_WIDTH)
    assert "TEST" in words(shown.content, shown.fonts)


def test_tags_and_marked_content_agree():
    """Every MCID is named exactly once by the tag tree, and every place has a Form with its description."""
    layout = layout_signature_page(replace(DESCRIPTION, places=places(20)))
    assert layout.tag is not None
    tags = list(walk(layout.tag))
    marks = [kid for tag in tags for kid in tag.kids if isinstance(kid, Mark)]
    wanted = [Mark(index, mcid) for index, page in enumerate(layout.pages) for mcid in range(page.mark_count)]
    assert sorted(marks, key=lambda mark: (mark.page, mark.mcid)) == wanted
    forms = [tag for tag in tags if tag.role == "Form"]
    assert [tag.field for tag in forms] == [place.field for place in places(20)]
    assert all(tag.print_field is not None and tag.print_field.role == "tv" for tag in forms)
    assert (layout.tag.role, layout.tag.lang) == ("Sect", "sv")
    for page in layout.pages:
        assert page.content.count(b" BDC") + page.content.count(b" BMC") == page.content.count(b"EMC")
        assert page.content.count(b"/MCID") == page.mark_count


@pytest.mark.parametrize(("title_tag", "roles"), [("H1", {"H1", "H2"}), ("H", {"H"}), ("P", set())])
def test_headings_follow_the_documents_own_tree(title_tag: Literal["H1", "H", "P"], roles: set[str]):
    """Headings are H1 and H2, one H, or plain paragraphs, as the document needs."""
    layout = layout_signature_page(DESCRIPTION, title_tag=title_tag)
    assert layout.tag is not None
    assert {tag.role for tag in walk(layout.tag)} == {"Sect", "P", "Form"} | roles


def test_without_a_structure_tree_content_carries_its_language():
    """Untagged pages have no MCID and no tags, but marked content with /Lang."""
    layout = layout_signature_page(replace(DESCRIPTION, language="da"), tagged=False)
    assert layout.tag is None
    assert layout.pages[0].mark_count == 0
    assert b"/MCID" not in layout.pages[0].content
    assert b"/Span <</Lang (da)>> BDC" in layout.pages[0].content


def test_colours_never_depend_on_a_device():
    """Only ICCBased spaces are set, and one is set before anything is painted (ISO 19005-2, 6.2.4.3)."""
    layout = layout_signature_page(replace(DESCRIPTION, test=True, places=places(20)))
    shown = layout_appearance(replace(SIGNED, test=True), width=PLACE_WIDTH)
    for content in [*(page.content for page in layout.pages), layout.placeholder.content, shown.content]:
        assert not re.search(rb"(?:^|\s)(?:g|G|rg|RG|k|K)(?:\s|$)", content)
        assert set(re.findall(rb"/(\w+) (?:cs|CS)\b", content)) <= {b"CsG", b"CsC"}
    assert {name: (item.components, item.data[8:12]) for name, item in colour_profiles().items()} == {
        "CsG": (1, b"\x02\x10\0\0"),
        "CsC": (3, b"\x02\x10\0\0"),
    }


def test_the_same_description_gives_the_same_bytes():
    """Nothing random, nothing of the clock."""
    assert layout_signature_page(DESCRIPTION) == layout_signature_page(replace(DESCRIPTION))
    assert layout_appearance(SIGNED, width=PLACE_WIDTH) == layout_appearance(replace(SIGNED), width=PLACE_WIDTH)


def test_a_place_that_nobody_signed_says_so():
    """The placeholder has the appearance's size and fonts, and its words stay true for ever."""
    empty = layout_placeholder(width=PLACE_WIDTH, language="en")
    shown = layout_appearance(SIGNED, width=PLACE_WIDTH)
    assert words(empty.content, empty.fonts) == ["Not signed"]
    assert (empty.width, empty.height) == (shown.width, shown.height)
    assert [font.key for font in empty.fonts] == [font.key for font in shown.fonts] == ["F1", "F2"]


def test_a_signed_place_shows_who_what_when_and_how():
    """Name, role, time in UTC to the minute, eID, and the beginning of the envelope id."""
    shown = layout_appearance(SIGNED, width=PLACE_WIDTH)
    assert words(shown.content, shown.fonts) == [
        "Åsa Lindqvist",
        "Ordförande",
        "Undertecknat 2026-11-24 23:05 UTC",
        "BankID, tillitsnivå 3",
        "Ärende 01JDFQ8Z4W9V",
    ]
    assert shown.replaced == ()


def test_long_words_are_cut_inside_their_room():
    """Whatever the length of name, role, title and label, no line is wider than its room, and cuts show."""
    shown = layout_appearance(replace(SIGNED, name="Å" * 300, role="R " * 300, provider="x" * 999), width=PLACE_WIDTH)
    lines = words(shown.content, shown.fonts)
    assert [line.endswith("…") for line in lines] == [False, True, True, False, True, False]
    assert all(len(line) < 90 for line in lines)
    layout = layout_signature_page(
        replace(
            DESCRIPTION, title="T" * 2000, organisation="O" * 900, places=places(3, role="L " * 400, label="m" * 500)
        )
    )
    assert layout.replaced == ()
    assert max(map(len, printed(layout).splitlines())) < 120


@pytest.mark.parametrize(
    "name",
    ["Anna-Lena Öberg Cederschiöld", "Christina Maria Margareta von Wachenfeldt-Lagercrantz af Trolle den yngre"],
)
def test_a_persons_name_is_never_cut_while_there_is_room(name: str):
    """A long name goes on in a second line, in full, and everything else is still there inside the place."""
    shown = layout_appearance(replace(SIGNED, name=name, test=True), width=PLACE_WIDTH)
    lines = words(shown.content, shown.fonts)
    assert "".join(lines).replace(" ", "").startswith(name.replace(" ", ""))
    assert "Ordförande" in lines
    assert "Ärende 01JDFQ8Z4W9V" in lines


def test_whom_a_delegate_stands_for_is_told_in_full():
    """A role with paragraphs and the name of the person it was handed over by goes on in a second line."""
    role = "justerare, §§ 1–4, 7, för Anna-Lena Öberg Cederschiöld enligt fullmakt"
    shown = layout_appearance(replace(SIGNED, role=role), width=PLACE_WIDTH)
    assert role in " ".join(words(shown.content, shown.fonts))


@pytest.mark.parametrize("role", ["Ordförande", "ersättare för ordföranden i kommunstyrelsens arbetsutskott 2"])
def test_a_signed_place_leaves_air_at_its_borders(role: str):
    """However many lines there are, the first one's letters and the last one's tails stand free of the frame."""
    shown = layout_appearance(replace(SIGNED, name="Bo Ek", role=role), width=PLACE_WIDTH)
    drawn = re.findall(rb"/F\d ([\d.]+) Tf [\d.]+ ([-\d.]+) Td", shown.content)
    sizes = [(float(size), float(y)) for size, y in drawn]
    assert len(sizes) == (5 if len(role) < 20 else 6)
    (first, top), (last, bottom) = sizes[0], sizes[-1]
    assert top + first * 0.76 <= shown.height - 5  # as high as Å and h
    assert bottom - last * 0.24 >= 5


def test_a_section_sign_stays_with_its_number():
    """A title that breaks does not leave §§ at the end of a line."""
    title = "Kommunstyrelsens protokoll 2026-11-24, §§ 1–12"
    lines = printed(layout_signature_page(replace(DESCRIPTION, title=title))).splitlines()
    assert not any(line.rstrip().endswith("§") for line in lines)
    assert any(line.startswith("§§ 1–12") for line in lines)


def test_many_facts_run_over_the_page_and_the_proof_stays_once():
    """Forty-eight long lines of facts need pages of their own; the proof is printed once, on the first."""
    layout = layout_signature_page(
        replace(DESCRIPTION, meta=(("Nyckel", "värde " * 60),) * 24, outcome=("Villkor. " * 40,) * 24, places=places(3))
    )
    found = ["Så kontrollerar du handlingen" in words(page.content, layout.fonts) for page in layout.pages]
    assert found == [True] + [False] * (len(layout.pages) - 1)
    assert sum(len(page.widgets) for page in layout.pages) == 3


def test_no_place_too_many_or_twins_are_refused():
    """A page needs places, not too many, each with its own field; a digest must be one."""
    for wrong in ((), places(MAX_PLACES + 1), places(1) * 2):
        with pytest.raises(ValueError, match="places"):
            layout_signature_page(replace(DESCRIPTION, places=wrong))
    with pytest.raises(ValueError, match="digest"):
        replace(DESCRIPTION, digest="md5:00")


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80), st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_any_words_make_a_page(title: str, organisation: str, roles: list[str]):
    """Hostile words never stop a layout, and never end the content stream early."""
    asked = tuple(SignaturePlace(f"s{index}", role, label=title) for index, role in enumerate(roles))
    layout = layout_signature_page(replace(DESCRIPTION, title=title, organisation=organisation, places=asked))
    shown = layout_appearance(replace(SIGNED, name=title, role=organisation), width=PLACE_WIDTH)
    for content in [*(page.content for page in layout.pages), shown.content]:
        assert content.isascii()
        assert content.count(b"BT ") == content.count(b"Tj ET")
    assert sum(len(page.widgets) for page in layout.pages) == len(roles)
