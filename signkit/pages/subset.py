"""Font subsets as data: only the glyphs that a text needs, the same bytes in every run."""

from __future__ import annotations

import functools
import hashlib
import io
import logging
from collections.abc import Iterable, Mapping
from typing import Final

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from signkit.pages.data import FontSubset
from signkit.pages.face import Face

__all__ = ["make_subset"]

_CMAP_BLOCK: Final = 100
"""Most entries of one bfchar block (Adobe Technical Note 5014, 1.4.1)."""

_KEEP: Final = ("head", "hhea", "maxp", "hmtx", "loca", "glyf", "cvt ", "fpgm", "prep")
"""The tables of a TrueType font in a CIDFontType2 (ISO 32000-1, 9.9)."""

logging.getLogger("fontTools.subset").setLevel(logging.WARNING)


def make_subset(face: Face, characters: Iterable[str]) -> FontSubset:
    """Return the subset of ``face`` with ``characters`` (all of them in the face).

    Every glyph of the file is named in /CIDSet, /W and, but for .notdef, /ToUnicode (ISO 19005-2, 6.2.11.4.2).
    """
    return _make(face.key, face.name, face.stem_v, "".join(sorted(set(characters) | {" "})), face.data)


@functools.lru_cache(maxsize=64)
def _make(key: str, name: str, stem_v: int, characters: str, data: bytes) -> FontSubset:
    font, encoding, order = _subset(data, characters)
    scale = 1000 / font["head"].unitsPerEm
    widths = tuple(round(font["hmtx"].metrics[glyph][0] * scale) for glyph in order)
    head, hhea = font["head"], font["hhea"]
    bbox = (round(head.xMin * scale), round(head.yMin * scale), round(head.xMax * scale), round(head.yMax * scale))
    cap_height = round(font["OS/2"].sCapHeight * scale)
    file = _save(font)
    return FontSubset(
        key=key,
        base_font=f"{_prefix(file)}+{name}",
        file=file,
        widths=widths,
        cid_set=_cid_set(len(order)),
        to_unicode=_to_unicode(encoding),
        encoding=encoding,
        bbox=bbox,
        ascent=round(hhea.ascent * scale),
        descent=round(hhea.descent * scale),
        cap_height=cap_height,
        stem_v=stem_v,
    )


def _subset(data: bytes, characters: str) -> tuple[TTFont, dict[str, int], list[str]]:
    options = Options()
    options.hinting = False
    options.layout_features = []
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.glyph_names = False
    font = TTFont(io.BytesIO(data), recalcTimestamp=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[ord(char) for char in characters])
    subsetter.subset(font)
    cmap = font.getBestCmap()
    order = font.getGlyphOrder()
    return font, {char: font.getGlyphID(cmap[ord(char)]) for char in characters}, order


def _save(font: TTFont) -> bytes:
    for table in [tag for tag in font.keys() if tag not in (*_KEEP, "GlyphOrder")]:  # noqa: SIM118 - TTFont is no dict
        del font[table]
    buffer = io.BytesIO()
    font.save(buffer, reorderTables=True)
    return buffer.getvalue()


def _prefix(file: bytes) -> str:
    number = int.from_bytes(hashlib.sha256(file).digest()[:8], "big")
    return "".join(chr(65 + number // 26**place % 26) for place in range(6))


def _cid_set(count: int) -> bytes:
    bits = bytearray((count + 7) // 8)
    for cid in range(count):
        bits[cid // 8] |= 0x80 >> cid % 8
    return bytes(bits)


def _to_unicode(encoding: Mapping[str, int]) -> bytes:
    names: dict[int, str] = {}
    for char, cid in sorted(encoding.items()):
        names.setdefault(cid, char)
    lines = [f"<{cid:04X}> <{char.encode('utf-16-be').hex().upper()}>" for cid, char in sorted(names.items())]
    blocks = [lines[start : start + _CMAP_BLOCK] for start in range(0, len(lines), _CMAP_BLOCK)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")
