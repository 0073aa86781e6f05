"""Faces and subsets: what is shown, what is replaced, and what PDF/A asks of an embedded font."""

from __future__ import annotations

import io
import re
import unicodedata

from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from signkit.pages.face import REPLACEMENT, clean, face, unshowable
from signkit.pages.subset import make_subset
from signkit.texts import LANGUAGES, codes


def test_nordic_sami_and_european_letters_are_there():
    """Nordic, Sámi, Baltic, Polish, Romanian, Turkish, Greek and Cyrillic letters are shown as they are."""
    names = "åäöéøæ áčđŋšŧž łßñþőűğışțŵœǎ ąęėįųūģķļņ ΑΒΓΔέήίόύώ Жщъыэюя Ђћ Ӑӗ ‘’“”–—…·•"
    assert clean(names) == (names, ())


def test_decomposed_letters_are_composed():
    """A name typed as letter and mark is shown with the composed letter."""
    assert clean("A\u030asa O\u0308hman") == ("Åsa Öhman", ())


def test_blanks_controls_and_direction_marks():
    """Line ends become blanks; controls, zero-width and direction marks go without a trace."""
    assert clean(" Åsa\r\n\tLind\u00a0\u2003qvist\u200b\u202e\u0000\u00ad\ufeff ") == ("Åsa Lind qvist", ())


def test_what_the_face_lacks_is_replaced_and_told():
    """Scripts that the face lacks come out as U+FFFD, one each, and are reported once each."""
    shown, lost = clean("Li 李 李 שלום \ud800")
    assert shown == f"Li {REPLACEMENT} {REPLACEMENT} {REPLACEMENT * 4} {REPLACEMENT}"
    assert lost == ("李", "ש", "ל", "ו", "ם", "\ud800")
    assert unshowable("Åsa", "李", "a李") == ("李",)


@given(st.text(max_size=60))
def test_any_text_can_be_drawn(text: str):
    """Whatever comes in, every character that comes out is in both faces, composed or not, and nothing raises."""
    shown, lost = clean(text)
    for weight in ("regular", "bold"):
        assert set(shown) <= face(weight).advances.keys()
    assert set(lost).isdisjoint(face("regular").advances)
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in shown)


def test_very_long_text_is_cut():
    """A text of a megabyte is cut before it is looked at."""
    assert len(clean("å" * 1_000_000)[0]) < 3000


def test_every_sentence_of_the_catalogue_can_be_drawn():
    """No sentence that a page prints has a character that the faces lack."""
    for code, forms in codes().items():
        if code.startswith(("page.", "appearance.")):
            assert set(forms) == set(LANGUAGES), code
            assert unshowable(*forms.values()) == (), code


def test_a_subset_is_complete_and_says_so():
    """Widths, /CIDSet and encoding agree with the embedded file (ISO 19005-2, 6.2.11.4.2 and 6.2.11.5)."""
    subset = make_subset(face("regular"), "Åsa Öhman …")
    with TTFont(io.BytesIO(subset.file)) as font:
        order = font.getGlyphOrder()
        assert [font["hmtx"].metrics[name][0] for name in order] == list(subset.widths)
        assert font["head"].unitsPerEm == 1000
        assert not {"cmap", "name", "post", "OS/2", "GPOS"} & set(font.keys())
    bits = "".join(f"{byte:08b}" for byte in subset.cid_set)
    assert bits.count("1") == len(order)
    assert bits.startswith("1" * len(order))
    assert set(subset.encoding) == set("Åsa Öhman …")
    assert 0 not in subset.encoding.values()
    assert subset.to_unicode.count(b"> <") == len(set(subset.encoding)) + 1


def test_a_subset_has_the_same_bytes_for_the_same_characters():
    """Order and repetition do not matter, and the prefix names the subset."""
    first, second = make_subset(face("bold"), "abcåäö"), make_subset(face("bold"), "öäåccba ")
    assert (first.file, first.base_font) == (second.file, second.base_font)
    other = make_subset(face("bold"), "abcåä")
    assert other.base_font != first.base_font
    prefix, _, name = first.base_font.partition("+")
    assert re.fullmatch("[A-Z]{6}", prefix)
    assert name == "NotoSans-Bold"
