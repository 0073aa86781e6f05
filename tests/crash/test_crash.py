"""``kill -9`` at any durable event of any command leaves a true story, which the same command finishes.

Each story is run on a copy of a home and killed at one point; then ``doctor`` must call the home sound, the same
command must end well, and journal and documents must hold what they would have held without the kill. An ordinary run
takes a sample of the points; ``SIGNKIT_CRASH_POINTS=all`` takes every one.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signkit.model.entry import HOME
from signkit.pages.render import inspect
from signkit.store import open_store
from signkit.testing import crash
from signkit_cli.composition import SystemClock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

ALL = os.environ.get("SIGNKIT_CRASH_POINTS") == "all"


CHANCE = 24
"""By so many points two runs may differ: the digest of a document decides whether its folder is there already."""
ONCE = (
    "created",
    "sent",
    "declined",
    "voided",
    "expired",
    "completing",
    "completed",
    "archived",
    "delegated",
    "reminded",
    "extended",
    "superseded",
    "erased",
)

Entries = dict[str, list[tuple[str, Any]]]
LATER = Path(__file__).resolve().parents[1] / "later.py"
"""The command line with its clock moved on."""
DAYS = 20
"""So far the clock is moved on for what time brings."""


@dataclass(frozen=True)
class Story:
    """One command, the state of the home in which it is run, and what must have come of it."""

    name: str
    state: str
    words: tuple[str, ...]
    ends: tuple[str, ...]
    """States of the envelopes afterwards, oldest first."""
    sample: int = 1
    """Points in an ordinary run; three times as many in a slow one."""
    later: bool = False
    """Whether it is run when deadlines have passed."""


REHEARSE = ("--provider", "rehearsal")
EXPORT = ("envelope", "export", "@e", "--output", "@o")
CORRECT = ("envelope", "correct", "@e", "--title", "Rättad")
EXTEND = ("envelope", "extend", "@e", "--deadline", "2999-12-31")
STORIES = (
    Story("create", "fresh", ("envelope", "create", "@1", "--signatory", "Anna Ek"), ("draft",)),
    Story("create-two", "fresh", ("envelope", "create", "@1", "@2", "--signatory", "A", "--repair"), ("draft",)),
    Story("send", "created", ("envelope", "send", "@e"), ("sent",), 2),
    Story("sign-first", "sent", ("sign", "@e", "--as", "s1", *REHEARSE), ("sent",), 3),
    Story("sign-last", "half", ("sign", "@e", "--as", "s2", *REHEARSE), ("completed",), 4),
    Story("decline", "half", ("decline", "@e", "--as", "s2", "--reason", "nej", "--yes"), ("declined",), 2),
    Story("delegate", "half", ("delegate", "@e", "--as", "s2", "--to", "Dan", "--mandate", "m"), ("sent",)),
    Story("remind", "half", ("envelope", "remind", "@e"), ("sent",)),
    Story("extend", "half", EXTEND, ("sent",)),
    Story("void", "half", ("envelope", "void", "@e", "--yes"), ("voided",)),
    Story("void-draft", "created", ("envelope", "void", "@e", "--yes"), ("voided",)),
    Story("correct", "declined", CORRECT, ("declined", "draft"), 2),
    Story("export", "done", EXPORT, ("completed",)),
    Story("export-unfinished", "half", EXPORT, ("sent",)),
    Story("export-bundle", "done", (*EXPORT, "--bundle"), ("completed",), 2),
    Story("tick", "due", ("tick",), ("sent", "expired", "completed", "declined"), 3, later=True),
    Story("checkpoint", "done", ("journal", "checkpoint"), ("completed",)),
    Story("publish", "done", ("journal", "publish", "@o"), ("completed",)),
    Story("erase", "done", ("journal", "erase", "@e", "--yes"), ("completed",)),
)


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory, protokoll: Path, signkit_at: Any) -> Path:
    """Return a folder with homes, two documents each: fresh, created, sent, half (one of two signed), done and more."""
    root = tmp_path_factory.mktemp("states")
    signkit_at(root / "fresh")("init", "--environment", "test")
    for before, after in (("fresh", "created"), ("created", "sent"), ("sent", "half"), ("half", "done")):
        shutil.copytree(root / before, root / after)
        signkit = signkit_at(root / after)
        if after == "created":
            documents = [protokoll, protokoll.with_name("reglemente.pdf")]
            people = ["Anna Ek <a@example.org>; id=198001011009", "Bo Å <b@example.org>; order=2"]
            envelope = signkit.create(*documents, people=people, more=["--deadline", _days(400)])
        elif after == "sent":
            signkit("envelope", "send", envelope)
        else:
            signkit("sign", envelope, "--as", "s1" if after == "half" else "s2", *REHEARSE)
    (root / "envelope").write_text(envelope)
    shutil.copytree(root / "half", root / "declined")
    signkit_at(root / "declined")("decline", envelope, "--as", "s2", "--yes")
    shutil.copytree(root / "half", root / "due")
    _make_due(signkit_at(root / "due"), protokoll)
    return root


def _days(count: int) -> str:
    return (datetime.now(UTC) + timedelta(days=count)).isoformat(timespec="seconds")


def _make_due(signkit: Any, protokoll: Path) -> None:
    """Add an envelope that will expire, one that its deadline will complete, and one whose completion was cut off."""
    late, rest, cut = (
        signkit.create(protokoll, people=("A <a@example.org>", "B"), more=more)
        for more in (
            ["--deadline", _days(5)],
            ["--deadline", _days(5), "--rule", "deadline=completes"],
            [],
        )
    )
    signkit("envelope", "send", late, rest, cut)
    signkit("sign", rest, "--as", "s1", *REHEARSE)
    config = signkit.home / "config.toml"
    settings = config.read_text()
    dead = '[timestamp.dead]\nurl = "http://127.0.0.1:9/"\n'
    config.write_text(settings.replace('services = ["embedded"]', 'services = ["dead"]') + dead)
    signkit("decline", cut, "--as", "s1", "--yes", code=30)
    config.write_text(settings + "[remind]\nfrom_hour = 0\nto_hour = 24\nweekends = true\n")


@dataclass(frozen=True)
class Scene:
    """A home of its own for one kill."""

    home: Path
    out: Path
    envelope: str
    words: list[str]

    def entries(self) -> dict[str, list[tuple[str, Any]]]:
        """Return type and data of the entries of each envelope, oldest first, and of the home."""
        store = open_store(self.home, readonly=True)
        with store.read() as tx:
            names = [*reversed(tx.envelopes()), HOME]
            found = {name: [(item.entry.type, item.entry.data) for item in tx.entries(name)] for name in names}
        store.close()
        return found


@pytest.fixture
def stage(states: Path, tmp_path: Path, protokoll: Path) -> Callable[[Story], Scene]:
    """Return what sets the scene for a story, anew each time."""
    envelope = (states / "envelope").read_text()
    numbers = iter(range(100_000))

    def scene(story: Story) -> Scene:
        place = tmp_path / str(next(numbers))
        (place / "out").mkdir(parents=True)
        shutil.copytree(states / story.state, place / "home")
        meant = {"@1": protokoll, "@2": protokoll.with_name("reglemente.pdf"), "@e": envelope, "@o": place / "out"}
        words = [str(meant.get(word, word)) for word in story.words]
        return Scene(place / "home", place / "out", envelope, words)

    return scene


def _points(total: int, count: int, *, slow: bool) -> list[int]:
    """Return points between 1 and ``total``, evenly spread; those of a slow run lie between the others."""
    count = 3 * count if slow else count
    return sorted({min(total, 1 + round((step + 0.5) * total / count)) for step in range(count)})


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
@pytest.mark.parametrize("slow", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["few", "many"])
def test_a_kill_leaves_a_true_story(
    story: Story, *, slow: bool, stage: Callable[[Story], Scene], signkit_at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill at a point the home is sound, the same command ends well, and nothing is lost or doubled."""
    if ALL and not slow:
        pytest.skip("the slow run takes every point")
    scene = stage(story)
    total = crash.points(_command(story, scene))
    assert total > 1
    if story.later:
        monkeypatch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + timedelta(days=DAYS))
    if ALL:
        last = next(point for point in itertools.count(1) if not _survive(story, point, stage(story), signkit_at)) - 1
        sys.stderr.write(f"{story.name}: {last} points\n")
        assert abs(last - total) <= CHANCE
        return
    for point in _points(total, story.sample, slow=slow):
        assert _survive(story, point, stage(story), signkit_at) or point > 0.8 * total


