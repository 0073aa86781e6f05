"""The command line, run as if so many seconds had gone: ``python later.py SECONDS signkit-words …``.

Nothing in signkit listens to it: a home's clock is replaced in this process, as tests do in theirs.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from signkit_cli.app import run
from signkit_cli.composition import SystemClock


def main(seconds: str, *words: str) -> int:
    """Run a command line; return its exit code."""
    shift = timedelta(seconds=float(seconds))

    def now(self: SystemClock) -> datetime:
        return datetime.now(UTC) + shift

    SystemClock.now = now  # type: ignore[method-assign]
    return int(run(list(words)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
