"""Errors at the border: each family has its exit code, one sentence in the person's language, one JSON line."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signkit import errors
from signkit.errors import SignkitError
from signkit.texts import codes
from signkit_cli.exit_codes import ExitCode, exit_code_for

NUMBERS = {
    "UsageError": 2,
    "VerdictError": 3,
    "VerdictFailedError": 3,
    "VerdictIndeterminateError": 4,
    "NothingToVerifyError": 5,
    "EnvelopeError": 10,
    "EnvelopeNotFoundError": 10,
    "TransitionError": 10,
    "StoreError": 11,
    "StoreLockedError": 11,
    "StoreCorruptError": 11,
    "JournalError": 11,
    "JournalCorruptError": 11,
    "JournalForkError": 11,
    "ConfigError": 12,
    "DocumentError": 13,
    "UnreadableDocumentError": 13,
    "EncryptedDocumentError": 13,
    "UnsupportedDocumentError": 13,
    "RiskyDocumentError": 13,
    "DocumentChangedError": 13,
    "CeremonyDeclinedError": 20,
    "CeremonyExpiredError": 21,
    "ProviderError": 22,
    "ProviderUnavailableError": 22,
    "ProviderResponseError": 22,
    "ProviderRejectedError": 23,
    "CeremonyError": 23,
    "DeliveryUnavailableError": 22,
    "DeliveryError": 23,
    "DeliveryRejectedError": 23,
    "CeremonyFailedError": 23,
    "PluginError": 24,
    "PluginNotFoundError": 24,
    "PluginConflictError": 24,
    "PluginLoadError": 24,
    "IdentityMismatchError": 25,
    "SealError": 30,
    "KeyUnavailableError": 30,
    "TimestampError": 30,
}


def _family(kind: type[SignkitError] = SignkitError) -> Iterator[type[SignkitError]]:
    for child in kind.__subclasses__():
        if child.__module__ == "signkit.errors":
            yield child
            yield from _family(child)


def test_every_error_has_an_exit_code() -> None:
    """No class of the family falls through to another family's code; the numbers are those promised."""
    found = {kind.__name__: int(exit_code_for(kind("x"))) for kind in _family()}
    assert found == NUMBERS
    assert all(code in set(ExitCode) for code in found.values())
    assert set(found) == {name for name in errors.__all__ if name.endswith("Error")} - {"SignkitError"}


def test_an_error_as_json(signkit: Any) -> None:
    """With --json the last line on standard error is signkit.error/1, whole, and standard output is empty."""
    ended = signkit("envelope", "show", "nope", "--json", code=10)
    assert ended.out == ""
    assert set(ended.error) == {"schema", "code", "message", "hint", "retry", "exit_code", "subject"}
    assert (ended.error["schema"], ended.error["exit_code"]) == ("signkit.error/1", 10)


@pytest.mark.parametrize(("lang", "label"), [("sv", "fel: inget ärende"), ("da", "fejl: ingen sag"), ("en", "error:")])
def test_an_error_for_people(signkit: Any, lang: str, label: str) -> None:
    """Without --json it is one sentence and one hint in the person's language, and no traceback."""
    said = signkit("envelope", "show", "nope", code=10, lang=lang).err
    assert said.startswith(label)
    assert len(said.splitlines()) == 2


def test_every_sentence_is_there_in_three_languages() -> None:
    """Each error sentence exists in Swedish, English and Danish, and takes the same values in all of them."""
    import string

    for code, forms in codes().items():
        if not code.startswith(("error.", "doctor.", "cli.")):
            continue
        assert set(forms) == {"sv", "en", "da"}, code
        fields = {
            lang: {name for _, name, _, _ in string.Formatter().parse(words) if name} for lang, words in forms.items()
        }
        assert fields["sv"] == fields["en"] == fields["da"], code


@pytest.mark.parametrize(
    "words",
    [
        ["envelope"],
        ["nonsense"],
        ["envelope", "shwo", "x"],
        ["envelope", "show"],
        ["envelope", "show", "x", "--nonsense"],
        ["sign", "x"],
        ["--lang", "fr", "envelope", "list"],
        ["envelope", "create", "--kind", "novel", "x.pdf", "--signatory", "A"],
        ["envelope", "create", "--accept-risk", "actve", "x.pdf", "--signatory", "A"],
        ["envelope", "create", "--meta", "x", "x.pdf", "--signatory", "A"],
        ["envelope", "create", "--meta", "a=1", "--meta", "a=2", "x.pdf", "--signatory", "A"],
        ["envelope", "create", "--deadline", "igår", "x.pdf", "--signatory", "A"],
        ["envelope", "create", "--deadline", "2020-01-01", "x.pdf", "--signatory", "A"],
        ["envelope", "create", "--disclosure", "all", "x.pdf", "--signatory", "A"],
        ["envelope", "create", "x.pdf"],
        ["envelope", "create", "x.pdf", "--signatory", "A", "--signatory", "a"],
        ["envelope", "list", "--state", "lost"],
    ],
    ids=" ".join,
)
def test_wrong_arguments(signkit: Any, words: list[str]) -> None:
    """Whatever is wrong with the words of a command, it ends with 2, says what is wrong and changes nothing."""
    ended = signkit(*words, "--json", code=2)
    assert ended.error["message"]
    assert ended.error["exit_code"] == 2
    assert ended.out == "" or words == ["envelope"]  # its help


