"""Bundles over a log that the operator made anew with every key: another tree, another generation, fewer entries."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signkit import canonical
from signkit.journal.checkpoint import parse_checkpoint, sign_checkpoint
from signkit.journal.merkle import LeafNodes, consistency_proof, inclusion_proof, leaf_hash, root_of
from signkit.journal.proof import TlogProof
from signkit.journal.tree import Tree
from signkit.model.report import Report, Verdict
from signkit.ports.keys import KeyName
from signkit.testing.containers import unpack
from signkit.workflows.desk import Desk

Files = dict[str, bytes]


def codes(report: Report, verdict: Verdict) -> set[str]:
    """Return the codes of the findings with that verdict."""
    return {item.code for item in report.findings if item.verdict is verdict}


def index_of(files: Files) -> dict[str, Any]:
    """Return the index as JSON."""
    value: Any = canonical.decode(files["bundle.json"], max_bytes=1 << 20)
    return dict(value)


def relogged(
    files: Files, desk: Desk, *, leaves: Sequence[bytes], origin: str, old: int, after: Sequence[bytes] = ()
) -> Files:
    """Put all entries of a bundle into another log, signed, anchored and proved as it should be.

    Args:
        files: the bundle's.
        desk: the operator's keys.
        leaves: digests of the other log's entries before those of the bundle.
        origin: what the other log is called.
        old: size of the completion's checkpoint, from which growth is claimed.
        after: digests of the other log's entries behind those of the bundle.
    """
    index = index_of(files)
    raws = [files[item["entry"]] for item in index["entries"]]
    hashes = [leaf_hash(leaf) for leaf in [*leaves, *map(canonical.digest, raws), *after]]
    nodes, size = LeafNodes(hashes), len(hashes)
    note = sign_checkpoint(origin, size, root_of(nodes, size), desk.keys.key(KeyName.JOURNAL))
    token = desk.stamps.timestamper.timestamp(parse_checkpoint(note).imprint).token
    growth = [in_base64(item) for item in consistency_proof(nodes, old=min(old, size), new=size)]
    made = {**files, "journal/checkpoint": note, "journal/checkpoint.tsr": token}
    made["bundle.json"] = canonical.encode({**index, "consistency": {str(old): growth}, "erasures": []})
    for number, item in enumerate(index["entries"]):
        at = len(leaves) + number
        made[item["proof"]] = TlogProof(at, tuple(inclusion_proof(nodes, index=at, size=size)), note).encode()
    return made


def in_base64(raw: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(raw).decode("ascii")


def completing(files: Files) -> int:
    """Return the size of the checkpoint in the completion seal: the growth that the bundle shows begins there."""
    return min(int(size) for size in index_of(files)["consistency"])


@pytest.mark.parametrize("generation", ["", "/2"])
def test_a_log_made_anew_is_found_in_every_generation(
    made: Any, files: Files, desk: Desk, reseal: Any, generation: str
) -> None:
    """Entries that were never there come first; a new name of the log does not excuse it."""
    forged = relogged(files, desk, leaves=[b"x" * 32] * 3, origin=desk.origin + generation, old=completing(files))
    report = made.verify(reseal(forged))
    assert report.verdict is Verdict.FAILED
    assert "bundle.consistency" in codes(report, Verdict.FAILED)


def test_a_log_that_began_again_after_a_restore_passes(made: Any, files: Files, desk: Desk, reseal: Any) -> None:
    """An honest second generation holds what the first signed for."""
    again = relogged(files, desk, leaves=[], origin=f"{desk.origin}/2", old=completing(files))
    report = made.verify(reseal(again))
    assert report.verdict is Verdict.PASSED
    assert "bundle.history" in codes(report, Verdict.PASSED)


def test_a_proof_with_a_signature_that_is_none_is_found(made: Any, files: Files, reseal: Any) -> None:
    """The checkpoint within each proof file is one that the log signed, not only one that says the same."""
    name = index_of(files)["entries"][3]["proof"]
    head, _, line = files[name].rstrip(b"\n").rpartition(b" ")
    changed = line[:20] + (b"A" if line[20:21] != b"A" else b"B") + line[21:]
    report = made.verify(reseal({**files, name: head + b" " + changed + b"\n"}))
    assert "bundle.proof" in codes(report, Verdict.FAILED)


def shortened(files: Files) -> Files:
    """Leave out every entry after *archived*."""
    entries = index_of(files)["entries"]
    archived = next(at for at, item in enumerate(entries) if type_of(files, item) == "archived")
    assert len(entries) > archived + 1
    return {**files, "bundle.json": canonical.encode({**index_of(files), "entries": entries[: archived + 1]})}


def type_of(files: Files, item: dict[str, str]) -> str:
    """Return the type of an entry."""
    value: Any = canonical.decode(files[item["entry"]])
    return str(value["type"])


def test_what_came_after_the_archiving_may_be_left_out(made: Any, at: Any, reseal: Any, tmp_path: Path) -> None:
    """A limit that is told: alone the shorter bundle passes; the home proves that the log held more by then."""
    value = at("envelope", "export", made.envelope, "--bundle", "--output", tmp_path, "--json").json
    newer = unpack(Path(value["files"][0]["path"]))
    left_out = index_of(newer)["entries"][-1]
    assert type_of(newer, left_out) == "exported"
    assert made.verify(reseal(shortened(newer))).verdict is Verdict.PASSED
    proof = TlogProof.decode(newer[left_out["proof"]])
    short = parse_checkpoint(newer["journal/checkpoint"])
    assert proof.index < short.size
    assert proof.inclusion().holds(canonical.digest(newer[left_out["entry"]]), checkpoint=short)


def test_what_came_after_the_archiving_may_never_have_been_logged(
    made: Any, at: Any, desk: Desk, reseal: Any, tmp_path: Path
) -> None:
    """Where another log was signed for it, the bundle passes alone; the home, or who kept a checkpoint, sees a fork."""
    value = at("envelope", "export", made.envelope, "--bundle", "--output", tmp_path, "--json").json
    cut = shortened(unpack(Path(value["files"][0]["path"])))
    forged = relogged(cut, desk, leaves=[], origin=desk.origin, old=completing(cut), after=[b"x" * 32])
    assert made.verify(reseal(forged)).verdict is Verdict.PASSED
    (tmp_path / "theirs").write_bytes(forged["journal/checkpoint"])
    report = at("journal", "verify", "--checkpoint", tmp_path / "theirs", "--json", code=3).json
    assert {item["code"] for item in report["findings"]} == {"journal.fork"}


HOWS = ("alter", "drop", "reorder", "insert", "truncate", "back-date", "fork")


def rewritten(history: list[dict[str, Any]], how: str, at: int) -> list[dict[str, Any]]:
    """Return another history, chained as it should be."""
    made = list(history)
    if how == "alter":
        made[at] = {**made[at], "nonce": "0" * 32}
    elif how == "drop":
        del made[at]
    elif how == "reorder":
        made[at - 1 : at + 1] = [made[at], made[at - 1]]
    elif how == "insert":
        made.insert(at, {**made[at], "nonce": "0" * 32})
    elif how == "truncate":
        del made[at:]
    elif how == "back-date":
        made[at] = {**made[at], "at": made[at - 1]["at"]}
    else:
        made[at:] = [{**item, "nonce": "f" * 32} for item in made[at:]]
    previous: str | None = None
    for number, item in enumerate(made):
        made[number] = {**item, "seq": number, "prev": previous}
        previous = canonical.digest_text(canonical.digest(canonical.encode(made[number])))
    return made


@settings(max_examples=7, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(forgery=st.tuples(st.sampled_from(HOWS), st.integers(0, 10_000)))
def test_whatever_history_its_operator_makes_is_found(
    made: Any, files: Files, desk: Desk, reseal: Any, forgery: tuple[str, int]
) -> None:
    """With every key, and chain, log, proofs and checkpoint made anew.

    What the completion seal covers is found in the bundle; what came later, by whoever has the log or kept a checkpoint
    of it. What passes both is the true history, or its beginning.
    """
    how, place = forgery
    true = [dict(canonical.decode(files[item["entry"]])) for item in index_of(files)["entries"]]
    sealed = 1 + next(at for at, item in enumerate(true) if item["type"] == "completing")
    history = rewritten(true, how, 1 + place % (len(true) - 1))  # how many there are is no part of what is drawn
    names = [{"entry": f"journal/x/{n}.json", "proof": f"journal/x/{n}.tlog-proof"} for n in range(len(history))]
    forged = {**files, "bundle.json": canonical.encode({**index_of(files), "entries": names})}
    forged |= {name["entry"]: canonical.encode(item) for name, item in zip(names, history, strict=True)}
    forged = relogged(forged, desk, leaves=[], origin=desk.origin, old=completing(files))
    verdict = made.verify(reseal(forged)).verdict
    if history[:sealed] != true[:sealed]:
        assert verdict is Verdict.FAILED
    elif history != true[: len(history)]:
        checkpoint = parse_checkpoint(forged["journal/checkpoint"])
        with desk.store.read() as tx:
            tree = Tree(tx)
            assert checkpoint.size > tree.size or tree.root(checkpoint.size) != checkpoint.root
    elif history[-1]["type"] == "completing":
        assert verdict is Verdict.FAILED
