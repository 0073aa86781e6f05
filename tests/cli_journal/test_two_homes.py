"""Two municipalities watch each other over loopback, in processes of their own, and a stranger checks with openssl."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from signkit.journal import cosigning
from signkit.journal.checkpoint import parse_checkpoint
from signkit.testing.containers import unpack
from signkit.testing.pages import commands_of, follow
from signkit.workflows import vouching

DEAD = "http://127.0.0.1:9"


@contextlib.contextmanager
def witness(folder: Path, name: str, log: str) -> Iterator[tuple[str, str]]:
    """Run a witness in a process of its own; give its address and its verifier key."""
    words = ["journal", "witness", "--name", name, "--log", log, "--directory", str(folder)]
    command = [sys.executable, "-m", "signkit_cli", "--json", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            schema = Path(__file__).resolve().parents[2] / "docs" / "formats" / "witness.schema.json"
            jsonschema.validate(said, json.loads(schema.read_text(encoding="utf-8")))
            yield said["url"], said["key"]
        finally:
            process.terminate()


def log_key(home: Path) -> str:
    """Return the verifier key of a home's log, as its anchors name it."""
    (line,) = [line for line in (home / "trust.pem").read_text().splitlines() if line.startswith("Log: ")]
    return line.removeprefix("Log: ")


def name_witness(home: Path, url: str, key: str) -> None:
    """Write a witness into a home's settings: it must vouch for every completion."""
    config = (home / "config.toml").read_text().partition("\n[journal]\n")[0]
    settings = f'\n[journal]\nwitnesses_needed = 1\n[witness.neighbour]\nurl = "{url}"\nkey = "{key}"\n'
    (home / "config.toml").write_text(config + settings)


@pytest.fixture
def homes(signkit_at: Any, fresh_home: Path, tmp_path: Path) -> tuple[Any, Any]:
    """Two homes."""
    first = signkit_at(shutil.copytree(fresh_home, tmp_path / "first"))
    second = signkit_at(tmp_path / "second")
    second("init", "--environment", "test", "--organisation", "Grannköpings kommun")
    return first, second


def test_two_homes_witness_each_other(homes: tuple[Any, Any], protokoll: Path, tmp_path: Path) -> None:
    """Completions carry the neighbour's word; without it they wait; who trusts the witness is told that it vouches."""
    first, second = homes
    with contextlib.ExitStack() as stack:
        keys = []
        for home, name in ((first, "witness.second.example/w"), (second, "witness.first.example/w")):
            url, key = stack.enter_context(witness(tmp_path / name.replace("/", "-"), name, log_key(home.home)))
            name_witness(home.home, url, key)
            keys.append(key)
        for home in homes:
            envelope = home.create(protokoll)
            home("envelope", "send", envelope)
            home("sign", envelope, "--as", "all", "--provider", "rehearsal")
            assert home.show(envelope)["state"] == "completed"
        envelope = first("envelope", "list", "--json").json["id"]
        made = first("envelope", "export", envelope, "--bundle", "--output", tmp_path, "--json").json["files"][0][
            "path"
        ]
    document = tmp_path / "document.pdf"
    document.write_bytes(next(data for key, data in unpack(Path(made)).items() if key.startswith("documents/")))
    (tmp_path / "witness.txt").write_text(f"Witness: {keys[0]}\n")
    for path in (document, made):
        words = ("verify", path, "--trust", first.home / "trust.pem", "--json")
        report = first(*words).json
        assert "journal.no_witness_anchor" in {item["code"] for item in report["not_checked"]}
        assert "witness" not in report["claims"]["C5"]["vouched_by"]
        report = first(*words, "--trust", f"witness:{tmp_path / 'witness.txt'}").json
        assert (report["verdict"], report["claims"]["C5"]["verdict"]) == ("PASSED", "PASSED")
        assert "witness" in report["claims"]["C5"]["vouched_by"]
        assert "journal.witnessed_by" in {item["code"] for item in report["findings"]}


def test_too_few_witnesses_stop_a_completion_until_they_answer(
    homes: tuple[Any, Any], protokoll: Path, tmp_path: Path
) -> None:
    """The signature is kept, the envelope stays open, and the next run finishes it."""
    home, _ = homes
    with witness(tmp_path / "w", "witness.second.example/w", log_key(home.home)) as (url, key):
        name_witness(home.home, DEAD, key)
        envelope = home.create(protokoll)
        home("envelope", "send", envelope)
        refused = home("sign", envelope, "--as", "all", "--provider", "rehearsal", "--json", code=11)
        assert refused.error["code"] == "journal.too_few_witnesses"
        assert home.show(envelope)["state"] == "sent"
        name_witness(home.home, url, key)
        home("sign", envelope, "--as", "all", "--provider", "rehearsal")
        assert home.show(envelope)["state"] == "completed"
    assert home("journal", "verify")