def test_help_needs_no_home(tmp_path: Path) -> None:
    """--help and --version answer without a home, and no arguments show the help."""
    for words in (["--help"], ["envelope", "create", "--help"], ["--version"], []):
        done = subprocess.run(
            [sys.executable, "-m", "signkit_cli", *words],
            capture_output=True,
            text=True,
            check=False,
            env={"SIGNKIT_HOME": str(tmp_path / "none"), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )
        assert "signkit" in done.stdout + done.stderr
        assert done.returncode in ({0} if words else {0, 2})


def test_an_unplanned_fault(signkit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours is 1, a sentence without a traceback, and the traceback with --verbose."""

    def fault(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr("signkit_cli.session.Session.open", fault)
    said = signkit("envelope", "show", "x", code=1)
    assert "Traceback" not in said.err
    assert "Traceback" in signkit("--verbose", "envelope", "show", "x", code=1).err
    assert json.loads(signkit("envelope", "show", "x", "--json", code=1).err)["code"] == "internal"


def test_a_document_that_will_not_do_is_named(signkit: Any, tmp_path: Path, protokoll: Path) -> None:
    """Of several documents, the sentence says which one; the same one twice is a slip, not two documents."""
    empty = tmp_path / "tom fil.pdf"
    empty.touch()
    said = signkit("envelope", "create", protokoll, empty, "--signatory", "A", code=13, lang="sv").err
    assert "tom fil.pdf: " in said
    twice = signkit("envelope", "create", protokoll, protokoll, "--signatory", "A", code=2, lang="sv").err
    assert f"{protokoll.name} är angiven två gånger" in twice


def test_details_are_told_in_the_persons_language(signkit: Any, protokoll: Path) -> None:
    """What is wrong in a signatory, a rule or a name is said in Swedish, with the choices there are."""

    def said(*words: object) -> str:
        return str(signkit("envelope", "create", protokoll, *words, code=2, lang="sv").err)

    assert "order är ett heltal från 1 till" in said("--signatory", "A; order=x")
    assert "menade du 'order'?" in said("--signatory", "A; ordr=2")
    assert "välj bland: protocol" in said("--signatory", "A", "--kind", "novel")
    assert "filen eller mappen finns inte" in said("--signatories", "gone.csv")
    assert len(said("--signatory", "x" * 3000)) < 400


def test_an_empty_list_says_so(signkit: Any) -> None:
    """A list of nothing is no silence, and no JSON."""
    assert signkit("envelope", "list", lang="sv").err == "Inga ärenden.\n"
    assert signkit("envelope", "list", "--json").out == ""


def _shell(home: Path, words: str) -> Any:
    """Run a shell line in which signkit stands as $S, over a home."""
    return subprocess.run(
        ["/bin/bash", "-c", words],
        capture_output=True,
        check=False,
        env={
            "S": f"{sys.executable} -m signkit_cli",
            "SIGNKIT_HOME": str(home),
            "SIGNKIT_LANG": "sv",
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
        },
    )


def test_an_output_that_nobody_reads_to_the_end(signkit: Any) -> None:
    """A reader that goes away ends the command with a code of its own, never 1 and never 0, and without a word."""
    ended = _shell(signkit.home, "(sleep 0.2; exec $S envelope list --help) | true; echo ${PIPESTATUS[0]}")
    assert (ended.stdout, ended.stderr) == (b"141\n", b"")


def test_closed_streams(signkit: Any) -> None:
    """A command whose streams are closed does its work and ends with its code."""
    assert _shell(signkit.home, "$S envelope list >&-").returncode == 0
    assert _shell(signkit.home, "$S envelope show zzz 2>&-").returncode == 10
    ended = _shell(signkit.home, "$S envelope show zzz <&-")
    assert (ended.returncode, ended.stdout) == (10, b"")


def test_a_name_that_is_no_utf_8(signkit: Any, tmp_path: Path, protokoll: Path) -> None:
    """A file name of stray bytes comes through as JSON that every reader takes."""
    odd = os.fsencode(tmp_path) + b"/b\xff\xe5.pdf"
    Path(os.fsdecode(odd)).write_bytes(protokoll.read_bytes())
    ended = _shell(signkit.home, f"cd '{tmp_path}' && $S verify *.pdf --json")
    assert json.loads(ended.stdout.decode("utf-8", "strict"))["input"]["path"] == "b\udcff\udce5.pdf"


def test_a_full_disk_is_not_the_documents_fault(signkit: Any, protokoll: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without room says so with the store's code, in Swedish, and keeps nothing of the attempt."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("signkit.workflows.create.copy_file", full)
    said = signkit("envelope", "create", protokoll, "--signatory", "A", code=11, lang="sv").err
    assert "hemmet har inte plats för protokoll.pdf: disken är full" in said
    assert signkit("envelope", "list", "--json").out == ""


def test_a_file_that_is_not_there_is_told_to_be_so(signkit: Any, tmp_path: Path) -> None:
    """Whoever misspells a name is not asked whether the file is a PDF."""
    told = signkit("verify", tmp_path / "finns-inte.pdf", code=13, lang="sv")
    assert "filen finns inte" in told.out
    assert "Filen finns inte" in told.err
    assert "är det en PDF" not in told.err
    assert signkit("verify", tmp_path / "finns-inte.pdf", "--json", code=13).error["code"] == "document.missing"
    assert "mapp" in signkit("verify", "/dev/null", code=13, lang="sv").err


@pytest.mark.parametrize("words", [("sign", "protokoll.pdf", "--as", "all"), ("envelope", "send", "./protokoll.pdf")])
def test_a_file_where_an_envelope_is_meant(signkit: Any, words: tuple[str, ...]) -> None:
    """Whoever names the file where the envelope is asked for is told so."""
    assert "ange ärendet, inte filen" in signkit(*words, code=10, lang="sv").err
