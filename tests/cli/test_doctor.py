"""The doctor: what is wrong is found, what is unfinished is told, what is left over is removed when asked."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest


def _codes(health: Any, severity: str = "fault") -> set[str]:
    return {item["code"] for item in health["findings"] if item["severity"] == severity}


def _object(sent: Any) -> Path:
    digits = sent.signkit.show(sent.id)["documents"][0]["current"]["sha256"].removeprefix("sha256:")
    return Path(sent.signkit.home / "objects" / digits[:2] / digits[2:])


def test_documents(sent: Any) -> None:
    """A document that is changed or gone is a fault; so it stays after --fix."""
    path = _object(sent)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + b"x")
    assert _codes(sent.signkit("doctor", "--json", code=11).json) == {"journal.object_changed"}
    assert sent.signkit("sign", sent.id, "--as", "s1", "--provider", "rehearsal", code=None).code in {13, 30}
    path.unlink()
    assert _codes(sent.signkit("doctor", "--fix", "--yes", "--json", code=11).json) == {"journal.object_missing"}
    path.write_bytes(data)
    path.chmod(0o600)
    assert sent.signkit("doctor", "--json").json["findings"] == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE entries SET raw = replace(raw, 'clerk', 'klerk') WHERE idx = 1", "journal.row_digest"),
        ("DELETE FROM entries WHERE idx = 1", "journal.row_gap"),
        ("UPDATE openings SET value = replace(value, 'Anna', 'Inga')", "journal.opening"),
        ("DELETE FROM openings WHERE name = 'person_key'", "journal.opening_missing"),
    ],
)
def test_entries_and_openings(sent: Any, statement: str, code: str) -> None:
    """Whoever has the file can change it; the doctor sees it, and that the guards are gone."""
    with sqlite3.connect(sent.signkit.home / "signkit.sqlite") as database:
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
    assert _codes(sent.signkit("doctor", "--json", code=11).json) == {"store.unguarded"}
    with sqlite3.connect(sent.signkit.home / "signkit.sqlite") as database:
        database.execute(statement.replace("replace(raw", "replace(CAST(raw AS TEXT)")
                         .replace("replace(value", "replace(CAST(value AS TEXT)")
                         .replace("SET raw = ", "SET raw = CAST(").replace("SET value = ", "SET value = CAST(")
                         .replace(" WHERE idx = 1", " AS BLOB) WHERE idx = 1" if "UPDATE entries" in statement else
                                  " WHERE idx = 1")
                         + (" AS BLOB)" if "UPDATE openings" in statement else ""))  # fmt: skip
        for _, sql in triggers:
            database.execute(sql)
    database.close()
    assert code in _codes(sent.signkit("doctor", "--json", code=11).json)


def test_a_clock_that_is_far_behind(sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates that are not valid yet are told as such, with the question that helps; a step says what is wrong."""
    past = datetime.now(UTC) - timedelta(days=3650)
    monkeypatch.setattr("signkit_cli.composition.SystemClock.now", lambda _self: past)
    assert "doctor.not_yet" in _codes(sent.signkit("doctor", "--json", code=11).json)
    assert "klocka" in sent.signkit("doctor", code=11, lang="sv").out
    refused = sent.signkit("sign", sent.id, "--as", "s1", "--provider", "rehearsal", code=None, lang="sv")
    assert "datorns klocka" in refused.err


def tampered(home: Path, script: str) -> None:
    """Do something to the database that its triggers refuse, and put them back."""
    with sqlite3.connect(home / "signkit.sqlite") as database:
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        database.executescript("".join(f"DROP TRIGGER {name};" for name, _ in triggers) + script)
        for _, sql in triggers:
            database.execute(sql)
    database.close()


@pytest.mark.parametrize("script", ["DELETE FROM checkpoints", "UPDATE checkpoints SET token = NULL"])
def test_a_completion_keeps_its_checkpoint(sent: Any, script: str) -> None:
    """What the completion seal carries is in the database too, with its timestamp; who takes it away is found out."""
    sent.signkit("sign", sent.id, "--as", "all", "--provider", "rehearsal")
    assert _codes(sent.signkit("doctor", "--json").json) == set()
    tampered(sent.signkit.home, script)
    assert _codes(sent.signkit("doctor", "--json", code=11).json) == {"journal.anchor_missing"}


