"""Kill a command with SIGKILL at a chosen instant, to see whether what it leaves behind is a true story.

``python -m signkit.testing.crash N [--count FILE] -- signkit sign …`` runs a console script in this process and kills
it at the N-th point. Each durable event has two points, just before and just after it: a rename, a link, a new folder,
a deletion, an fsync, and a database commit. With N = 0 nothing is killed; ``--count`` then tells how many points there
were. The number may differ by a few from run to run: a new document lies in the folder of the first two digits of its
digest, which by chance is there already.

From a test::

    total = crash.points(["signkit", "--home", home, "send", envelope])      # on a copy of the home
    for point in range(1, total + 1):
        crash.run([...], point=point)                                        # on a fresh copy each
"""

from __future__ import annotations

import argparse
import functools
import importlib.metadata
import os
import runpy
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine.default import DefaultDialect

__all__ = ["KILLED", "fork", "main", "points", "run"]

KILLED: Final = -signal.SIGKILL
"""Return code of a process that was killed."""

_EVENTS: Final = ("replace", "rename", "link", "mkdir", "fsync", "unlink", "rmdir")


def run(
    command: Sequence[str | os.PathLike[str]],
    *,
    point: int,
    count_file: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_seconds: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a console script (or a ``.py`` file) in a child and kill it at ``point``; ``returncode`` is ``KILLED`` then.

    A ``point`` beyond the last lets the command finish.
    """
    counting = [] if count_file is None else ["--count", str(count_file)]
    words = [
        sys.executable,
        "-m",
        "signkit.testing.crash",
        str(point),
        *counting,
        "--",
        *[os.fspath(word) for word in command],
    ]
    return subprocess.run(  # noqa: S603 - the caller's own command
        words, env=env, timeout=timeout_seconds, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def points(command: Sequence[str | os.PathLike[str]], *, env: Mapping[str, str] | None = None) -> int:
    """Run the command to its end and return how many points it passed.

    Raises:
        RuntimeError: it did not end well.
    """
    with tempfile.TemporaryDirectory() as folder:
        counted = Path(folder) / "count"
        result = run(command, point=0, count_file=counted, env=env)
        if result.returncode:
            raise RuntimeError(f"the command ended with {result.returncode}: {result.stderr[-2000:]}")
        return int(counted.read_text())


def fork(call: Callable[[], object], *, point: int) -> int:
    """Call ``call`` in a forked child that is killed at ``point``; return the child's return code as ``run`` does.

    For sweeps over many points: what is imported is imported once. The caller must have no threads.
    """
    child = os.fork()
    if child == 0:
        try:
            _install(_Counter(point))
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            call()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class _Counter:
    """Counts points; kills at one of them."""

    def __init__(self, fatal: int) -> None:
        self.passed = 0
        self._fatal = fatal

    def point(self) -> None:
        """Pass a point, or die at it."""
        self.passed += 1
        if self.passed == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``function`` with a point before and one after it."""

        @functools.wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.point()
            result = function(*args, **kwargs)
            self.point()
            return result

        return counted


def main(argv: Sequence[str]) -> None:
    """Run the command line described above."""
    parser = argparse.ArgumentParser(prog="signkit.testing.crash")
    parser.add_argument("point", type=int)
    parser.add_argument("--count", type=Path)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args(list(argv))
    counter = _Counter(arguments.point)
    _install(counter)
    try:
        _call(arguments.command)
    finally:
        if arguments.count is not None:
            arguments.count.write_text(str(counter.passed))


def _install(counter: _Counter) -> None:
    for name in _EVENTS:
        setattr(os, name, counter.around(getattr(os, name)))
    # SQLite is committed on the driver's own connection, with SQLAlchemy or without it: counted there, and once.
    sqlite3.connect = functools.partial(sqlite3.connect, factory=_counting(counter))  # type: ignore[assignment]
    SQLiteDialect.do_commit = DefaultDialect.do_commit  # type: ignore[method-assign]
    DefaultDialect.do_commit = counter.around(DefaultDialect.do_commit)  # type: ignore[method-assign]


def _counting(counter: _Counter) -> type[sqlite3.Connection]:
    """Return connections whose commits are points where they change something."""
    counted = counter.around(sqlite3.Connection.commit)

    class Connection(sqlite3.Connection):
        durable = 0

        def commit(self) -> None:
            changed, self.durable = self.total_changes != self.durable, self.total_changes
            counted(self) if changed else super().commit()

    return Connection


def _call(command: list[str]) -> None:
    sys.argv = command
    if command[0].endswith(".py"):
        runpy.run_path(command[0], run_name="__main__")
        return
    (script,) = importlib.metadata.entry_points(group="console_scripts", name=command[0])
    script.load()()


if __name__ == "__main__":
    main(sys.argv[1:])
