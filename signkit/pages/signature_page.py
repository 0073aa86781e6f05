"""The signature page: what the document is, the places to sign, and how the file is proved.

The first page says what and how, with the proof at its foot; places fill the rest in two columns and go on as long as
there are people. Nothing here is a person's name (proof.md section 2). What is not here: objects, numbers, files.
"""

from __future__ import annotations

from typing import Final

from signkit.pages.appearance import APPEARANCE_HEIGHT, draw_placeholder, subsets
from signkit.pages.data import (
    A4,
    Appearance,
    PageLayout,
    SignaturePageDescription,
    SignaturePages,
    Tag,
    TitleTag,
)
from signkit.pages.facts import draw_facts, draw_opening
from signkit.pages.places import PLACE_WIDTH, draw_places
from signkit.pages.proof import draw_proof, proof_height
from signkit.pages.sheet import BOTTOM, Sheet

__all__ = ["MAX_PLACES", "PLACE_WIDTH", "layout_signature_page"]

MAX_PLACES: Final = 500
"""Most places on one document. Ours: a council has 101 members, and DSS gives up long before (layout.md section 1)."""

_ABOVE_PROOF: Final = 8.0


def layout_signature_page(
    description: SignaturePageDescription, *, tagged: bool = True, title_tag: TitleTag = "H1"
) -> SignaturePages:
    """Return the signature page or pages for ``description``: A4, as many as its places need.

    Args:
        description: what to print; characters that cannot be shown come back in ``replaced``.
        tagged: True where the document has a structure tree: numbered marked content and a tag tree.
            False: marked content carries its language, and there are no tags.
        title_tag: how headings are named in that tree.

    Raises:
        ValueError: no place, more than ``MAX_PLACES``, or two places with one field.
    """
    fields = {place.field for place in description.places}
    if not 0 < len(description.places) <= MAX_PLACES or len(fields) != len(description.places):
        raise ValueError(f"a signature page has 1 to {MAX_PLACES} places, each with its own field")
    sheet = Sheet(description, tagged=tagged, title_tag=title_tag)
    proof_top = BOTTOM - proof_height(sheet)
    draw_opening(sheet, sheet.title)
    draw_facts(sheet, description, limit=proof_top - _ABOVE_PROOF, leave=lambda: draw_proof(sheet))
    draw_places(sheet, description.places, limit=proof_top - _ABOVE_PROOF if len(sheet.canvases) == 1 else BOTTOM)
    sheet.finish()
    return _result(sheet, tagged=tagged)


def _result(sheet: Sheet, *, tagged: bool) -> SignaturePages:
    empty = draw_placeholder(height=APPEARANCE_HEIGHT, language=sheet.language)
    fonts = subsets(*sheet.canvases, empty)
    every = tuple(fonts.values())
    pages = tuple(
        PageLayout(*A4, canvas.content(fonts), canvas.mark_count, tuple(widgets))
        for canvas, widgets in zip(sheet.canvases, sheet.widgets, strict=True)
    )
    tag = Tag("Sect", tuple(sheet.tags), title=sheet.words("page.kind"), lang=sheet.language) if tagged else None
    placeholder = Appearance(PLACE_WIDTH, APPEARANCE_HEIGHT, empty.content(fonts), every)
    return SignaturePages(pages, every, placeholder, tag, sheet.language, tuple(sheet.replaced))
