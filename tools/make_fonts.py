"""Make the subsets of Noto Sans in signkit/pages/fonts from the files of Debian's fonts-noto-core.

Run it as ``python tools/make_fonts.py [FOLDER]``; the same input and fontTools give the same bytes.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

SOURCE = Path("/usr/share/fonts/truetype/noto")
TARGET = Path(__file__).resolve().parent.parent / "signkit" / "pages" / "fonts"
NAMES = ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf")
RANGES = (
    (0x0020, 0x007E),  # Basic Latin
    (0x00A0, 0x024F),  # Latin-1 Supplement, Latin Extended-A and -B
    (0x0250, 0x02FF),  # IPA extensions and modifier letters, for names in the Sámi and African languages
    (0x0300, 0x036F),  # combining marks, for letters without a composed form
    (0x0370, 0x03FF),  # Greek
    (0x0400, 0x052F),  # Cyrillic and its supplement
    (0x1E00, 0x1EFF),  # Latin Extended Additional
    (0x2010, 0x2027),  # dashes, quotes, bullets, ellipsis
    (0x2030, 0x205E),  # per mille, primes, guillemets
    (0x20A0, 0x20BF),  # currency
    (0x2116, 0x2122),  # numero, trade mark
    (0xFFFD, 0xFFFD),  # replacement character
)


def main() -> None:
    """Write both subsets."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    for name in NAMES:
        data = subset(source / name)
        (TARGET / name).write_bytes(data)
        sys.stdout.write(f"{name}: {len(data)} bytes\n")


def subset(path: Path) -> bytes:
    """Return ``path`` with only the characters of RANGES, unhinted and without layout features."""
    options = Options()
    options.hinting = False
    options.layout_features = []
    options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += ["GDEF", "GSUB", "GPOS", "STAT", "DSIG", "gasp"]
    font = TTFont(path, recalcTimestamp=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    subsetter.subset(font)
    buffer = io.BytesIO()
    font.save(buffer, reorderTables=True)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
