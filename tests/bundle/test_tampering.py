"""Bundles tampered with: by strangers without a key, and by the operator who has every key but an older history."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signkit.canonical import decode, encode
from signkit.errors import DocumentError
from signkit.model.bundle import BundleIndex
from signkit.model.entry import Entry
from signkit.model.report import Report, Verdict
from signkit.testing.containers import pack, unpack

Files = dict[str, bytes]
DOCUMENT = "documents/protokoll-signed.pdf"
SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def codes(report: Report, verdict: Verdict = Verdict.FAILED) -> set[str]:
    """Return the codes of the findings with that verdict."""
    return {item.code for item in report.findings if item.verdict is verdict}


@SLOW
@given(data=st.data())
def test_no_stranger_changes_a_byte(made: Any, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever file, packed again with right checksums: its seal, its manifest, or its timestamp fails."""
    files = unpack(made.bundle)
    name = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[name]) - 1))
    changed = bytearray(files[name])
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    path = pack(tmp_path_factory.getbasetemp() / "changed.asice", {**files, name: bytes(changed)}, like=made.bundle)
    verdict = made.verify(path).verdict
    # a token that no longer names its signer's certificate cannot be judged: open, but never passed
    assert verdict is Verdict.FAILED or (name.endswith(".tst") and verdict is Verdict.INDETERMINATE)


STRANGERS: dict[str, tuple[Callable[[Files], Files], str]] = {
    "a file more": (lambda files: {**files, "documents/extra.pdf": b"%PDF-"}, "bundle.unlisted"),
    "a file more in META-INF": (lambda files: {**files, "META-INF/signature002.p7s": b"x"}, "bundle.unlisted"),
    "a file less": (lambda files: _without(files, "evidence/evidence.json"), "bundle.missing"),
    "no seal": (lambda files: _without(files, "META-INF/signature001.p7s"), "bundle.missing"),
    "no archive token": (lambda files: _without(files, "META-INF/timestamp001.tst"), "bundle.missing"),
    "no manifest": (lambda files: _without(files, "META-INF/ASiCManifest.xml"), "bundle.missing"),
    "manifest cut": (lambda files: {**files, "META-INF/ASiCManifest.xml": b"<x/>"}, "bundle.manifest"),
    "seal of another": (lambda files: _swap(files, "META-INF/signature001.p7s"), "signature.cms_unreadable"),
    "original swapped": (lambda files: {**files, "originals/protokoll.pdf": files[DOCUMENT]}, "original.differs"),
    "index gone": (lambda files: _without(files, "bundle.json"), "bundle.missing"),
    "index of another form": (lambda files: {**files, "bundle.json": b"{}"}, "bundle.index"),
}


def _without(files: Files, name: str) -> Files:
    return {key: value for key, value in files.items() if key != name}


def _swap(files: Files, name: str) -> Files:
    return {**files, name: files["META-INF/timestamp001.tst"][:-9]}


@pytest.mark.parametrize("name", STRANGERS)
def test_what_a_stranger_can_do_is_found(made: Any, files: Files, tmp_path: Path, name: str) -> None:
    """Without the keys: added, taken away, swapped."""
    change, code = STRANGERS[name]
    report = made.verify(pack(tmp_path / "x.asice", change(files), like=made.bundle))
    assert report.verdict is Verdict.FAILED
    assert code in codes(report)


def test_without_its_archive_timestamp_it_is_younger_not_wrong(made: Any, files: Files, tmp_path: Path) -> None:
    """Manifest and token taken away together leave a seal at B-LT: nothing is claimed that is not there."""
    kept = _without(_without(files, "META-INF/ASiCArchiveManifest.xml"), "META-INF/timestamp001.tst")
    report = made.verify(pack(tmp_path / "x.asice", kept, like=made.bundle))
    assert (report.verdict, report.signatures[-1].level) == (Verdict.PASSED, "B-LT")


def index_of(files: Files) -> dict[str, Any]:
    """Return the index as JSON."""
    value: Any = decode(files["bundle.json"], max_bytes=1 << 20)
    return dict(value)


def indexed(files: Files, **changes: Any) -> Files:
    """Return the files with an index that says otherwise."""
    return {**files, "bundle.json": encode({**index_of(files), **changes})}


