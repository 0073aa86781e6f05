"""The frozen data that goes into a layout and comes out of it; nothing here draws, and nothing names a PDF library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from signkit.canonical import parse_digest
from signkit.texts import Language

__all__ = [
    "A4",
    "Appearance",
    "AppearanceDescription",
    "FontSubset",
    "Mark",
    "PageLayout",
    "PrintField",
    "Rect",
    "SignaturePageDescription",
    "SignaturePages",
    "SignaturePlace",
    "Tag",
    "TitleTag",
    "Widget",
]

Rect = tuple[float, float, float, float]
"""Left, bottom, right, top in points, as PDF's /Rect."""

TitleTag = Literal["H1", "H", "P"]
"""How the document's own structure tree names its headings (pdfa.md section 3); P where unsure."""

A4: Final = (595.28, 841.89)
"""Width and height of ISO 216 A4 in points."""


@dataclass(frozen=True, slots=True)
class SignaturePlace:
    """One place to sign: what the page prints about it. A person's name comes with the appearance."""

    field: str
    """Name of the form field, ``signkit-<8 hex>-s1``."""
    role: str
    """The role in words: "Ordförande"."""
    order: int = 1
    """Step in which this place is signed; equal steps run in parallel."""
    label: str = ""
    """A second printed line: "för Björkviks kommun". Left out when empty or equal to the role."""


@dataclass(frozen=True, slots=True)
class SignaturePageDescription:
    """Everything the signature page says, in words ready to print."""

    organisation: str
    title: str
    document_name: str
    page_count: int
    size_bytes: int
    digest: str
    """SHA-256 of the original, ``sha256:<64 hex>``."""
    envelope: str
    """The whole envelope id."""
    places: tuple[SignaturePlace, ...]
    kind: str = ""
    """The kind of document in words: "Protokoll"."""
    meta: tuple[tuple[str, str], ...] = ()
    """Case and decision lines: ("Diarienummer", "GN 2026/118")."""
    outcome: tuple[str, ...] = ()
    """What is asked for an outcome: rules, deadline; one sentence each."""
    language: Language = "sv"
    test: bool = False
    """True prints the banner of a test environment on every page."""

    def __post_init__(self) -> None:
        """Refuse a digest that is none (``CanonicalError``, a ``ValueError``)."""
        parse_digest(self.digest)


@dataclass(frozen=True, slots=True)
class AppearanceDescription:
    """What a signed place shows. Decoration: the verifier never trusts it."""

    name: str
    role: str
    signed_at: datetime
    """Aware; printed in UTC to the minute."""
    provider: str = ""
    """The eID and its level in words: "BankID, tillitsnivå 3"."""
    envelope: str = ""
    """The envelope id; its beginning is printed."""
    language: Language = "sv"
    test: bool = False


@dataclass(frozen=True, slots=True)
class FontSubset:
    """A TrueType subset ready to be a Type0 font over CIDFontType2 with Identity-H (ISO 32000-1, 9.7)."""

    key: str
    """Name in /Resources /Font: F1 regular, F2 bold."""
    base_font: str
    """/BaseFont and /FontName with a prefix from the subset's digest."""
    file: bytes
    """The font file for /FontFile2 (uncompressed; /Length1 is its length)."""
    widths: tuple[int, ...]
    """Advance of CID 0, 1, 2 … in 1/1000: /W is ``[0 [widths…]]``."""
    cid_set: bytes
    """/CIDSet naming every glyph of the file."""
    to_unicode: bytes
    """/ToUnicode CMap."""
    encoding: Mapping[str, int]
    """Character → CID."""
    bbox: tuple[int, int, int, int]
    ascent: int
    descent: int
    cap_height: int
    stem_v: int
    default_width: int = 1000
    """/DW."""
    flags: int = 4
    """/Flags: symbolic, as glyphs are named by CID alone."""
    italic_angle: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked-content sequence: zero-based page of the layout and MCID."""

    page: int
    mcid: int


@dataclass(frozen=True, slots=True)
class PrintField:
    """Attributes of a Form element: ``/A << /O /PrintField /Role /tv /Desc (…) >>`` (ISO 32000-1, table 348)."""

    desc: str
    role: str = "tv"


@dataclass(frozen=True, slots=True)
class Tag:
    """A structure element."""

    role: str
    """/S: Sect, H1, H2, H, P, Form."""
    kids: tuple[Tag | Mark, ...] = ()
    title: str = ""
    """/T, on the Sect."""
    lang: str = ""
    """/Lang, on the Sect."""
    print_field: PrintField | None = None
    field: str = ""
    """On a Form: the field whose widget's /StructParent leads here."""


@dataclass(frozen=True, slots=True)
class Widget:
    """Where one place's widget sits."""

    field: str
    rect: Rect
    tooltip: str
    """/TU."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """A form XObject: /BBox is ``[0 0 width height]``, /Filter FlateDecode always, resources as on the page."""

    width: float
    height: float
    content: bytes
    """Content stream, not compressed; may be empty."""
    fonts: tuple[FontSubset, ...]
    replaced: tuple[str, ...] = ()
    """Characters of the input that could not be shown as they are."""


@dataclass(frozen=True, slots=True)
class PageLayout:
    """One page: everything but its object numbers."""

    width: float
    height: float
    content: bytes
    mark_count: int
    """MCIDs run from 0 to this, exclusive; 0 where the document is not tagged."""
    widgets: tuple[Widget, ...]


@dataclass(frozen=True, slots=True)
class SignaturePages:
    """The signature page or pages of one document."""

    pages: tuple[PageLayout, ...]
    fonts: tuple[FontSubset, ...]
    """Shared by all pages and the placeholder."""
    placeholder: Appearance
    """The empty place; one appearance fits every widget, and its fonts are ``fonts``."""
    tag: Tag | None
    """The Sect to hang into the structure tree; None where the document is not tagged."""
    language: Language
    replaced: tuple[str, ...] = field(default=())
    """Characters of the description that could not be shown as they are."""
