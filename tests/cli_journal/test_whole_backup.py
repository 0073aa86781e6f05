"""A home put back whole, its own checkpoint included: found by the checkpoint that is kept somewhere else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def elsewhere(signkit: Any, tmp_path: Path) -> Path:
    """Name a place outside the home in the settings; return it."""
    place = tmp_path / "another-disk" / "björkvik.checkpoint"
    place.parent.mkdir()
    with (signkit.home / "config.toml").open("a", encoding="utf-8") as stream:
        stream.write(f'\n[journal]\ncheckpoint = "{place}"\n')
    return place


def _finish(signkit: Any, document: Path) -> str:
    envelope = signkit.create(document)
    signkit("envelope", "send", envelope)
    signkit("sign", envelope, "--as", "all")
    return str(envelope)


def test_a_backup_of_everything_is_found(signkit: Any, elsewhere: Path, protokoll: Path, tmp_path: Path) -> None:
    """The restored home signs nothing until it has begun a new generation of its log, which says so."""
    _finish(signkit, protokoll)
    shutil.copytree(signkit.home, tmp_path / "backup")
    _finish(signkit, protokoll)
    shutil.rmtree(signkit.home)
    shutil.copytree(tmp_path / "backup", signkit.home)

    waiting = signkit.create(protokoll)
    assert signkit("envelope", "send", waiting, "--json", code=11).error["code"] == "journal.behind"
    told = signkit("envelope", "send", waiting, code=11, lang="sv").err
    assert "färre händelser än vad som är undertecknat" in told
    assert "--restored" in told
    assert "{" not in told
    audited = signkit("journal", "verify", "--json", code=3).json
    assert {item["code"] for item in audited["findings"]} == {"journal.behind"}, "the file in the home is its own"

    signkit("journal", "checkpoint", "--restored", "--yes")
    assert elsewhere.read_text(encoding="utf-8").splitlines()[0].endswith("/2")
    signkit("envelope", "send", waiting)
    signkit("sign", waiting, "--as", "all")
    signkit("journal", "verify")


def test_the_newer_of_both_places_counts(signkit: Any, elsewhere: Path, protokoll: Path) -> None:
    """Database and other place put back to yesterday: the home's own file has survived, and is not overlooked."""
    _finish(signkit, protokoll)
    database = signkit.home / "signkit.sqlite"
    yesterday = database.read_bytes(), elsewhere.read_bytes()
    _finish(signkit, protokoll)
    database.write_bytes(yesterday[0])
    elsewhere.write_bytes(yesterday[1])
    signkit("journal", "verify", code=3)
    waiting = signkit.create(protokoll)
    assert signkit("envelope", "send", waiting, "--json", code=11).error["code"] == "journal.behind"


def test_the_same_without_another_place(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """What the outer place is for: a home put back whole, with nothing kept elsewhere, looks like the home it was."""
    _finish(signkit, protokoll)
    shutil.copytree(signkit.home, tmp_path / "backup")
    _finish(signkit, protokoll)
    shutil.rmtree(signkit.home)
    shutil.copytree(tmp_path / "backup", signkit.home)
    _finish(signkit, protokoll)


def test_every_finished_file_is_a_checkpoint_that_somebody_kept(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """The log made anew or put back with every key: whoever has a PDF or a bundle from before can show it."""
    first = _finish(signkit, protokoll)
    shutil.copytree(signkit.home, tmp_path / "backup")
    second = _finish(signkit, protokoll)
    signkit("envelope", "export", second, "--output", tmp_path / "kept")
    signkit("envelope", "export", second, "--bundle", "--output", tmp_path / "kept")
    signkit("envelope", "export", first, "--output", tmp_path / "early")
    kept = [next((tmp_path / "kept").glob(f"*.{kind}")) for kind in ("pdf", "asice")]
    for path in kept:
        signkit("journal", "verify", "--checkpoint", path)
    shutil.rmtree(signkit.home)
    shutil.copytree(tmp_path / "backup", signkit.home)
    _finish(signkit, protokoll)
    signkit("journal", "verify", "--checkpoint", next((tmp_path / "early").glob("*.pdf")))
    for path in kept:
        codes = {
            item["code"]
            for item in signkit("journal", "verify", "--checkpoint", path, "--json", code=3).json["findings"]
        }
        assert codes & {"journal.fork", "journal.behind"}
    signkit("journal", "checkpoint", "--restored", "--checkpoint", kept[0], "--yes")
    bare = signkit("journal", "verify", "--checkpoint", protokoll, "--json", code=None)
    assert bare.error["code"] == "document.no_checkpoint"


def test_a_place_that_is_gone_is_no_excuse(signkit: Any, elsewhere: Path, protokoll: Path) -> None:
    """A disk that is not there stops the signing; nothing falls back to the copy in the home."""
    _finish(signkit, protokoll)
    kept = elsewhere.read_bytes()
    assert kept == (signkit.home / "checkpoint").read_bytes()
    elsewhere.unlink()
    waiting = signkit.create(protokoll)
    error = signkit("envelope", "send", waiting, "--json", code=11).error
    assert error["code"] == "store.checkpoint_missing"
    assert str(elsewhere) in error["subject"]["file"]
    elsewhere.write_bytes(kept)
    signkit("envelope", "send", waiting)