def test_a_damaged_envelope_hides_no_other(sent: Any, protokoll: Path) -> None:
    """The list shows what can be read, and ends with what cannot."""
    other = sent.signkit.create(protokoll)
    tampered(sent.signkit.home, "UPDATE entries SET raw = x'ff' WHERE idx = 0")
    ran = sent.signkit("envelope", "list", "--json", code=11)
    assert other in ran.out
    assert (ran.error["code"], ran.error["subject"]) == ("store.damaged", {"envelopes": sent.id})
    assert sent.id in sent.signkit("--lang", "sv", "envelope", "list", code=11).err
    assert sent.signkit("envelope", "show", sent.id, "--json", code=11).error["subject"]["envelope"] == sent.id


def test_the_kept_checkpoint(sent: Any) -> None:
    """A database from before the newest signed checkpoint is a fault: it was restored, or rewritten."""
    database = sent.signkit.home / "signkit.sqlite"
    before = database.read_bytes()
    sent.signkit("sign", sent.id, "--as", "all", "--provider", "rehearsal")
    database.write_bytes(before)
    assert "journal.behind" in _codes(sent.signkit("doctor", "--json", code=11).json)


def test_leftovers_go_when_asked(sent: Any) -> None:
    """Remains of dead processes and documents of nobody are notes; --fix asks, and removes them and nothing else."""
    home = sent.signkit.home
    stray = home / "objects" / "ab" / ("c" * 62)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"of nobody")
    (home / "work" / "dead").mkdir(parents=True, exist_ok=True)
    (home / ".config.toml.0123456789ab.partial").write_bytes(b"half")
    (home / ".keys.incomplete-x").mkdir()
    told = sent.signkit("doctor", "--json").json
    assert _codes(told, "note") == {"doctor.untidy"}
    assert sent.signkit("doctor", "--fix", "--json", code=2).error["code"] == "usage.confirm"
    assert stray.exists()
    fixed = sent.signkit("doctor", "--fix", "--yes", "--json").json
    assert {item["kind"] for item in fixed["fixed"]} == {"object", "leftover"}
    assert fixed["findings"] == []
    assert _object(sent).exists()
    assert sent.signkit("doctor", "--json").json["findings"] == []


def test_a_stale_index_is_written_anew(sent: Any) -> None:
    """The cached state of an envelope is a fault where it is wrong, and --fix computes it from the entries."""
    with sqlite3.connect(sent.signkit.home / "signkit.sqlite") as database:
        database.execute("UPDATE projections SET state = 'completed'")
    database.close()
    assert _codes(sent.signkit("doctor", "--json", code=11).json) == {"journal.state"}
    assert sent.signkit("doctor", "--fix", "--yes", "--json").json["fixed"][0]["kind"] == "state"


def test_configuration_and_trust(sent: Any) -> None:
    """A wrong configuration is 12 for every command; missing anchors are faults."""
    home = sent.signkit.home
    trust = (home / "trust.pem").read_text()
    (home / "trust.pem").unlink()
    assert _codes(sent.signkit("doctor", "--json", code=11).json) >= {"doctor.own_root", "doctor.own_log"}
    (home / "trust.pem").write_text("junk")
    assert sent.signkit("doctor", "--json", code=None).code in {11, 12}
    (home / "trust.pem").write_text(trust)
    (home / "config.toml").write_text((home / "config.toml").read_text() + "\n[sing]\n")
    refused = sent.signkit("doctor", "--json", code=12).error
    assert (refused["code"], "sign" in refused["hint"]) == ("config.unknown_key", True)


def test_a_file(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """--file says whether a document can be signed, and why not: 0 or 13; it needs no home and changes nothing."""
    good = signkit("doctor", "--file", protokoll, "--json").json
    assert (good["schema"], good["sound"], good["file"]["pages"]) == ("signkit.doctor/1", True, 4)
    risky = tmp_path / "risky.pdf"
    risky.write_bytes(protokoll.read_bytes() + b"trailing bytes")
    told = signkit("doctor", "--file", risky, "--json", code=13).json
    assert told["refused"] == ["trailing-bytes"]
    assert "--repair" in signkit("doctor", "--file", risky, code=13, lang="sv").out
    (tmp_path / "text.pdf").write_text("no document")
    assert signkit("doctor", "--file", tmp_path / "text.pdf", "--json", code=13).error["code"] == "document.not_pdf"