def _command(story: Story, scene: Scene) -> list[str | Path]:
    start: list[str | Path] = [LATER, str(DAYS * 24 * 3600)] if story.later else ["signkit"]
    return [*start, "--home", scene.home, *scene.words]


def _survive(story: Story, point: int, scene: Scene, signkit_at: Any) -> bool:
    """Kill at a point and look; return False where the command came to its end before it."""
    where = f"{story.name}, point {point}"
    signkit = signkit_at(scene.home)
    if ALL:
        code = crash.fork(lambda: signkit(*scene.words), point=point)
    else:
        code = crash.run(_command(story, scene), point=point).returncode
    assert code in {0, crash.KILLED}, where
    told = signkit("doctor", "--json").json
    before = scene.entries()
    again = signkit(*scene.words, code=None)
    assert again.code == 0, f"{where}: {again.err}"
    assert signkit("doctor", "--json").json["sound"], where
    signkit("doctor", "--fix", "--yes")
    notes = [item["code"] for item in signkit("doctor", "--json").json["findings"]]
    assert notes == [], f"{where}: {notes}"
    after = scene.entries()
    if story.state != "fresh":
        _journal(story, before, after, told, again.err)
        _documents(story, scene, signkit, after)
    _outside(story, scene, signkit)
    shutil.rmtree(scene.home.parent)
    return code == crash.KILLED


