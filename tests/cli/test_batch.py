"""``signkit batch``: many steps from one file, each done once, whatever happens in between."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from signkit_cli.batching.items import read_items
from signkit_cli.batching.ledger import ledger_path

PEOPLE = ["Anna Ek <a@example.se>; role=chair", "Bo Ek"]


def write(path: Path, *rows: Any) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def told(ran: Any) -> list[Any]:
    return [json.loads(line) for line in ran.out.splitlines()]


def life(protokoll: Path, out: Path, *, ref: str = "a") -> list[dict[str, Any]]:
    return [
        {"op": "create", "ref": ref, "documents": [str(protokoll)], "signatories": PEOPLE, "meta": {"case": "KS 1"}},
        {"op": "send", "envelope": ref},
        {"op": "remind", "envelope": ref},
        {"op": "sign", "envelope": ref, "as": "all"},
        {"op": "export", "envelope": ref, "output": str(out)},
    ]


def test_a_whole_life_from_one_file(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """Create, send, remind, sign, export, then verify: one line each; a second run does nothing again."""
    file = write(tmp_path / "b.jsonl", *life(protokoll, tmp_path / "out"))
    lines = told(signkit("batch", file, "--json"))
    assert [(line["op"], line["status"]) for line in lines] == [
        (op, "done") for op in ("create", "send", "remind", "sign", "export")
    ]
    assert len({line["envelope"] for line in lines}) == 1
    assert lines[3]["result"]["state"] == "completed"
    signed = next(item["path"] for item in lines[4]["result"]["files"] if item["kind"] == "signed")
    again = told(signkit("batch", file, "--json"))
    assert {line["status"] for line in again} == {"skipped"}
    assert len(signkit("envelope", "list", "--json").out.splitlines()) == 1
    checks = write(tmp_path / "v.jsonl", {"op": "verify", "paths": [signed]})
    (checked,) = told(signkit("batch", checks, "--json"))
    assert checked["result"]["verdict"] == "PASSED"


def test_csv(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """A heading with names of options; several values in one cell are parted by a bar."""
    file = tmp_path / "b.csv"
    file.write_text(
        "op;key;ref;documents;signatories;title;envelope\n"
        f"create;k1;a;{protokoll};Anna Ek <a@example.se>|Bo Ek;Protokoll åäö;\n"
        "send;k2;;;;;a\n",
        encoding="utf-8",
    )
    made, sent = told(signkit("batch", file, "--json"))
    assert (made["key"], sent["key"]) == ("k1", "k2")
    assert made["result"]["title"] == "Protokoll åäö"
    assert [item["name"] for item in made["result"]["signatories"]] == ["Anna Ek", "Bo Ek"]
    assert sent["result"]["state"] == "sent"


def test_errors_and_going_on(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """The first error ends a batch unless told otherwise: 41 where nothing was done, 40 where something was."""
    rows: list[Any] = [
        {"op": "send", "envelope": "nosuch"},
        "{not json",
        {"op": "fly", "envelope": "x"},
        {"op": "create", "documents": ["/nowhere.pdf"], "signatories": ["A"], "ref": "z"},
        {"op": "send", "envelope": "z"},
        {"op": "create", "documents": [str(protokoll)], "signatories": [{"name": "Anna Ek", "role": "chair"}]},
        {"op": "create", "documents": [str(protokoll)], "signatories": ["A"], "wings": 2},
        {"op": "create", "documents": [str(protokoll)], "signatories": ["A"], "title": "--yes"},
        {"op": "void", "envelope": "nosuch"},
    ]
    file = write(tmp_path / "b.jsonl", *rows)
    (first,) = told(signkit("batch", file, "--json", code=41))
    assert (first["status"], first["exit_code"], first["error"]["code"]) == ("failed", 10, "envelope.not_found")
    lines = told(signkit("batch", file, "--continue-on-error", "--json", code=40))
    assert [line["exit_code"] for line in lines] == [10, 2, 2, 13, 10, 0, 2, 0, 10]
    assert [line["status"] == "done" for line in lines] == [not line["exit_code"] for line in lines]
    assert all(line["error"]["schema"] == "signkit.error/1" for line in lines if line["exit_code"])
    assert lines[7]["result"]["title"] == "--yes"
    human = signkit("batch", file, "--continue-on-error", code=40)
    assert "skipped" in human.out
    assert "Traceback" not in human.err


def test_a_dry_run_does_nothing(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """Words, files and envelopes are checked; the home stays as it is and nothing counts as done."""
    rows = life(protokoll, tmp_path / "out")
    file = write(tmp_path / "b.jsonl", *rows, {"op": "send", "envelope": "nosuch"}, {"op": "send", "bad": 1})
    before = {path: path.read_bytes() for path in signkit.home.rglob("*") if path.is_file() and "-shm" not in path.name}
    lines = told(signkit("batch", file, "--dry-run", "--continue-on-error", "--json", code=40))
    assert [line["status"] for line in lines] == ["planned"] * 5 + ["failed"] * 2
    after = {path: path.read_bytes() for path in signkit.home.rglob("*") if path.is_file() and "-shm" not in path.name}
    assert after == before
    assert [line["status"] for line in told(signkit("batch", file, "--json", code=40))][:5] == ["done"] * 5


@pytest.mark.parametrize("done", [1, 2, 4, 5])
def test_a_run_that_was_killed_goes_on(signkit: Any, protokoll: Path, tmp_path: Path, done: int) -> None:
    """Killed after a step and before it was written down: the step is not done twice, and the rest follows."""
    rows = life(protokoll, tmp_path / "out")
    file = write(tmp_path / "b.jsonl", *rows[:done])
    first = told(signkit("batch", file, "--json"))[0]["envelope"]
    ledger = ledger_path(signkit.home, file)
    lines = ledger.read_text(encoding="utf-8").splitlines()
    ledger.write_text("\n".join(lines[:-1]) + '\n{"schema": "signkit.led', encoding="utf-8")
    write(file, *rows)
    again = told(signkit("batch", file, "--yes", "--json"))
    assert [line["status"] for line in again] == ["skipped"] * (done - 1) + ["done"] * (6 - done)
    assert {line["envelope"] for line in again} == {first}
    assert len(signkit("envelope", "list", "--json").out.splitlines()) == 1


def test_starting_anew_and_two_runs_at_once(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """--fresh forgets what was done; one ledger is for one run at a time."""
    import fcntl

    file = write(tmp_path / "b.jsonl", {"op": "create", "documents": [str(protokoll)], "signatories": ["A"]})
    made = {told(signkit("batch", file, *more, "--json"))[0]["envelope"] for more in ((), ("--fresh",))}
    assert len(made) == 2
    with ledger_path(signkit.home, file).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert signkit("batch", file, "--json", code=11).error["code"] == "store.locked"


@pytest.mark.parametrize(
    "content", ["", "\n\n", '{"op": "send", "envelope": "a", "key": "k"}\n{"op": "send", "envelope": "b", "key": "k"}']
)
def test_files_that_are_no_batches(signkit: Any, tmp_path: Path, content: str) -> None:
    """Nothing in it, or one key twice: refused before anything is done."""
    (tmp_path / "b.jsonl").write_text(content, encoding="utf-8")
    assert signkit("batch", tmp_path / "b.jsonl", "--json", code=2).error["code"] == "usage.batch"
    assert signkit("batch", tmp_path / "none.jsonl", "--json", code=2).error["code"] == "usage.batch"


def test_the_same_line_twice_is_two_steps(tmp_path: Path) -> None:
    """Items without a key are known by what they say and how often it was said before."""
    row = {"op": "remind", "envelope": "a"}
    one, two = read_items(write(tmp_path / "b.jsonl", row, row))
    assert one.key != two.key
    assert read_items(write(tmp_path / "c.jsonl", {"op": "send", "envelope": "b"}, row))[1].key == one.key


@pytest.mark.slow
def test_several_clerks_and_cron_at_once(signkit: Any, protokoll: Path, tmp_path: Path) -> None:
    """Three batches and the clock's errands at once on one home: nothing is lost, and the journal holds together."""
    files = [
        write(tmp_path / f"{name}.jsonl", *life(protokoll, tmp_path / name, ref="x"), *life(protokoll, tmp_path / "o"))
        for name in "abc"
    ]
    front = [sys.executable, "-m", "signkit_cli", "--home", str(signkit.home), "--json", "--lang", "en"]
    jobs = [[*front, "--yes", "batch", str(file)] for file in files] + [[*front, "tick"]] * 2
    running = [
        subprocess.Popen(job, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for job in jobs
    ]
    for process in running:
        _, err = process.communicate(timeout=180)
        assert process.returncode == 0, err
    states = Counter(item["state"] for item in told(signkit("envelope", "list", "--json")))
    assert states == {"completed": 6}
    health = signkit("doctor", "--json").json
    assert health["sound"], health
