"""Processes at work on one home: forked from one that has imported everything, or started anew; some are killed."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import signkit
import signkit_cli
import signkit_providers
from signkit_cli.app import run
from signkit_cli.composition import SystemClock

__all__ = ["LATER", "Act", "Clerks", "import_everything"]

LATER: Final = Path(__file__).resolve().parents[1] / "tests" / "later.py"
_AT_ONCE: Final = 10


def import_everything() -> None:
    """Import what commands import when they need it, so that a fork need not."""
    for package in (signkit, signkit_cli, signkit_providers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".testing" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)


@dataclass
class Act:
    """One command of one process, and what became of it."""

    words: tuple[str, ...]
    case: str = ""
    kill_after: float | None = None
    anew: bool = False
    """Whether it is a process from scratch rather than a fork."""
    code: int | None = None
    """Exit code; negative: killed."""
    out: str = ""
    err: str = ""
    seconds: float = 0

    @property
    def killed(self) -> bool:
        """Tell whether the kill came before the end."""
        return self.code == -signal.SIGKILL

    @property
    def json(self) -> Any:
        """Return the one document on standard output."""
        return json.loads(self.out)


class Clerks:
    """Runs commands, several at once."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self._folder = home, folder
        self.shift = 0.0
        self.acts = self.kills = 0
        folder.mkdir()

    def now(self) -> datetime:
        """Return the present instant of the home."""
        return datetime.now(UTC) + timedelta(seconds=self.shift)

    def one(self, *words: object, code: int | None = 0) -> Act:
        """Run one command to its end."""
        (act,) = self.run([Act(tuple(map(str, words)))])
        if code is not None and act.code != code:
            raise AssertionError(f"{act.words} ended with {act.code}: {act.err}")
        return act

    def run(self, acts: Sequence[Act]) -> Sequence[Act]:
        """Run commands at once, as many as the machine bears; return when all have ended."""
        waiting, running = list(acts), dict[int, tuple[Act, float]]()
        while waiting or running:
            while waiting and len(running) < _AT_ONCE:
                act = waiting.pop(0)
                running[self._start(act)] = (act, time.monotonic())
            for pid, (act, begun) in list(running.items()):
                lasted = time.monotonic() - begun
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    act.code, act.seconds = os.waitstatus_to_exitcode(status), lasted
                    act.out, act.err = self._said(pid, "out"), self._said(pid, "err")
                    self.kills += act.killed
                    del running[pid]
                elif lasted > 300 or (act.kill_after is not None and lasted > act.kill_after):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.003)
        self.acts += len(acts)
        return acts

    def _path(self, pid: int, kind: str) -> Path:
        return self._folder / f"{pid}.{kind}"

    def _said(self, pid: int, kind: str) -> str:
        path = self._path(pid, kind)
        return path.read_text() if path.exists() else ""

    def _start(self, act: Act) -> int:
        words = ["--home", str(self.home), "--lang", "en", "--json", *act.words]
        if act.anew:
            return self._anew(words)
        pid = os.fork()
        if pid:
            return pid
        code = 70
        try:
            for kind, number in (("out", 1), ("err", 2)):
                handle = os.open(self._path(os.getpid(), kind), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                os.dup2(handle, number)
            random.seed()
            shift = timedelta(seconds=self.shift)
            SystemClock.now = lambda _: datetime.now(UTC) + shift  # type: ignore[method-assign, assignment]
            code = int(run(words))
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def _anew(self, words: Sequence[str]) -> int:
        unnamed = [self._folder / f"new-{self.acts}-{time.monotonic_ns()}.{kind}" for kind in ("out", "err")]
        with unnamed[0].open("w") as out, unnamed[1].open("w") as err:
            process = subprocess.Popen(
                [sys.executable, str(LATER), str(self.shift), *words], stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        for path, kind in zip(unnamed, ("out", "err"), strict=True):
            path.rename(self._path(process.pid, kind))
        process.returncode = 0  # waited for above, with the others
        return process.pid
