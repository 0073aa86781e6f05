"""The QR code on a terminal: the same modules as the code has, a quiet zone, and as large as fits."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import segno

from signkit.ports.provider import Prompt
from signkit_cli.render.qr import qr_lines
from signkit_cli.screen import CeremonyScreen
from signkit_cli.terminal import Terminal
from signkit_providers.bankid.qr import qr_data

TOKEN = "67df3917-fa0d-44e5-b327-edcc928297f8"
WORDS = qr_data(TOKEN, "d28db9a7-4cde-429e-a983-359be676944c", seconds=17)
CODE = [[bool(module) for module in row] for row in segno.make(WORDS, error="l", micro=False).matrix]
HALVES = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}


def cells(lines: list[str]) -> list[str]:
    """Return the characters; each line sets black on white itself and resets at its end."""
    found = [re.fullmatch(r"\x1b\[38;5;16;48;5;231m([ ▀▄█]+)\x1b\[0m", line) for line in lines]
    assert all(found)
    return [match.group(1) for match in found if match]


def modules(lines: list[str], *, large: bool) -> list[list[bool]]:
    drawn = cells(lines)
    if large:
        assert all(row[::2] == row[1::2] for row in drawn)
        return [[char == "█" for char in row[::2]] for row in drawn]
    upper_lower = [[[HALVES[char][half] for char in row] for half in (0, 1)] for row in drawn]
    return [row for pair in upper_lower for row in pair]


@pytest.mark.parametrize(
    ("columns", "rows", "form", "quiet"),
    [(200, 60, "large", 4), (98, 49, "large", 4), (97, 49, "small", 4), (80, 24, "small", 2), (80, 22, "small", 1)],
)
def test_the_drawn_code_is_the_code(columns: int, rows: int, form: str, quiet: int) -> None:
    """Module by module, with a light zone around, within the room that there is."""
    lines = qr_lines(WORDS, columns=columns, rows=rows)
    assert lines
    assert len(lines) <= rows
    assert all(len(row) <= columns for row in cells(lines))
    drawn = modules(lines, large=form == "large")
    size = len(CODE)
    assert [row[quiet : quiet + size] for row in drawn[quiet : quiet + size]] == CODE
    outside = [row[:quiet] + row[quiet + size :] for row in drawn] + drawn[:quiet] + drawn[quiet + size :]
    assert not any(module for row in outside for module in row)
    assert all(len(row) - size >= 2 * quiet for row in drawn)


def test_no_room_no_code() -> None:
    """A terminal that is too small shows none, rather than half of one."""
    assert qr_lines(WORDS, columns=40, rows=40) == []
    assert qr_lines(WORDS, columns=200, rows=10) == []


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (80, 40), (200, 60), (50, 30), (30, 10)])
@pytest.mark.parametrize("hint", ["outstandingTransaction", "started", "userSign"])
def test_nothing_that_is_drawn_wraps_or_scrolls(
    monkeypatch: pytest.MonkeyPatch, columns: int, lines: int, hint: str
) -> None:
    """On any terminal each line fits its width, all of them its height, and the code shows where it can."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", str(lines))
    stream = Tty()
    screen = CeremonyScreen(Terminal(lang="sv", err=stream), provider="bankid", name="Tolvan Tolvansson", qr=True)
    waits = hint == "outstandingTransaction"
    link = "bankid:///?autostarttoken=7c40b5c9-fa74-49cf-b98c-bfe651f9a7c6&redirect=null"
    prompt = Prompt(qr=WORDS if waits else None, link=link if waits else None, hint=hint)
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    with screen:
        screen.show(prompt, now + timedelta(seconds=200), now)
        stream.truncate(0)
        screen.refresh(prompt, now + timedelta(seconds=199), now)
        drawn = stream.getvalue().split("\x1b[0J")[-1].rstrip("\n").split("\n")
    plain = [re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line) for line in drawn]
    assert all(len(line) <= columns for line in plain)
    assert len(plain) < lines
    assert any("▀" in line or "██" in line for line in plain) is (waits and columns >= 43 and lines >= 24)
    assert "3:19" in " ".join(plain) or (waits and columns == 50)
    without = waits and not (columns >= 43 and lines >= 24)
    assert ("gör fönstret större" in " ".join(line.strip() for line in plain)) is without


def test_what_is_drawn_is_wiped_from_the_first_column() -> None:
    """An echoed ^C moves the cursor; the wiping begins at the left all the same, so that nothing is left."""
    stream = Tty()
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    with CeremonyScreen(Terminal(lang="sv", err=stream), provider="bankid", name="Tolvan", qr=True) as screen:
        screen.show(Prompt(hint="started"), now + timedelta(seconds=200), now)
        stream.truncate(0)
    assert stream.getvalue().lstrip("\0").startswith("\r\x1b[")


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True
