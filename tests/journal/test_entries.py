"""Entries and their chains: one form, one digest, and every tampering with the order found."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signkit import canonical
from signkit.errors import JournalCorruptError, JournalError
from signkit.journal.chain import check_chain, decode_entries
from signkit.journal.writer import append
from signkit.model.entry import Entry, format_time, parse_time
from signkit.model.report import Verdict
from signkit.store import SqlStore
from signkit.testing.stores import entry_after

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def chain(count: int) -> list[Entry]:
    """Return an honest chain."""
    entries: list[Entry] = []
    for number in range(count):
        entry = Entry(
            envelope="e1",
            seq=number,
            at=START + timedelta(seconds=number),
            type="created" if number == 0 else "signed",
            actor="clerk",
            data={"n": number},
            nonce=f"{number:032x}",
            prev=None if number == 0 else canonical.digest_text(entries[-1].digest),
        )
        entries.append(entry)
    return entries


def codes(entries: list[Entry], **options: Any) -> set[str]:
    """Return the codes of what is wrong."""
    findings = check_chain(entries, envelope="e1", **options)
    return {finding.code for finding in findings if finding.verdict is Verdict.FAILED}


def test_an_entry_is_its_bytes() -> None:
    """Encoding and decoding give the same entry; the bytes are canonical and carry the schema."""
    entry = chain(2)[1]
    raw = entry.encode()
    assert Entry.decode(raw) == entry
    assert json.loads(raw)["schema"] == "signkit.entry/1"
    assert canonical.encode(json.loads(raw)) == raw
    assert entry.digest == canonical.digest(raw)


def test_unknown_fields_are_kept() -> None:
    """A field that this version does not know is covered by the digest and comes back."""
    value = {**json.loads(chain(1)[0].encode()), "colour": "blue"}
    entry = Entry.decode(canonical.encode(value))
    assert entry.extra == {"colour": "blue"}
    assert entry.encode() == canonical.encode(value)


def test_times_are_utc_in_whole_milliseconds() -> None:
    """Whatever zone and precision come in, one form goes out, and only that form comes in again."""
    at = datetime(2026, 3, 2, 10, 0, 0, 123999, tzinfo=timezone(timedelta(hours=1)))
    entry = replace(chain(1)[0], at=at)
    assert format_time(entry.at) == "2026-03-02T09:00:00.123Z"
    assert parse_time("2026-03-02T09:00:00.123Z") == entry.at
    assert format_time(datetime(900, 1, 1, tzinfo=UTC)) == "0900-01-01T00:00:00.000Z"
    for text in ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00.123+00:00", "2026-13-02T09:00:00.123Z", None, 5):
        with pytest.raises(JournalCorruptError):
            parse_time(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema", "signkit.entry/2"),
        ("schema", 1),
        ("envelope", ""),
        ("envelope", "a b"),
        ("envelope", 5),
        ("seq", -1),
        ("seq", True),
        ("seq", "1"),
        ("at", "yesterday"),
        ("type", "Signed!"),
        ("actor", "line\nbreak"),
        ("data", []),
        ("nonce", "abc"),
        ("nonce", "A" * 32),
        ("prev", "sha256:abc"),
        ("prev", 5),
        ("prev", None),
    ],
)
def test_a_wrong_field_is_refused(name: str, value: object) -> None:
    """A field of the wrong form is no entry; an unknown version has a code of its own."""
    honest = json.loads(chain(2)[1].encode())
    with pytest.raises(JournalCorruptError) as caught:
        Entry.decode(canonical.encode({**honest, name: value}))
    assert caught.value.code == ("journal.entry_version" if value == "signkit.entry/2" else "journal.entry")
    with pytest.raises(JournalCorruptError):
        Entry.decode(canonical.encode({key: item for key, item in honest.items() if key != name}))


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"{}", b"\xff", b'{"schema": "signkit.entry/1"}', b"{" * 9999])
def test_bytes_that_are_no_entry(raw: bytes) -> None:
    """Rubbish is refused by our own error."""
    with pytest.raises(JournalCorruptError):
        Entry.decode(raw)


def test_data_without_canonical_form_is_refused() -> None:
    """Floats, huge integers and huge entries have no place in an entry."""
    for data in ({"x": 0.5}, {"x": 2**53}, {"x": "a" * (1 << 20)}, {"x": object()}):
        with pytest.raises(JournalCorruptError):
            replace(chain(1)[0], data=data).encode()


def test_an_honest_chain_passes() -> None:
    """One finding, PASSED, with the number of entries."""
    (finding,) = check_chain(chain(5), envelope="e1", not_after=START + timedelta(seconds=4))
    assert (finding.verdict, finding.code, finding.params) == (Verdict.PASSED, "journal.chain", {"entries": 5})


def test_an_empty_chain_never_passes() -> None:
    """No entries are no proof."""
    assert codes([]) == {"journal.chain_empty"}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_tampering_is_found(data: st.DataObject) -> None:
    """Dropping, doubling, swapping, inserting, altering or back-dating anywhere but at the end breaks the chain."""
    entries = chain(data.draw(st.integers(3, 8)))
    place = data.draw(st.integers(0, len(entries) - 2))
    how = data.draw(st.sampled_from(["drop", "double", "swap", "insert", "alter", "nonce", "back-date", "actor"]))
    before, entry, after = entries[:place], entries[place], entries[place + 1 :]
    foreign = entry_after(None, "e1", number=77)
    changed = {
        "drop": [*before, *after],
        "double": [*before, entry, entry, *after],
        "swap": [*before, after[0], entry, *after[1:]],
        "insert": [*before, entry, foreign, *after],
        "alter": [*before, replace(entry, data={"n": -1}), *after],
        "nonce": [*before, replace(entry, nonce="f" * 32), *after],
        "back-date": [*before, replace(entry, at=entry.at - timedelta(days=1)), *after],
        "actor": [*before, replace(entry, actor="somebody"), *after],
    }[how]
    assert codes(changed)


def test_each_fault_has_its_code() -> None:
    """Envelope, sequence, previous digest, falling and future times are told apart."""
    entries = chain(3)
    assert codes([replace(entry, envelope="e2") for entry in entries]) >= {"journal.chain_envelope"}
    assert codes([entries[0], entries[2]]) == {"journal.chain_sequence", "journal.chain_previous"}
    assert codes([*entries[:2], replace(entries[2], at=START - timedelta(seconds=1))]) == {"journal.chain_time"}
    assert codes(entries, not_after=START + timedelta(seconds=1)) == {"journal.chain_future"}


def test_entries_from_a_foreign_file() -> None:
    """Reading stops at the first that is none, and an unknown version cannot be decided."""
    values = [json.loads(entry.encode()) for entry in chain(3)]
    assert decode_entries(values) == (chain(3), [])
    entries, (finding,) = decode_entries([values[0], {"schema": "signkit.entry/9"}, values[2]])
    assert (entries, finding.verdict, finding.code) == (chain(1), Verdict.INDETERMINATE, "journal.entry_version")
    for wrong in (None, 0.5, {"x": 1}, "text"):
        entries, (finding,) = decode_entries([values[0], wrong])
        assert (entries, finding.verdict) == (chain(1), Verdict.FAILED)
    assert decode_entries([None] * 10_001)[1][0].verdict is Verdict.INDETERMINATE


def test_the_writer_chains_and_never_lets_time_fall(store: SqlStore) -> None:
    """Sequence, previous digest and nonce are set; a clock slightly behind is lifted, one far behind refused."""
    with store.write() as tx:
        first = append(tx, "e1", "created", actor="clerk", data={"name": "A\u030a", "list": (1, 2)}, at=START)
        second = append(tx, "e1", "sent", actor="clerk", data={}, at=START - timedelta(seconds=2))
        with pytest.raises(JournalError) as caught:
            append(tx, "e1", "sent", actor="clerk", data={}, at=START - timedelta(minutes=2))
    assert caught.value.code == "journal.clock_skew"
    assert first.entry.data == {"name": "Å", "list": [1, 2]}
    assert second.entry.at == START
    assert first.entry.nonce != second.entry.nonce
    with store.read() as tx:
        assert tx.entries("e1") == [first, second]
    assert codes([first.entry, second.entry]) == set()
