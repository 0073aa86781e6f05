"""A meeting at one terminal: everybody signs in turn with BankID, one begins again, one is skipped, one declines."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from signkit.errors import SignkitError
from signkit_providers.simulator import Simulator
from signkit_providers.simulator.plugin import BankIdSimulator

PATIENCE = 60.0
"""Seconds that something may take on a busy machine before it is taken for missing."""
QR = re.compile(r"[▀▄█]{8}")


def number(serial: int) -> str:
    """Return a personal number of nobody: the first of January 1980, with its check digit."""
    digits = f"800101{serial:03d}"
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(digits))
    return f"19{digits}{-total % 10}"


class Screen:
    """A command at a terminal of its own, read and written from outside."""

    def __init__(self, home: Path, *words: str) -> None:
        self.text = ""
        self._own, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (50, 120))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "signkit_cli", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "SIGNKIT_HOME": str(home), "SIGNKIT_LANG": "sv", "TERM": "xterm"},
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._own)

    def until(self, wanted: re.Pattern[str], *, since: int) -> int:
        """Read until ``wanted`` has been shown after a place in the text; return where it ends."""
        end = time.monotonic() + PATIENCE
        while (found := wanted.search(self.text, since)) is None:
            assert time.monotonic() < end, f"never shown: {wanted.pattern}\n{self.text[-1500:]}"
            assert self._read() or wanted.search(self.text, since), (
                f"ended before: {wanted.pattern}\n{self.text[-1500:]}"
            )
        return found.end()

    def press(self, key: str) -> None:
        """Press a key."""
        os.write(self._own, key.encode())

    def interrupt(self) -> None:
        """Do what Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Read to the end; return the exit code."""
        end = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < end, f"never ended\n{self.text[-1500:]}"
        return self._process.wait(PATIENCE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._own], [], [], 1.0)
        if not ready:
            return True
        try:
            data = os.read(self._own, 1 << 16)
        except OSError:  # Linux says so when the other side has closed
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)


def act(simulator: Simulator, serial: int, *actions: str) -> None:
    """Do on the phone of a person what is asked of it, as soon as its order is there."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            BankIdSimulator.act(simulator.url, person=number(serial), actions=[actions[0]])
        except SignkitError:
            assert time.monotonic() < end, "no order came to the phone"
            time.sleep(0.05)
        else:
            break
    if actions[1:]:
        BankIdSimulator.act(simulator.url, person=number(serial), actions=actions[1:])


def name(serial: int) -> str:
    """Return what a person is called."""
    return f"Person{serial:02d} Mötesson"


@pytest.fixture
def simulator(signkit: Any) -> Iterator[Simulator]:
    """Return the home's own simulator, whose people do nothing by themselves."""
    with Simulator(signkit.home / "simulator", people=[(name(n), number(n)) for n in range(1, 21)]) as running:
        yield running


def turn(screen: Screen, serial: int, since: int) -> int:
    """Wait until a person has been called up and a code is shown; return how far was read."""
    return screen.until(QR, since=screen.until(re.compile(f"Nu: {name(serial)}"), since=since))


@pytest.mark.parametrize("count", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_everybody_signs_in_one_command(signkit: Any, simulator: Simulator, protokoll: Path, count: int) -> None:
    """One begins again after cancelling, the last ones are skipped, at once or after it; a second command ends it."""
    again, skipped = 1, max(2, count - 1)
    left = range(skipped, count + 1)
    people = [f"{name(n)}; id={number(n)}" for n in range(1, count + 1)]
    envelope = str(signkit.create(protokoll, people=people))
    signkit("envelope", "send", envelope)
    shown = 0
    with Screen(signkit.home, "sign", envelope, "--as", "all", "--provider", "bankid") as screen:
        for serial in range(1, count + 1):
            shown = turn(screen, serial, shown)
            if serial == skipped:
                screen.press("s")
                continue
            if serial == again or serial in left:
                act(simulator, serial, "scan", "cancel")
                shown = screen.until(re.compile("Enter för att försöka igen"), since=shown)
                if serial in left:
                    screen.press("s")
                    continue
                screen.press("\r")
                shown = turn(screen, serial, shown)
            act(simulator, serial, "scan", "approve")
            shown = screen.until(re.compile(f"{name(serial)} har skrivit under"), since=shown)
        assert screen.end() == 40
        assert f"Har inte skrivit under: {', '.join(map(name, left))}" in screen.text
        assert "Traceback" not in screen.text
    states = {item["name"]: item["state"] for item in signkit.show(envelope)["signatories"]}
    assert states == {name(n): "signed" if n < skipped else "invited" for n in range(1, count + 1)}
    shown = 0
    with Screen(signkit.home, "sign", envelope, "--as", "all", "--provider", "bankid") as screen:
        for serial in left:
            shown = turn(screen, serial, shown)
            act(simulator, serial, "scan", "approve")
        assert screen.end() == 0
    assert signkit.show(envelope)["state"] == "completed"


def test_an_interrupt_at_the_meeting_loses_nothing(signkit: Any, simulator: Simulator, protokoll: Path) -> None:
    """Ctrl-C while the second person is asked ends with 130; the first has signed, and the rest go on later."""
    envelope = str(signkit.create(protokoll, people=[f"{name(n)}; id={number(n)}" for n in (1, 2)]))
    signkit("envelope", "send", envelope)
    with Screen(signkit.home, "sign", envelope, "--as", "all", "--provider", "bankid") as screen:
        shown = turn(screen, 1, 0)
        act(simulator, 1, "scan", "approve")
        turn(screen, 2, shown)
        screen.interrupt()
        assert screen.end() == 130
        assert "Avbrutet" in screen.text
        assert screen.text.rstrip().endswith(".")
        assert screen.text.count("\x1b[?25h") == screen.text.count("\x1b[?25l")
    assert [item["state"] for item in signkit.show(envelope)["signatories"]] == ["signed", "invited"]
    with pytest.raises(SignkitError):  # nothing waits on the phone any more
        BankIdSimulator.act(simulator.url, person=number(2), actions=["scan"])
