"""A home with two envelopes, 600 entries and two checkpoints, and a copy of it for each test."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from signkit import canonical
from signkit.audit.home import check_home
from signkit.journal import log
from signkit.journal.checkpoint import log_vkey
from signkit.journal.writer import append
from signkit.model.person import commit, person_of
from signkit.store import DATABASE, SqlStore, open_store
from signkit.testing.journal import MemoryKey

ORIGIN = "signkit.example.se/journal"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = MemoryKey(1)
VKEY = log_vkey(ORIGIN, KEY.spki)


def make_envelope(store: SqlStore, envelope: str) -> None:
    """Create an envelope with one document and one signatory, as the clerk does."""
    digest = store.objects.put_bytes(f"%PDF {envelope}".encode())
    title, name = commit("protokoll.pdf"), commit("Åsa Ödlund")
    state = {"size": 10, "sha256": digest}
    number = commit({"scheme": "oidc:https://example.se", "value": "9"})
    person = person_of(b"\0\0\0", "oidc:https://example.se", "9")
    with store.write() as tx:
        proof = tx.put_evidence(envelope, b"evidence")
        evidence = commit("digest")
        document = {"r0": state, "r1": state, "pages": 1, "name": title.digest, "risks": []}
        signatory = {"id": "s1", "role": "ordförande", "order": 1, "person": person, "name": name.digest}
        signatory["identity"] = number.digest
        data = {
            "kind": "protocol",
            "deadline": None,
            "disclosure": "none",
            "environment": "test",
            "documents": [document],
            "signatories": [signatory],
            "rules": {"quorums": [], "decline": "ends"},
        }
        append(tx, envelope, "created", actor="clerk", data=data, at=NOW)
        append(tx, envelope, "evidence_received", actor="signatory:s1", data={"evidence": evidence.digest}, at=NOW)
        tx.put_opening(envelope, "document.0", {"salt": title.salt, "value": "protokoll.pdf"})
        tx.put_opening(envelope, "signatory.s1.name", {"salt": name.salt, "value": "Åsa Ödlund"})
        tx.put_opening(envelope, "person_key", "AAAA")
        opened = {"salt": number.salt, "value": {"scheme": "oidc:https://example.se", "value": "9"}}
        tx.put_opening(envelope, "signatory.s1.identity", opened)
        tx.put_opening(envelope, "evidence.c1", {"salt": evidence.salt, "value": "digest", "blob": proof})
        tx.put_projection(envelope, "draft", None)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two envelopes, 600 entries and two checkpoints."""
    folder = tmp_path_factory.mktemp("original") / "home"
    store = open_store(folder, create=True)
    make_envelope(store, "aaa")
    log.sign_head(store, origin=ORIGIN, key=KEY)
    with store.write() as tx:
        for number in range(600):
            append(tx, "aaa", "noted", actor="system", data={"n": number}, at=NOW)
    make_envelope(store, "bbb")
    log.sign_head(store, origin=ORIGIN, key=KEY)
    store.close()
    return folder


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Path:
    """A copy of it to tamper with."""
    return shutil.copytree(original, tmp_path / "home")


def codes(home: Path, *, checkpoints: tuple[bytes, ...] = ()) -> set[str]:
    """Return the codes that judging the home gives."""
    store = open_store(home, readonly=True)
    report = check_home(store, vkey=VKEY, checkpoints=checkpoints)
    store.close()
    assert report.sound == all(finding.code == "journal.home" for finding in report.findings)
    return {finding.code for finding in report.findings}


def put(home: Path, script: str, *, signed_for: int | None = None) -> None:
    """Do something to the database; with ``signed_for`` the home has signed for so many entries only."""
    database = sqlite3.connect(home / DATABASE)
    database.create_function("sha256", 1, canonical.digest)
    database.executescript(f"DROP TRIGGER entries_no_update; DROP TRIGGER entries_no_delete; {script}")
    if signed_for is not None:
        note = database.execute("SELECT note FROM checkpoints ORDER BY id").fetchone()[0]
        database.execute("DELETE FROM checkpoints WHERE id > 1")
        (home / "checkpoint").write_bytes(note)
    database.commit()
    database.close()
