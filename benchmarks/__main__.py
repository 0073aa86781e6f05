"""``python -m benchmarks [NAME…]``: measure, print, and rewrite the table in docs/performance.md."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import Final

from benchmarks.harness import ROOT, Row

MODULES: Final = ("startup", "embedding", "memory", "verifying", "journal", "log")
PAGE: Final = ROOT / "docs" / "performance.md"
BEGIN: Final = "<!-- made by: make bench -->"
END: Final = "<!-- end -->"


def main() -> int:
    """Run what was named, all by default; return 3 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of: " + ", ".join(MODULES))
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count (default: 7)")
    options = parser.parse_args()
    if unknown := set(options.names) - set(MODULES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    for name in options.names or MODULES:
        sys.stderr.write(f"{name} …\n")
        rows += import_module(f"benchmarks.{name}").measure(options.rounds)
    table = "\n".join(table_of(rows))
    print(table)
    if not options.names:
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")
    return 0 if all(row.met for row in rows) else 3


def table_of(rows: list[Row]) -> list[str]:
    """Return the table in Markdown."""
    lines = ["| what | against | ratio | goal | |", "| --- | --- | --: | --: | --- |"]
    for row in rows:
        goal = "–" if row.goal is None else f"≤ {row.goal:.3g}"
        note = row.detail if row.met else f"**missed** {row.detail}".strip()
        lines.append(f"| {row.what} | {row.against} | {row.ratio:.2f} | {goal} | {note} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
