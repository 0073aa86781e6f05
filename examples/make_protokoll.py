"""Make the example documents beside this file from ``sources/`` with typst (``pip install typst``, Apache-2.0).

Run it as ``python examples/make_protokoll.py [NAME…]``; it needs Debian's fonts-noto-core. Same typst, same bytes.
Typst is a tool for this script only; signkit never imports it. Every person, municipality and case is invented.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import typst

HERE = Path(__file__).resolve().parent
FONTS = "/usr/share/fonts/truetype/noto"
MADE_AT = int(datetime(2026, 11, 19, 8, 0, tzinfo=UTC).timestamp())

STANDARDS = {
    "protokoll": ["a-2a"],
    "reglemente": ["a-3b"],
    "delegationsordning": ["a-1b"],
    "informationssakerhetspolicy": ["a-2u"],
    "anstallningsavtal": ["a-3a", "ua-1"],
    "resepolicy": ["a-2b"],
    "arbetsordning": ["a-3u"],
}
"""Example → the parts of ISO 19005 and ISO 14289 that it keeps; different ones on purpose."""


def main() -> None:
    """Write the examples named as arguments, or all of them."""
    for name in sys.argv[1:] or STANDARDS:
        target = HERE / f"{name}.pdf"
        typst.compile(
            str(HERE / "sources" / f"{name}.typ"),
            output=str(target),
            root=str(HERE / "sources"),
            font_paths=[FONTS],
            ignore_system_fonts=True,
            pdf_standards=STANDARDS[name],
            timestamp=MADE_AT,
        )
        print(f"{target.name}: {target.stat().st_size} bytes, PDF/{' and PDF/'.join(STANDARDS[name]).upper()}")


if __name__ == "__main__":
    main()
