"""``kill -9`` at any durable event of any command leaves a true story, which the same command finishes.

Each story is run on a copy of a home and killed at one point; then ``doctor`` must call the home sound, the same
command must end well, and journal and documents must hold what they would have held without the kill. An ordinary run
takes a sample of the points; ``SIGNKIT_CRASH_POINTS=all`` takes every one.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from signkit.pages.render import inspect
from signkit.store import open_store
from signkit.testing import crash

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

ALL = os.environ.get("SIGNKIT_CRASH_POINTS") == "all"


@dataclass(frozen=True)
class Story:
    """One command, the state of the home in which it is run, and what must have come of it."""

    name: str
    state: str
    words: tuple[str, ...]
    ends: str
    """State of the envelope afterwards."""
    signatures: int = 0
    """Signatures in each document afterwards, seals and timestamps too."""
    sample: int = 1
    """Points in an ordinary run; three times as many in a slow one."""


REHEARSE = ("--provider", "rehearsal")
STORIES = (
    Story("create", "fresh", ("envelope", "create", "@1", "--signatory", "Anna Ek"), "draft", 0, 1),
    Story("create-two", "fresh", ("envelope", "create", "@1", "@2", "--signatory", "A", "--repair"), "draft", 0, 1),
    Story("send", "created", ("envelope", "send", "@e"), "sent", 1, 2),
    Story("sign-first", "sent", ("sign", "@e", "--as", "s1", *REHEARSE), "sent", 2, 3),
    Story("sign-last", "half", ("sign", "@e", "--as", "s2", *REHEARSE), "completed", 5, 4),
    Story("decline", "half", ("decline", "@e", "--as", "s2", "--reason", "nej", "--yes"), "declined", 4, 2),
    Story("delegate", "half", ("delegate", "@e", "--as", "s2", "--to", "Dan", "--mandate", "m"), "sent", 2, 1),
    Story("remind", "half", ("envelope", "remind", "@e"), "sent", 2, 1),
    Story("void", "half", ("envelope", "void", "@e", "--yes"), "voided", 4, 1),
    Story("void-draft", "created", ("envelope", "void", "@e", "--yes"), "voided", 0, 1),
    Story("export", "done", ("envelope", "export", "@e", "--output", "@o"), "completed", 5, 1),
    Story("export-unfinished", "half", ("envelope", "export", "@e", "--output", "@o"), "sent", 2, 1),
)


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory, protokoll: Path, signkit_at: Any) -> Path:
    """Return a folder with homes: fresh, created, sent, half (one of two has signed), done; two documents each."""
    root = tmp_path_factory.mktemp("states")
    signkit_at(root / "fresh")("init", "--environment", "test")
    for before, after in (("fresh", "created"), ("created", "sent"), ("sent", "half"), ("half", "done")):
        shutil.copytree(root / before, root / after)
        signkit = signkit_at(root / after)
        if after == "created":
            documents = [protokoll, protokoll.with_name("reglemente.pdf")]
            envelope = signkit.create(*documents, people=["Anna Ek; id=198001011009", "Bo Å; order=2"])
        elif after == "sent":
            signkit("envelope", "send", envelope)
        else:
            signkit("sign", envelope, "--as", "s1" if after == "half" else "s2", *REHEARSE)
    (root / "envelope").write_text(envelope)
    return root


@dataclass(frozen=True)
class Scene:
    """A home of its own for one kill."""

    home: Path
    out: Path
    envelope: str
    words: list[str]

    def entries(self) -> list[tuple[str, Any]]:
        """Return type and data of the envelope's entries."""
        store = open_store(self.home, readonly=True)
        with store.read() as tx:
            found = [(item.entry.type, item.entry.data) for item in tx.entries(self.envelope)]
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
    if ALL:
        return list(range(1, total + 1))
    count = 3 * count if slow else count
    return sorted({min(total, 1 + round((step + 0.5) * total / count)) for step in range(count)})


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
@pytest.mark.parametrize("slow", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["few", "many"])
def test_a_kill_leaves_a_true_story(
    story: Story, *, slow: bool, stage: Callable[[Story], Scene], signkit_at: Any
) -> None:
    """After a kill at a point the home is sound, the same command ends well, and nothing is lost or doubled."""
    if ALL and not slow:
        pytest.skip("the slow run takes every point")
    scene = stage(story)
    total = crash.points(["signkit", "--home", scene.home, *scene.words])
    assert total > 1
    points = _points(total, story.sample, slow=slow)
    for point in points:
        _survive(story, point, stage(story), signkit_at)
    if ALL:
        sys.stderr.write(f"{story.name}: {len(points)} of {total} points\n")


def _survive(story: Story, point: int, scene: Scene, signkit_at: Any) -> None:
    where = f"{story.name}, point {point}"
    signkit = signkit_at(scene.home)
    if ALL:
        assert crash.fork(lambda: signkit(*scene.words), point=point) == crash.KILLED, where
    else:
        killed = crash.run(["signkit", "--home", scene.home, *scene.words], point=point)
        assert killed.returncode == crash.KILLED, killed.stderr
    told = signkit("doctor", "--json").json
    before = scene.entries()
    again = signkit(*scene.words, code=None)
    assert again.code == 0, f"{where}: {again.err}"
    assert signkit("doctor", "--json").json["sound"], where
    signkit("doctor", "--fix", "--yes")
    notes = [item["code"] for item in signkit("doctor", "--json").json["findings"]]
    assert notes == [], f"{where}: {notes}"
    if story.state != "fresh":
        _journal(story, before, scene.entries(), told, again.err)
        _documents(story, scene, signkit.show(scene.envelope))
    shutil.rmtree(scene.home.parent)


def _journal(story: Story, before: list[tuple[str, Any]], after: list[tuple[str, Any]], told: Any, err: str) -> None:
    """Check what was written down: nothing is taken back, nothing is written twice, an orphan is told."""
    assert after[: len(before)] == before
    kinds = Counter(kind for kind, _ in after)
    for once in (
        "created",
        "sent",
        "declined",
        "voided",
        "completing",
        "completed",
        "archived",
        "delegated",
        "reminded",
    ):
        assert kinds[once] <= 1, f"{once} is written {kinds[once]} times"
    people = Counter(data["signatory"] for kind, data in after if kind == "signed")
    assert set(people.values()) <= {1}
    was_open = any(item["code"] == "doctor.ceremony" for item in told["findings"])
    orphaned = sum(1 for kind, data in after if kind == "ceremony_ended" and data["outcome"] == "orphaned")
    assert orphaned == int(was_open)
    assert ("was cut off" in err) == was_open
    assert story.name.startswith("sign") or not was_open


def _documents(story: Story, scene: Scene, envelope: Any) -> None:
    """Check the newest versions: all signatures, each once, and no object but what is needed."""
    assert envelope["state"] == story.ends
    objects = {f"sha256:{path.parent.name}{path.name}" for path in (scene.home / "objects").glob("*/*")}
    needed = {digest for item in envelope["documents"] for digest in (item["sha256"], item["current"]["sha256"])}
    assert objects == needed
    for item in envelope["documents"]:
        digits = item["current"]["sha256"].removeprefix("sha256:")
        found = inspect(scene.home / "objects" / digits[:2] / digits[2:]).signatures
        assert len(found) == story.signatures
    if story.name.startswith("export"):
        exported = sorted(scene.out.glob("*.pdf"))
        assert len(exported) == len(envelope["documents"])
        stamped = story.signatures + (story.ends == "sent")
        assert [len(inspect(path).signatures) for path in exported] == [stamped, stamped]
        assert len(list(scene.out.glob("*.evidence.json"))) == 1
