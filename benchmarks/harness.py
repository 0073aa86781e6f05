"""Measuring in turn: medians of interleaved rounds, and the peak memory of a process."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["ROOT", "Row", "medians", "peak_bytes", "python", "script", "timed"]

ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    against: str
    ratio: float
    goal: float | None = None
    """The ratio may be at most this; None: told, not judged."""
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether the goal is reached, where there is one."""
        return self.goal is None or self.ratio <= self.goal


def medians(actions: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Return the median seconds of each action; they take turns, after one round that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for number in range(rounds + 1):
        for name, action in actions.items():
            gc.collect()
            seconds = timed(action)
            if number:
                taken[name].append(seconds)
    return {name: statistics.median(values) for name, values in taken.items()}


def timed(action: Callable[[], object]) -> float:
    """Return how many seconds one call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def python(*arguments: str | Path) -> Callable[[], object]:
    """Return an action that runs this interpreter as a process of its own."""
    return _process(Path(sys.executable), *arguments)


def script(*arguments: str | Path) -> Callable[[], object]:
    """Return an action that runs the installed console script."""
    return _process(Path(sys.executable).with_name("signkit"), *arguments)


def _process(*command: str | Path) -> Callable[[], object]:
    words = [str(word) for word in command]
    return lambda: subprocess.run(words, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True)


def peak_bytes(command: Sequence[str | Path], *, output: Path) -> int:
    """Run a command and return the most memory that it held (resident set, Linux); what it prints goes to ``output``.

    Raises:
        RuntimeError: it failed.
    """
    with output.open("wb") as stream, subprocess.Popen([str(word) for word in command], stdout=stream) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[1:]} ended with {process.returncode}")
    return usage.ru_maxrss * 1024