def _journal(story: Story, before: Entries, after: Entries, told: Any, err: str) -> None:
    """Check what was written down: nothing is taken back, nothing is written twice, an orphan is told."""
    for name, entries in after.items():
        assert entries[: len(before.get(name, ()))] == before.get(name, [])
        kinds = Counter(kind for kind, _ in entries)
        for once in ONCE:
            assert kinds[once] <= 1, f"{once} is written {kinds[once]} times"
        people = Counter(data["signatory"] for kind, data in entries if kind == "signed")
        assert set(people.values()) <= {1}
        letters = Counter(
            (data["event"], data["of"], data["to"])
            for kind, data in entries
            if kind == "notified" and data["outcome"] == "sent"
        )
        assert set(letters.values()) <= {1}
    was_open = any(item["code"] == "doctor.ceremony" for item in told["findings"])
    ended = [data for entries in after.values() for kind, data in entries if kind == "ceremony_ended"]
    assert sum(data["outcome"] == "orphaned" for data in ended) == int(was_open)
    assert ("was cut off" in err) == was_open
    assert story.name.startswith("sign") or not was_open


def _documents(story: Story, scene: Scene, signkit: Any, entries: Entries) -> None:
    """Check the newest versions: all signatures, each once, and no object but what is needed."""
    objects = {f"sha256:{path.parent.name}{path.name}" for path in (scene.home / "objects").glob("*/*")}
    needed = set()
    envelopes = [signkit.show(name) for name in entries if name != HOME]
    assert tuple(envelope["state"] for envelope in envelopes) == story.ends
    for envelope in envelopes:
        for item in envelope["documents"]:
            needed |= {item["sha256"], item["current"]["sha256"]}
            digits = item["current"]["sha256"].removeprefix("sha256:")
            found = inspect(scene.home / "objects" / digits[:2] / digits[2:]).signatures
            assert len(found) == _wanted(entries[envelope["id"]])
    assert objects == needed


def _wanted(entries: list[tuple[str, Any]]) -> int:
    """Return how many signatures each document of an envelope has: people, seals and timestamp."""
    kinds = Counter(kind for kind, _ in entries)
    return kinds["sent"] + kinds["signed"] + kinds["completed"] + kinds["archived"]


def _outside(story: Story, scene: Scene, signkit: Any) -> None:
    """Check what left the house: whole, nothing half-written beside it, proved."""
    assert not [path for path in scene.home.parent.rglob("*") if ".partial" in path.name]
    exported = sorted(scene.out.glob("*.pdf"))
    if story.name in {"export", "export-unfinished"}:
        assert len(exported) == 2
        stamped = {"export": 5, "export-unfinished": 3}[story.name]
        assert [len(inspect(path).signatures) for path in exported] == [stamped, stamped]
        assert len(list(scene.out.glob("*.evidence.json"))) == 1
    elif story.name == "export-bundle":
        (bundle,) = scene.out.iterdir()
        assert signkit("verify", bundle, "--json").json["verdict"] == "PASSED"
    elif story.name == "publish":
        signkit("journal", "verify", scene.out)
    elif story.name == "erase":
        database = b"".join(path.read_bytes() for path in scene.home.glob("signkit.sqlite*"))
        assert b"198001011009" not in database
        assert b"Anna Ek" not in database
    elif story.name == "checkpoint":
        signkit("journal", "verify")
