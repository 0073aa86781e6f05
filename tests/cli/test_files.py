"""Odd names, and disks that refuse."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from signkit.store import open_store

ROOT = os.geteuid() == 0 if hasattr(os, "geteuid") else False
NAMES = [
    "åäö é.pdf",
    "två\nrader.pdf",
    "\u202efdp.exe",
    "ä" * 100 + ".PDF",
    "x" * 251 + ".pdf",
    "utan",
    "-rf.pdf",
    ".pdf",
]


@pytest.mark.parametrize("name", [*NAMES, os.fsdecode(b"latin-\xe5.pdf")], ids=range(len(NAMES) + 1))
def test_odd_file_names(signkit: Any, protokoll: Path, tmp_path: Path, name: str) -> None:
    """Any name a disk can hold is taken; what is shown, signed and exported holds nothing that misleads."""
    path = tmp_path / name
    shutil.copy(protokoll, path)
    made = signkit("envelope", "create", "--signatory", "A", "--json", "--", path).json
    shown = made["documents"][0]["name"] + made["title"]
    assert not set(shown) & set("\n\u202e\x1b\udce5")
    assert shown.encode()
    signkit("envelope", "send", made["id"])
    out = tmp_path / "out"
    out.mkdir()
    exported = signkit("envelope", "export", made["id"], "--output", out, "--json").json
    (written,) = out.glob("*.pdf")
    assert written == Path(exported["files"][0]["path"])
    assert len(written.name.encode()) <= 255
    assert signkit("doctor", "--json").json["sound"]


def test_titles_that_mislead(signkit: Any, protokoll: Path) -> None:
    """A title is one line in one direction; white space is collapsed, what steers the display is refused."""
    words = ["envelope", "create", protokoll, "--signatory", "A", "--json", "--title"]
    assert signkit(*words, "  Protokoll\n Roll:  A\u030a ").json["title"] == "Protokoll Roll: Å"
    for title in ("a\x1b[31mb", "a\u202eb", " ", "x" * 301):
        assert signkit(*words, title, code=2).error["code"] == "usage.title"


@pytest.mark.parametrize("kind", ["missing", "empty", "folder", "pipe", "device", "text", "dangling"])
def test_what_is_no_document(signkit: Any, tmp_path: Path, kind: str) -> None:
    """What is no readable file ends at once with 13, names the file, and leaves nothing behind."""
    path = tmp_path / "x.pdf"
    if kind == "empty":
        path.touch()
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "text":
        path.write_text("not a document " * 100)
    elif kind == "dangling":
        path.symlink_to(tmp_path / "nowhere")
    refused = signkit("envelope", "create", path, "--signatory", "A", "--json", code=13)
    assert refused.error["subject"]["file"] == str(path)
    assert refused.out == ""
    assert signkit("envelope", "list", "--json").out == ""
    assert signkit("doctor", "--json").json["findings"] == []


@pytest.mark.skipif(ROOT, reason="root may read and write everything")
def test_without_permission(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """An unreadable document is 13, a home that cannot be written 11; reading it still works."""
    path = tmp_path / "x.pdf"
    shutil.copy(protokoll, path)
    path.chmod(0)
    signkit("envelope", "create", path, "--signatory", "A", code=13)
    envelope = signkit.create(protokoll)
    signkit.home.chmod(0o500)
    try:
        signkit("envelope", "send", envelope, code=11)
        assert signkit("envelope", "list", "--json").json["id"] == envelope
    finally:
        signkit.home.chmod(0o700)


def _limited(home: Path, limit: int, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process whose files cannot grow beyond ``limit`` bytes, as on a full disk."""
    return subprocess.run(
        [sys.executable, "-m", "signkit_cli", "--home", str(home), "--json", *map(str, words)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """When files cannot grow a step fails with a plain error, and works once there is room; nothing is half done."""
    small = 60_000
    refused = _limited(signkit.home, small, "envelope", "create", protokoll, "--signatory", "A")
    assert refused.returncode in {11, 13}, refused.stderr
    assert json.loads(refused.stderr.splitlines()[-1])["schema"] == "signkit.error/1"
    assert signkit("doctor", "--json").json["sound"]
    envelope = signkit.create(protokoll, people=["A", "B"])
    signkit("envelope", "send", envelope)
    before = signkit.show(envelope)["documents"]
    refused = _limited(signkit.home, small, "sign", envelope, "--as", "A", "--provider", "rehearsal")
    assert refused.returncode in {11, 30}, refused.stderr
    assert refused.stdout == ""
    assert signkit.show(envelope)["documents"] == before
    refused = _limited(signkit.home, small, "envelope", "export", envelope, "--output", tmp_path)
    assert refused.returncode in {11, 30}, refused.stderr
    assert not list(tmp_path.glob("*.pdf"))
    signkit("sign", envelope, "--as", "all", "--provider", "rehearsal")
    signkit("doctor", "--fix", "--yes")
    assert signkit("doctor", "--json").json["findings"] == []


def test_a_locked_database(signkit: Any, protokoll: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody else writes, reading works and writing ends with 11 that may be tried again."""
    envelope = signkit.create(protokoll)
    other = sqlite3.connect(signkit.home / "signkit.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        impatient = functools.partial(open_store, busy_seconds=0.1)
        monkeypatch.setattr("signkit_cli.composition.open_store", impatient)
        refused = signkit("envelope", "send", envelope, "--json", code=11).error
        assert (refused["code"], refused["retry"]) == ("store.locked", "auto")
        assert signkit("envelope", "list", "--json").json["id"] == envelope
    finally:
        other.rollback()
        other.close()
    signkit("envelope", "send", envelope)


@pytest.mark.parametrize("damage", ["junk", "empty", "cut", "gone"])
def test_a_damaged_database(sent: Any, damage: str) -> None:
    """A database that is none is 11 for every command, with a hint; doctor says so, too."""
    path = sent.signkit.home / "signkit.sqlite"
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"junk": b"junk" * 5000, "empty": b"", "cut": data[: len(data) // 2]}[damage])
    for words in (["envelope", "list"], ["envelope", "show", sent.id], ["doctor"]):
        ended = sent.signkit(*words, "--json", code=11)
        if words != ["doctor"]:
            assert ended.error["hint"]
        else:
            assert not ended.json["sound"]


def test_a_closed_pipe(sent: Any) -> None:
    """A reader that goes away, as in ``| head``, is no traceback."""
    words = f"{sys.executable} -m signkit_cli --home {sent.signkit.home} --json envelope list | true"
    done = subprocess.run(["/bin/sh", "-c", words], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_what_a_killed_export_left_goes_with_the_next(sent: Any, tmp_path: Path) -> None:
    """Half-written files of the same target and of dead processes go; a living writer's and all others stay."""
    out = tmp_path / "out"
    made = [Path(item["path"]) for item in sent.signkit(*_export(sent, out)).json["files"]]
    dead = [path.with_name(f".{path.name[:40]}.0123456789ab.partial") for path in made]
    others = [out / ".other.pdf.0123456789ab.partial", out / f"{made[0].name}.partial", out / ".x.partial"]
    living, alias = (made[0].with_name(f".{made[0].name[:40]}.{digit * 12}.partial") for digit in "ab")
    for path in (*dead, *others, living):
        path.write_bytes(b"half")
    alias.symlink_to(tmp_path / "elsewhere")
    with living.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        sent.signkit(*_export(sent, out))
    assert {path.name for path in out.iterdir()} == {path.name for path in (*made, *others, living, alias)}


def _export(sent: Any, out: Path) -> list[object]:
    return ["envelope", "export", sent.id, "--output", out, "--json"]
