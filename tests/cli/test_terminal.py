"""What a terminal of some width shows: whole words, hanging under their sentence, and commands in one piece."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

from signkit.errors import SignkitError, UsageError
from signkit_cli.terminal import Terminal

PROSE = "  ✓ C1  The file holds exactly the document that was sent for signing, byte for byte."
COMMAND = "  signkit verify protokoll-signed.pdf --trust exempelkommunen.pem --evidence protokoll-signed.evidence.json"


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def shown(stream: io.StringIO) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_sentence_is_folded_between_words(monkeypatch: pytest.MonkeyPatch, columns: int):
    """No line is longer than the terminal, no word is cut, and what goes on hangs under the beginning."""
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Tty()
    Terminal(out=stream).line(PROSE, style="green")
    lines = shown(stream)
    assert all(len(line) <= columns for line in lines)
    assert " ".join(" ".join(lines).split()) == " ".join(PROSE.split())
    assert all(line.startswith("    ") for line in lines[1:])
    assert len(lines) > 1 or columns >= len(PROSE)


def test_a_command_is_never_folded(monkeypatch: pytest.MonkeyPatch):
    """A command can be copied in one piece, and so can whatever is longer than a line, such as a checksum."""
    monkeypatch.setenv("COLUMNS", "40")
    stream = Tty()
    terminal = Terminal(out=stream)
    terminal.line(COMMAND)
    terminal.line("sha256:" + "0" * 64)
    assert shown(stream) == [COMMAND, "sha256:" + "0" * 64]


def test_errors_are_folded_too(monkeypatch: pytest.MonkeyPatch):
    """What went wrong and what to do about it keep to the terminal's width."""
    monkeypatch.setenv("COLUMNS", "40")
    stream = Tty()
    Terminal(err=stream).error(SignkitError("one word after the other " * 4, code="usage", hint="do this now " * 6), 2)
    assert all(len(line) <= 40 for line in shown(stream))


def test_elsewhere_nothing_is_folded(monkeypatch: pytest.MonkeyPatch):
    """A pipe or a file gets each sentence on one line, for programs that read lines."""
    monkeypatch.setenv("COLUMNS", "40")
    stream = io.StringIO()
    Terminal(out=stream).line(PROSE)
    assert stream.getvalue() == PROSE + "\n"


class Interrupted(Tty):
    """An input at which Ctrl-C is pressed."""

    def readline(self, _size: int = -1) -> str:  # type: ignore[override]
        """Do what Ctrl-C does."""
        raise KeyboardInterrupt


@pytest.mark.parametrize(("given", "ends"), [(Interrupted(), KeyboardInterrupt), (Tty(), UsageError)])
def test_a_question_that_gets_no_answer(monkeypatch: pytest.MonkeyPatch, given: Tty, ends: type[BaseException]):
    """Ctrl-C interrupts, Ctrl-D is a no; what is said next does not stand behind the question."""
    monkeypatch.setattr("sys.stdin", given)
    stream = Tty()
    with pytest.raises(ends):
        Terminal(err=stream).confirm("doctor.fix_confirm")
    assert stream.getvalue().endswith("] \n")


@pytest.mark.parametrize(("thrown", "ends"), [(KeyboardInterrupt, KeyboardInterrupt), (EOFError, UsageError)])
def test_a_secret_that_is_not_told(
    monkeypatch: pytest.MonkeyPatch, thrown: type[BaseException], ends: type[BaseException]
):
    """Neither Ctrl-C nor Ctrl-D at a passphrase is an unplanned error."""

    def asked(_prompt: str) -> str:
        raise thrown

    monkeypatch.setattr("getpass.getpass", asked)
    stream = Tty()
    with pytest.raises(ends):
        Terminal(err=stream).secret("Passphrase:")
    assert stream.getvalue() == "\n"


@pytest.mark.parametrize("word", ["hemligt lösen ", ""])
def test_a_secret_is_what_was_written(monkeypatch: pytest.MonkeyPatch, word: str):
    """Blanks belong to it, and Enter alone is an answer."""
    monkeypatch.setattr("getpass.getpass", lambda _prompt: word)
    assert Terminal(err=Tty()).secret("Passphrase:") == word


@pytest.mark.parametrize(
    "words", ["envelope show {id}", "envelope list", "template list", "trust list", "provider list"]
)
def test_what_was_asked_for_is_told_quietly_too(sent: Any, words: str):
    """``--quiet`` leaves out what is said beside the result, never the result."""
    asked = words.format(id=sent.id).split()
    quiet, usual = sent.signkit("--quiet", *asked), sent.signkit(*asked)
    assert quiet.out == usual.out != ""
    assert quiet.err == ""


def test_steps_are_taken_without_a_word(sent: Any, protokoll: Path):
    """With ``--quiet`` a step that succeeds says nothing; one that fails says why."""
    assert sent.signkit("--quiet", "envelope", "create", protokoll, "--signatory", "A").out == ""
    assert sent.signkit("--quiet", "doctor").out == ""
    assert "error" in sent.signkit("--quiet", "sign", sent.id, "--as", "nobody", code=10).err
    (sent.signkit.home / "objects").rename(sent.signkit.home / "gone")
    assert sent.signkit("--quiet", "doctor", code=11).out != ""


def test_a_group_is_not_emptied_person_by_person(signkit: Any):
    """Whoever removes the last one is told how the group itself goes; it is listed in words that fit any number."""
    signkit("group", "add", "csg", "--member", "Cia Ny <cia@example.org>; role=union")
    refused = signkit("group", "remove", "csg", "--member", "cia@example.org", code=2, lang="sv").err
    assert "signkit group remove csg" in refused
    assert signkit("--quiet", "group", "list", lang="sv").out == "csg  personer: 1\n"
