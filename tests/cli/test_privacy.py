"""No personal number leaves its place: not in entries, documents, output or messages."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pikepdf
import pytest

NUMBERS = ("198001011009", "197506121008")


def _forms(number: str) -> list[bytes]:
    """Return the ways in which a number may be written, as UTF-8 and as a PDF's UTF-16."""
    texts = [number, f"{number[:8]}-{number[8:]}", number[2:], f"{number[2:8]}-{number[8:]}"]
    return [form for text in texts for form in (text.encode(), text.encode("utf-16-be"), text.encode().hex().encode())]


def _decoded(path: Path) -> bytes:
    """Return a document's bytes and those of all its streams, decompressed."""
    data = path.read_bytes()
    with pikepdf.open(path) as pdf:
        for item in pdf.objects:
            if isinstance(item, pikepdf.Stream):
                data += item.read_bytes() if item.get("/Filter") is not None else item.read_raw_bytes()
    return data


@pytest.mark.parametrize("disclosure", ["none", "birthdate", "full"])
def test_numbers_stay_where_they_belong(signkit: Any, protokoll: Path, tmp_path: Path, disclosure: str) -> None:
    """Entries never hold a number; a document only under --disclosure full; output and errors never."""
    people = [f"Anna Öberg; id={NUMBERS[0]}", f"Bo Ek; id={NUMBERS[1]}; order=2"]
    said = []
    words = ["envelope", "create", protokoll, "--signatory", people[0], "--signatory", people[1]]
    said.append(signkit(*words, "--disclosure", disclosure, "--json"))
    envelope = said[0].json["id"]
    said.append(signkit("envelope", "send", envelope, "--json"))
    said.append(signkit("sign", envelope, "--as", "s1", "--provider", "rehearsal", "--rehearse", "decline", code=20))
    said.append(signkit("sign", envelope, "--as", "all", "--provider", "rehearsal", "--verbose"))
    said.append(signkit("envelope", "show", envelope, "--json"))
    said.append(signkit("envelope", "export", envelope, "--output", tmp_path, "--json"))
    said.append(signkit("doctor", "--json"))
    printed = "".join(item.out + item.err for item in said).encode()
    with sqlite3.connect(signkit.home / "signkit.sqlite") as database:
        entries = b"".join(row[0] for row in database.execute("SELECT raw FROM entries"))
        entries += json.dumps(database.execute("SELECT envelope, state FROM projections").fetchall()).encode()
    database.close()
    (exported,) = tmp_path.glob("*.pdf")
    for form in (form for number in NUMBERS for form in _forms(number)):
        assert form not in printed
        assert form not in entries
        if disclosure != "full":
            assert form not in _decoded(exported)
    shown = b"1980-01-01" in _decoded(exported)
    assert shown == (disclosure == "birthdate")


def test_no_names_in_entries(sent: Any) -> None:
    """Entries travel in public files: names, addresses, titles and reasons are there as commitments only."""
    sent.signkit("decline", sent.id, "--as", "s1", "--reason", "hemligt skäl", "--yes")
    with sqlite3.connect(sent.signkit.home / "signkit.sqlite") as database:
        entries = b"".join(row[0] for row in database.execute("SELECT raw FROM entries")).decode()
    database.close()
    for word in ("Öberg", "anna@", "Åre", "hemligt", "protokoll.pdf", "KS2026"):
        assert word not in entries


def test_the_home_is_private(sent: Any) -> None:
    """Nobody but the owner can read what the home holds; exported evidence neither."""
    for path in sent.signkit.home.rglob("*"):
        if path.name not in {"trust.pem", "root.pem"}:  # certificates, made to be handed out
            assert path.stat().st_mode & 0o077 == 0, path