def entry(files: Files, number: int, **changes: Any) -> Files:
    """Return the files with an entry that says otherwise, and a chain that fits it."""
    made = dict(files)
    previous: str | None = None
    for place, item in enumerate(index_of(files)["entries"]):
        value: Any = dict(decode(files[item["entry"]], max_bytes=1 << 20))
        value = {**value, **(changes if place == number else {})}
        if place > number:
            value["prev"] = previous
        raw = encode(value)
        made[item["entry"]] = raw
        previous = Entry.decode(raw).digest_text
    return made


def _cut(files: Files, count: int) -> Files:
    return indexed(files, entries=index_of(files)["entries"][:count])


def _dropped(files: Files, number: int) -> Files:
    entries = index_of(files)["entries"]
    return indexed(files, entries=entries[:number] + entries[number + 1 :])


def _reordered(files: Files) -> Files:
    entries = index_of(files)["entries"]
    return indexed(files, entries=[entries[1], entries[0], *entries[2:]])


def _inserted(files: Files) -> Files:
    entries = index_of(files)["entries"]
    return indexed(files, entries=[*entries[:4], entries[3], *entries[4:]])


def _opening(files: Files) -> Files:
    value: Any = decode(files["evidence/openings.json"], max_bytes=1 << 20)
    openings = {**value["openings"], "title": {**value["openings"]["title"], "value": "Annan titel"}}
    return {**files, "evidence/openings.json": encode({**value, "openings": openings})}


def _openings_exchanged(files: Files) -> Files:
    """Two names exchanged, each opening something that some entry commits to; the evidence brings none of its own."""
    evidence: Any = decode(files["evidence/evidence.json"], max_bytes=1 << 20)
    value: Any = decode(files["evidence/openings.json"], max_bytes=1 << 20)
    openings = value["openings"]
    openings |= {"title": openings["metadata"], "metadata": openings["title"]}
    bare = {**files, "evidence/evidence.json": encode({**evidence, "openings": {}})}
    return {**bare, "evidence/openings.json": encode({**value, "openings": openings})}


def _claimed_erased(files: Files) -> Files:
    value: Any = decode(files["evidence/evidence.json"], max_bytes=1 << 20)
    said = {"ceremonies": [], "openings": {}, "person_key": "", "erased": {"at": "2026-01-01", "rule": "x"}}
    return {**files, "evidence/evidence.json": encode({**value, **said})}


def _other_evidence(files: Files) -> Files:
    value: Any = decode(files["evidence/evidence.json"], max_bytes=1 << 20)
    first, second = value["ceremonies"]
    swapped = [{**first, "parts": second["parts"]}, {**second, "parts": first["parts"]}]
    return {**files, "evidence/evidence.json": encode({**value, "ceremonies": swapped})}


def _forked(files: Files) -> Files:
    """A proof that the newer tree begins with another older one."""
    said = index_of(files)["consistency"]
    wrong = base64.b64encode(b"x" * 32).decode()
    return indexed(files, consistency={size: [wrong, *proof[1:]] for size, proof in said.items()})


