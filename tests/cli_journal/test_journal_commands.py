"""``signkit journal`` from the outside: a home with one envelope, told, proved, published, witnessed, erased."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from signkit.audit.published import check_published
from signkit.journal.checkpoint import log_vkey, parse_checkpoint
from signkit.journal.cosignature import find_cosignatures, witness_vkey
from signkit.journal.proof import TlogProof
from signkit.journal.witness import Witness
from signkit.testing.clock import SteppingClock
from signkit.testing.journal import MemoryKey
from signkit_cli.witness_server import WitnessServer

WITNESS = "witness.grannkommun.se/w1"


@pytest.fixture(scope="module")
def made(signkit_at: Any, tmp_path_factory: pytest.TempPathFactory, protokoll: Path) -> tuple[Path, str]:
    """A home and its one envelope, completed."""
    signkit = signkit_at(tmp_path_factory.mktemp("made") / "home")
    signkit("init", "--environment", "test", "--organisation", "Björkviks kommun")
    envelope = signkit.create(protokoll, people=("Åsa Ödlund",))
    signkit("envelope", "send", envelope)
    signkit("sign", envelope, "--as", "all", "--provider", "rehearsal")
    return signkit.home, envelope


@pytest.fixture
def at(signkit_at: Any, made: tuple[Path, str], tmp_path: Path) -> Any:
    """The command line over a copy of that home."""
    return signkit_at(shutil.copytree(made[0], tmp_path / "home"))


def test_show_tells_a_story_in_three_languages(at: Any, made: tuple[Path, str]) -> None:
    """Names come from the openings; no entry is left without a sentence; JSON holds the entries in full."""
    for lang, words in (
        ("sv", "Åsa Ödlund skrev under."),
        ("en", "Åsa Ödlund signed."),
        ("da", "underskrev."),
    ):
        told = at("journal", "show", made[1][:6], lang=lang).out
        assert words in told
        assert "story." not in told
        assert "rehearsal" not in told
    value = at("journal", "show", made[1], "--json").json
    assert [entry["seq"] for entry in value["entries"]] == list(range(len(value["entries"])))
    assert "Ödlund" not in str(value)
    assert at("journal", "show", "zzz", code=10)


def test_verify_audits_the_home(at: Any) -> None:
    """A whole home is 0, a changed one 3 with the finding's code, and nothing is written either way."""
    report = at("journal", "verify", "--json").json
    assert (report["verdict"], report["entries"]) == ("PASSED", 10)
    database = sqlite3.connect(at.home / "signkit.sqlite")
    database.executescript("DROP TRIGGER entries_no_delete; DELETE FROM entries WHERE idx = 4;")
    database.close()
    report = at("journal", "verify", "--json", code=3).json
    assert {"journal.row_gap", "journal.chain_previous"} <= {item["code"] for item in report["findings"]}


def test_an_empty_journal_is_not_a_pass(signkit: Any) -> None:
    """Nothing to verify is 5."""
    assert signkit("journal", "verify", "--json", code=5).json["entries"] == 0


def test_a_restored_home_is_told_and_goes_on(at: Any, made: tuple[Path, str], protokoll: Path, tmp_path: Path) -> None:
    """After a restore nothing is signed until a person says so; then the log goes on under a new name."""
    shutil.copy(at.home / "signkit.sqlite", tmp_path / "backup")
    at.create(protokoll)
    old = at("journal", "checkpoint", "--json").json
    kept = tmp_path / "kept"
    kept.write_text(old["note"])
    shutil.copy(tmp_path / "backup", at.home / "signkit.sqlite")
    assert at("journal", "checkpoint", "--json", code=11).error["code"] == "journal.behind"
    assert at("journal", "verify", code=3)
    new = at("journal", "checkpoint", "--restored", "--yes", "--json").json
    assert (new["origin"], new["size"]) == (old["origin"] + "/2", old["size"])
    assert {item["code"] for item in at("journal", "verify", "--json").json["findings"]} == {
        "journal.home",
        "journal.restarted_lost",
    }
    lost = at("journal", "verify", "--checkpoint", kept, "--json", code=4).json
    assert "journal.lost" in {item["code"] for item in lost["findings"]}
    envelope = at.create(protokoll, people=("Bo Ek",))
    at("envelope", "send", envelope)
    at("sign", envelope, "--as", "all", "--provider", "rehearsal")
    assert at.show(envelope)["state"] == "completed"
    assert at.show(made[1])["state"] == "completed"


