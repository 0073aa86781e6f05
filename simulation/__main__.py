"""``python -m simulation``: live through the week and tell what came of it, as one JSON document."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from simulation.accounts import close_the_books, figures, judge_files, judge_home, judge_letters
from simulation.clerks import import_everything
from simulation.town import Town
from simulation.week import Week


def main() -> None:
    """Run the simulation; whatever is not as it must be ends it with a traceback, and the folder is kept."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--envelopes", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="URL of an empty PostgreSQL database")
    parser.add_argument("--folder", type=Path, help="new folder to live in, which is kept")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="signkit-week-")) / "town"
    import_everything()
    begun = time.monotonic()
    sys.stderr.write(f"in {folder}\n")
    town = Town(folder, given.database)
    try:
        week = Week(town, given.envelopes, Random(given.seed))  # noqa: S311 - not cryptographic
        week.run()
        close_the_books(week)
        judge_home(week)
        letters = judge_letters(week)
        verdicts = judge_files(week)
        told = {"seed": given.seed, **figures(week), "verdicts": verdicts, "letters": letters}
        told["minutes"] = round((time.monotonic() - begun) / 60, 1)
        sys.stdout.write(json.dumps(told) + "\n")
    finally:
        town.close()
    if given.folder is None:
        shutil.rmtree(folder.parent)


if __name__ == "__main__":
    main()