PERSON = "2030-01-01T00:00:00.000Z"
OPERATOR: dict[str, tuple[Callable[[Files], Files], str, Verdict]] = {
    "an entry altered": (lambda files: entry(files, 3, actor="clerk"), "bundle.proof", Verdict.FAILED),
    "an entry back-dated": (
        lambda files: entry(files, 0, at="2020-01-01T00:00:00.000Z"),
        "bundle.entries_differ",
        Verdict.FAILED,
    ),
    "the last entry from the future": (
        lambda files: entry(files, len(index_of(files)["entries"]) - 1, at=PERSON),
        "journal.chain_future",
        Verdict.FAILED,
    ),
    "an entry dropped": (lambda files: _dropped(files, 5), "journal.chain_sequence", Verdict.FAILED),
    "the first entry dropped": (lambda files: _dropped(files, 0), "journal.chain_sequence", Verdict.FAILED),
    "entries reordered": (_reordered, "journal.chain_previous", Verdict.FAILED),
    "an entry inserted": (_inserted, "journal.chain_sequence", Verdict.FAILED),
    "cut before the completion": (lambda files: _cut(files, 5), "bundle.entries_differ", Verdict.FAILED),
    "cut behind the completion": (lambda files: _cut(files, 13), "bundle.history_short", Verdict.FAILED),
    "no entries": (lambda files: _cut(files, 0), "journal.chain_empty", Verdict.FAILED),
    "another log": (_forked, "bundle.consistency", Verdict.FAILED),
    "growth not shown": (
        lambda files: indexed(files, consistency={}),
        "bundle.consistency_missing",
        Verdict.INDETERMINATE,
    ),
    "an opening changed": (_opening, "bundle.openings", Verdict.FAILED),
    "openings exchanged": (_openings_exchanged, "opening.commitment", Verdict.FAILED),
    "openings that are none": (
        lambda files: {**files, "evidence/openings.json": b"{}"},
        "bundle.openings_unreadable",
        Verdict.FAILED,
    ),
    "evidence that is none": (
        lambda files: {**files, "evidence/evidence.json": b"{}"},
        "bundle.evidence",
        Verdict.FAILED,
    ),
    "an entry that is none": (
        lambda files: {**files, index_of(files)["entries"][2]["entry"]: b"{}"},
        "bundle.entry",
        Verdict.FAILED,
    ),
    "evidence of the other person": (_other_evidence, "evidence.commitment", Verdict.FAILED),
    "evidence said to be erased": (_claimed_erased, "bundle.erased_unproved", Verdict.INDETERMINATE),
    "checkpoint of another": (
        lambda files: {
            **files,
            "journal/checkpoint": files["journal/checkpoint"].replace(b"journal\n", b"journey\n", 1),
        },
        "bundle.checkpoint",
        Verdict.FAILED,
    ),
    "token of another": (
        lambda files: {**files, "journal/checkpoint.tsr": files["META-INF/timestamp001.tst"]},
        "bundle.anchor",
        Verdict.FAILED,
    ),
    "an unsigned copy": (
        lambda files: {**files, DOCUMENT: files["originals/protokoll.pdf"]},
        "bundle.other_envelope",
        Verdict.FAILED,
    ),
    "another envelope": (
        lambda files: indexed(files, envelope="other0other0other0ot"),
        "bundle.other_envelope",
        Verdict.FAILED,
    ),
    "no document": (lambda files: indexed(files, documents=[]), "bundle.no_document", Verdict.FAILED),
    "a document that is none": (lambda files: {**files, DOCUMENT: b"text"}, "document.read", Verdict.FAILED),
    "the document cut": (
        lambda files: {**files, DOCUMENT: files[DOCUMENT][:-2000]},
        "bundle.other_document",
        Verdict.FAILED,
    ),
    "a later version of the index": (
        lambda files: indexed(files, schema="signkit.bundle/9"),
        "bundle.index_version",
        Verdict.INDETERMINATE,
    ),
}


@pytest.mark.parametrize("name", OPERATOR)
def test_what_its_operator_can_do_is_found(made: Any, files: Files, reseal: Any, name: str) -> None:
    """With the seal's own key, a fresh timestamp and a manifest that fits."""
    change, code, verdict = OPERATOR[name]
    report = made.verify(reseal(change(files)))
    assert "bundle.sealed" in codes(report, Verdict.PASSED) or verdict is Verdict.INDETERMINATE
    assert code in codes(report, verdict)
    assert report.verdict is verdict


def test_sealed_again_as_it_was_it_passes(made: Any, files: Files, reseal: Any) -> None:
    """The operator's forgeries above fail for what they say, not for being sealed again."""
    assert made.verify(reseal(files)).verdict is Verdict.PASSED


def test_foreign_containers_are_not_ours(made: Any, files: Files, reseal: Any, tmp_path: Path) -> None:
    """A container without our index cannot be decided; what is no container at all is no document."""
    assert codes(made.verify(reseal({"a.txt": b"x"})), Verdict.INDETERMINATE) == {"bundle.not_ours"}
    (tmp_path / "x.zip").write_bytes(b"PK\3\4" + bytes(200))
    with pytest.raises(DocumentError):
        made.verify(tmp_path / "x.zip")
    assert BundleIndex.decode(files["bundle.json"]).encode() == files["bundle.json"]