def test_prove_writes_a_proof_that_holds(at: Any, made: tuple[Path, str], tmp_path: Path) -> None:
    """The proof names its entry, verifies against its own checkpoint, and is never overwritten unasked."""
    at("journal", "checkpoint")
    value = at("journal", "prove", made[1], "--output", tmp_path / "p.tlog-proof", "--json").json
    proof = TlogProof.decode((tmp_path / "p.tlog-proof").read_bytes())
    leaf = bytes.fromhex(value["entry"].removeprefix("sha256:"))
    assert proof.inclusion().holds(leaf, checkpoint=parse_checkpoint(proof.note))
    assert at("journal", "prove", made[1], "--output", tmp_path / "p.tlog-proof", code=2)


def test_publish_and_audit_what_was_published(at: Any, tmp_path: Path) -> None:
    """The folder passes, fails when a byte changes, and holds nobody's name or envelope."""
    at("journal", "checkpoint")
    folder = tmp_path / "www"
    done = at("journal", "publish", folder, "--json").json
    assert done["entries"] == 10
    assert at("journal", "publish", folder, "--json").json["written"] == 1
    assert at("journal", "verify", folder)
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert "Ödlund".encode() not in everything
    assert {"HOW-TO-CHECK.txt", "log.pem", "checkpoint.tsr"} <= {path.name for path in folder.iterdir()}
    bundle = next((folder / "tile" / "entries").rglob("10"))
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"\0")
    assert at("journal", "verify", folder, code=3)
    assert at("journal", "verify", tmp_path / "none", code=3)


def test_a_restored_home_publishes_beside_its_old_log(at: Any, protokoll: Path, tmp_path: Path) -> None:
    """The old log stays as strangers know it, the new one passes, and the command says where it is."""
    www = tmp_path / "www"
    shutil.copy(at.home / "signkit.sqlite", tmp_path / "backup")
    at.create(protokoll)
    at("journal", "checkpoint")
    at("journal", "publish", www)
    shutil.copy(tmp_path / "backup", at.home / "signkit.sqlite")
    at("journal", "checkpoint", "--restored", "--yes")
    assert at("journal", "publish", www, "--json").json["folder"] == str(www / "2")
    for folder in (www, www / "2"):
        assert at("journal", "verify", folder, "--json").json["verdict"] == "PASSED"


def test_publishing_elsewhere_needs_settings(at: Any) -> None:
    """A bucket without settings, and an address of another kind, are told apart."""
    at("journal", "checkpoint")
    assert at("journal", "publish", "s3://bucket/prefix", "--json", code=12).error["code"] == "config.s3"
    assert at("journal", "publish", "ftp://x/y", "--json", code=2).error["code"] == "usage.target"
    settings = '\n[s3]\nendpoint = "http://127.0.0.1:9"\nregion = "x"\naccess_key = "K"\nsecret_file = "secret"\n'
    with (at.home / "config.toml").open("a") as stream:
        stream.write(settings)
    (at.home / "secret").write_text("s3cr3t")
    assert at("journal", "publish", "s3://bucket/prefix", "--json", code=11).error["code"] == "publish.failed"


def test_two_homes_watch_each_other(at: Any, tmp_path: Path) -> None:
    """A configured witness vouches over HTTP; too few are told and retried; a rewritten home is refused."""
    config = (at.home / "config.toml").read_text()
    origin = at("journal", "checkpoint", "--json").json["origin"]
    vkey = at.home.joinpath("trust.pem").read_text()
    log_key = next(word for word in vkey.split() if word.startswith(f"{origin}+"))
    name = witness_vkey(WITNESS, MemoryKey(7).spki)
    witness = Witness(
        vkey=name, key=MemoryKey(7), logs={origin: log_key}, folder=tmp_path / "seen", clock=SteppingClock()
    )
    server = WitnessServer(witness, host="127.0.0.1", port=0)
    settings = f'\n[journal]\nwitnesses_needed = 1\n[witness.neighbour]\nurl = "{server.url}"\nkey = "{name}"\n'
    (at.home / "config.toml").write_text(config + settings)
    try:
        value = at("journal", "checkpoint", "--json").json
        assert value["witnesses"] == [WITNESS]
        assert find_cosignatures(parse_checkpoint(value["note"].encode()), [name])
        at("journal", "publish", tmp_path / "www")
        found = check_published(tmp_path / "www", vkey=log_key, witnesses=[name], needed=1)
        assert [item.code for item in found] == ["journal.published", "journal.witnessed"]
    finally:
        server.stop()
    refused = at("journal", "checkpoint", "--json", code=11)
    assert refused.error["code"] == "journal.too_few_witnesses"
    assert refused.error["retry"] == "auto"