def test_what_was_promised_when_it_was_sent_counts(homes: tuple[Any, Any], protokoll: Path, tmp_path: Path) -> None:
    """Settings that no longer name the witness excuse nothing, and those that want more hold nobody up."""
    home, _ = homes
    without = (home.home / "config.toml").read_text()
    with witness(tmp_path / "w", "witness.second.example/w", log_key(home.home)) as (url, key):
        name_witness(home.home, url, key)
        promised = home.create(protokoll)
        home("envelope", "send", promised)
        (home.home / "config.toml").write_text(without)
        refused = home("sign", promised, "--as", "all", "--provider", "rehearsal", "--json", code=11)
        assert refused.error["code"] == "journal.too_few_witnesses"
        assert key in refused.err
        free = home.create(protokoll)
        home("envelope", "send", free)
        name_witness(home.home, url, key)
        home("sign", promised, "--as", "all", "--provider", "rehearsal")
        assert home.show(promised)["state"] == "completed"
        name_witness(home.home, DEAD, key)
        told = home("sign", free, "--as", "all", "--provider", "rehearsal", lang="sv").err
        assert "det svarar inte" in told
        assert home.show(free)["state"] == "completed"


def test_a_restored_home_signs_nothing(homes: tuple[Any, Any], protokoll: Path, tmp_path: Path) -> None:
    """Neither sending nor signing starts where it would fork the log; the way out is named."""
    home, _ = homes
    draft, sent = home.create(protokoll), home.create(protokoll)
    home("envelope", "send", sent)
    shutil.copy(home.home / "signkit.sqlite", tmp_path / "backup")
    home.create(protokoll)
    home("journal", "checkpoint")
    shutil.copy(tmp_path / "backup", home.home / "signkit.sqlite")
    for words in (("envelope", "send", draft), ("sign", sent, "--as", "all", "--provider", "rehearsal")):
        error = home(*words, "--json", code=11).error
        assert error["code"] == "journal.behind"
        assert "signkit journal checkpoint --restored" in error["hint"]
    assert home.show(draft)["state"] == "draft"
    assert (
        home("journal", "checkpoint", "--checkpoint", tmp_path / "backup", "--json", code=2).error["code"]
        == "usage.restored"
    )
    told = home("journal", "checkpoint", "--restored", "--yes").err
    assert "/2+" in told
    home("envelope", "send", draft)
    home("sign", draft, sent, "--as", "all", "--provider", "rehearsal")
    assert home.show(sent)["state"] == "completed"


def test_a_stranger_checks_a_published_log_by_hand(homes: tuple[Any, Any], protokoll: Path, tmp_path: Path) -> None:
    """From a plain web server, with the page that lies beside the log, sha256sum and openssl: every entry's place."""
    home, _ = homes
    for _ in range(2):
        envelope = home.create(protokoll)
        home("envelope", "send", envelope)
        home("sign", envelope, "--as", "all", "--provider", "rehearsal")
    home("journal", "checkpoint")
    www, mine = tmp_path / "www", tmp_path / "mine"
    home("journal", "publish", www)
    bundle = home("envelope", "export", envelope, "--bundle", "--output", tmp_path, "--json").json["files"][0]["path"]
    mine.mkdir()
    with served(www) as url:

        def fetch(path: str, name: str) -> bytes:
            data = httpx.get(f"{url}/{path}", trust_env=False).raise_for_status().content
            (mine / name).write_bytes(data)
            return data

        page = fetch("HOW-TO-CHECK.txt", "page").decode()
        for name in ("checkpoint", "checkpoint.tsr", "log.pem"):
            fetch(name, name)
        shutil.copy(home.home / "trust.pem", mine / "tsa.pem")
        entries = [data for name, data in unpack(Path(bundle)).items() if name.startswith("journal/entries/")]
        checked = 0
        for raw in (data for data in entries if data.startswith(b"{")):
            if json.loads(raw)["type"] not in {"completing", "completed", "archived"}:
                continue
            (mine / "entry.json").write_bytes(raw)
            digest = subprocess.run(["sha256sum", str(mine / "entry.json")], capture_output=True, check=True)
            fetch(f"proof/{digest.stdout[:64].decode()}.tlog-proof", "proof")
            for language in page.split("How to check this log"):
                done = follow(commands_of(language), mine)
                assert (done.returncode, done.stdout[-4:]) == (0, b"yes\n"), done.stderr
            checked += 1
        assert checked == 3
    (mine / "entry.json").write_bytes(raw.replace(b"2", b"3", 1))
    assert b"yes\n" not in follow(commands_of(page), mine).stdout
    assert home("journal", "verify", www)
    assert parse_checkpoint((mine / "checkpoint").read_bytes()).size == 20


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Run ``python -m http.server`` over a folder; give its address."""
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(folder), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            words = process.stdout.readline().decode().split()
            yield f"http://127.0.0.1:{words[words.index('port') + 1]}"
        finally:
            process.terminate()


def test_completions_at_once_both_have_their_witness(
    homes: tuple[Any, Any], protokoll: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another envelope's newer checkpoint is vouched for between ours and the question: it is signed anew."""
    home = homes[0]
    with witness(tmp_path / "w", "witness.second.example/w", log_key(home.home)) as (url, key):
        name_witness(home.home, url, key)
        ours, other = home.create(protokoll), home.create(protokoll)
        home("envelope", "send", ours, other)
        real, done = cosigning.ask_witnesses, list[bool]()

        def ask(*words: Any, **more: Any) -> Any:
            if not done:
                done.append(True)
                home("sign", other, "--as", "all", "--provider", "rehearsal")
            return real(*words, **more)

        monkeypatch.setattr(vouching, "ask_witnesses", ask)
        said = home("sign", ours, "--as", "all", "--provider", "rehearsal")
    assert [home.show(envelope)["state"] for envelope in (ours, other)] == ["completed", "completed"]
    assert "does not vouch" not in said.err