def test_the_witness_answers_over_http_only_what_it_must(tmp_path: Path) -> None:
    """Other paths, methods, sizes and rubbish have a status each, and the witness goes on."""
    import http.client

    key = MemoryKey(7)
    logs = {"a.se/log": log_vkey("a.se/log", MemoryKey(1).spki)}
    witness = Witness(
        vkey=witness_vkey(WITNESS, key.spki), key=key, logs=logs, folder=tmp_path / "seen", clock=SteppingClock()
    )
    before = threading.active_count()
    server = WitnessServer(witness, host="127.0.0.1", port=0)
    host, _, port = server.url.removeprefix("http://").partition(":")

    def ask(method: str, path: str, body: bytes | None = None, length: str | None = None) -> int:
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        headers = {} if length is None else {"Content-Length": length}
        connection.request(method, path, body=body, headers=headers)
        status = connection.getresponse().status
        connection.close()
        return status

    try:
        assert ask("POST", "/add-checkpoint", b"rubbish") == 400
        assert ask("POST", "/other", b"x") == 404
        assert ask("GET", "/add-checkpoint") == 404
        assert ask("POST", "/add-checkpoint", b"", "many") == 411
        assert ask("POST", "/add-checkpoint", b"", "999999999") == 413
        assert ask("PUT", "/add-checkpoint", b"x") == 501
        kept = http.client.HTTPConnection(host, int(port), timeout=5)
        for path, status, closes in (
            ("/add-checkpoint", 400, False),
            ("/add-checkpoint", 400, False),
            ("/x", 404, True),
        ):
            kept.request("POST", path, body=b"rubbish")
            answer = kept.getresponse()
            answer.read()
            assert (answer.status, answer.will_close) == (status, closes)
        kept.request("POST", "/add-checkpoint", body=b"rubbish", headers={"Transfer-Encoding": "chunked"})
        assert kept.getresponse().status == 411
        kept.close()
        assert threading.active_count() < before + 12
    finally:
        server.stop()


def test_erasing_leaves_every_proof(at: Any, made: tuple[Path, str]) -> None:
    """Names and evidence are gone from every file of the home, the journal says so, and everything still verifies."""
    assert at("journal", "erase", made[1], code=2)
    value = at("journal", "erase", made[1], "--yes", "--rule", "10 år", "--json").json
    assert at("journal", "erase", made[1], "--yes", "--json").json == value  # again: nothing new is said of it
    assert (value["envelope"], value["rule"], value["evidence"]) == (made[1], "10 år", 1)
    assert at("journal", "verify")
    assert at("doctor")
    for path in at.home.iterdir():
        if path.is_file():
            assert "Ödlund".encode() not in path.read_bytes(), path.name
    told = at("journal", "show", made[1], lang="sv").out
    assert "Ödlund" not in told
    assert told.endswith("gallrades (regel: 10 år). Alla andra bevis gäller.\n")
    assert at("journal", "erase", "--older-than", "0", "--yes", code=11)


def test_erasing_takes_the_letters_and_tells_what_it_cannot_take(at: Any, protokoll: Path) -> None:
    """Letters in the outbox name people and title: those of this envelope go, the others stay."""
    ended, other = (
        at.create(protokoll, people=("Zebrina Qvarn <zebrina@example.se>",), more=["--title", "Hemlig titel"])
        for _ in range(2)
    )
    at("envelope", "send", ended)
    at("envelope", "send", other)
    at("sign", ended, "--as", "all", "--provider", "rehearsal")
    theirs = sorted((at.home / "outbox").glob(f"{other}.*"))
    assert theirs
    told = at("journal", "erase", ended, "--yes", "--json")
    assert told.json["letters"] >= 1
    assert "exported evidence" in told.err
    assert sorted((at.home / "outbox").iterdir()) == theirs


def test_erasing_follows_the_retention_of_each_kind(at: Any, made: tuple[Path, str]) -> None:
    """Only kinds with a rule whose time has come are erased, and the rule is named; a wrong rule is a wrong setting."""
    settings = (at.home / "config.toml").read_text()
    for rule, code in (("governing-document = 0", 11), ("other = 1\nprotocol = 1", 11), ("protocol = -1", 12)):
        (at.home / "config.toml").write_text(f"{settings}\n[retention]\n{rule}\n")
        assert at("journal", "erase", "--due", "--yes", code=code)
    (at.home / "config.toml").write_text(f"{settings}\n[retention]\nprotocol = 0\nother = 0\n")
    done = at("journal", "erase", "--due", "--yes", "--json").json
    assert done["envelope"] == made[1]
    assert done["rule"].startswith("retention-")
    assert at("journal", "erase", made[1], "--due", "--yes", code=2)


def test_only_what_has_ended_is_erased(at: Any, made: tuple[Path, str], protokoll: Path) -> None:
    """An open envelope keeps its openings, by name and by rule."""
    envelope = at.create(protokoll)
    assert at("journal", "erase", envelope, "--yes", code=10)
    done = at("journal", "erase", "--older-than", "0", "--yes", "--json").json
    assert done["envelope"] == made[1]
    assert at.show(envelope)["signatories"][0]["name"] == "Anna Ek"
