"""Each field of each statement, changed by somebody who holds every key of the organisation: found, or told of.

Two forgers. One lies in a single place: then the file contradicts itself. The other lies from the beginning, so that
all of the organisation's own words agree: then what the eID signed, the original and the timestamps contradict it. What
is left rests on the organisation's word, and docs/trust.md says so, field by field.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from signkit.canonical import Json
from signkit.model.report import Verdict
from signkit.model.statement import Completion, StatementError, decode_statement
from signkit.pades.structure import Pdf
from signkit.pades.validate import preview_signatures
from signkit.testing.attacks.plain import PlainPdf
from signkit.testing.proved import Forgery, Guest, Life, ProvedFile

from .conftest import verify, wrong

Maker = Callable[..., ProvedFile]
Way = tuple[str | int, ...]
ROOT = Path(__file__).resolve().parents[2]
LIFE: dict[str, Any] = {
    "guests": (Guest("Åsa Öberg", "195001019802", "chair"),),
    "deadline": datetime(2099, 12, 24, tzinfo=UTC),
    "source": PlainPdf(catalog=b"/OpenAction << /S /JavaScript /JS (1) >>").build(),
}
"""What a statement can say is said: a number, a deadline, a risk that was accepted."""
OTHERS = {
    "test": "production",
    "production": "test",
    "none": "full",
    "number": "name",
    "name": "number",
    "completed": "voided",
    "signed": "approved",
}
"""What a field of few values says instead."""


def leaves(value: Json, way: Way = ()) -> Iterator[Way]:
    """Give the way to every value that holds no other."""
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from leaves(item, (*way, key))
    else:
        yield way


def another(value: Json) -> Json:
    """Return another value of the same form."""
    if isinstance(value, bool | int):
        return not value if isinstance(value, bool) else value + 1
    if isinstance(value, list | dict):
        return [*value, "x"] if isinstance(value, list) else {**value, "x": "x"}
    if not isinstance(value, str):
        return "x"
    if re.fullmatch(r"(sha256:)?[0-9a-f]{32,64}", value):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    if re.fullmatch(r"[0-9]{4}-.*Z", value):
        return f"{int(value[:4]) + 1}{value[4:]}"
    return OTHERS.get(value, value + "x")


def changed(value: Json, way: Way) -> Json:
    """Return a copy with another value at the end of the way."""
    made = copy.deepcopy(value)
    *above, last = way
    place = made
    for key in above:
        place = place[key]
    place[last] = another(place[last])
    return made


def lie(statement: Any, way: Way) -> Any:
    """Return the statement with a lie, or as it is where no statement can say that: such bytes are refused."""
    try:
        return type(statement).from_json(changed(statement.to_json(), way))
    except StatementError:
        return statement


def named(way: Way) -> str:
    """Return the way as docs/trust.md writes it: numbers of places do not matter, and rules are one thing."""
    words = ["*" if re.fullmatch(r"\d+|s\d+", str(key)) else str(key) for key in way]
    return "rules" if words[0] == "rules" else ".".join(words).removesuffix(".*")


def told(kind: str) -> set[str]:
    """Return the fields of which docs/trust.md says that they rest on the organisation's word."""
    text = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", text, re.MULTILINE)
    return {field for name, fields in rows if name == kind for field in re.findall(r"`(\S+)`", fields)}


class Forger:
    """Tells lies one at a time, and remembers those that nobody found."""

    def __init__(self, make: Maker) -> None:
        self.make, self.believed, self.told = make, set[str](), 0
        self.life = LIFE

    def tell(self, way: Way, forgery: Forgery) -> None:
        """Make a file with the lie and let the archivist judge it, with evidence and openings at hand."""
        self.told += 1
        if verify(self.make(forgery=forgery, **self.life)).verdict is Verdict.PASSED:
            self.believed.add(named(way))

    def each(self, statement: Any, hook: Callable[[Way], Forgery], *, but: frozenset[str] = frozenset()) -> None:
        """Tell a lie in each field that a statement can say it in."""
        for way in leaves(statement.to_json()):
            if but.isdisjoint({way[0], way[-1]}) and lie(statement, way) != statement:
                self.tell(way, hook(way))


@pytest.fixture
def whole(make: Maker) -> ProvedFile:
    """Return an honest file in which everything is said that a statement can say."""
    file = make(**LIFE)
    report = verify(file)
    assert report.verdict is Verdict.PASSED, wrong(report)
    return file


@pytest.fixture
def forger(make: Maker, monkeypatch: pytest.MonkeyPatch) -> Forger:
    """Return somebody with every key of the organisation, who does not wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    return Forger(make)


def test_no_field_of_the_manifest_lies_alone(whole: ProvedFile, forger: Forger):
    """A manifest that says anything else than journal, evidence and file is found, whatever it is."""
    forger.each(whole.manifest, lambda way: Forgery(manifest=lambda made, _: lie(made, way)))
    assert forger.told > 30
    assert forger.believed == set()


@pytest.mark.parametrize("number", ["195001019802", None], ids=["by number", "by name"])
def test_no_field_of_a_signature_lies_alone(number: str | None, make: Maker, forger: Forger):
    """A signature statement that says anything else than the rest is found."""
    forger.life = {**LIFE, "guests": (Guest("Åsa Öberg", number, "chair"),)}
    honest = make(**forger.life)
    assert verify(honest).verdict is Verdict.PASSED
    forger.each(honest.statements["s1"], lambda way: Forgery(statement=lambda made, *_: lie(made, way)))
    assert forger.told > 15
    assert forger.believed == set()


def test_no_field_of_the_completion_lies_alone(whole: ProvedFile, forger: Forger):
    """A completion that says anything else than its own entries is found; entries have a test of their own."""
    hook = lambda way: Forgery(completion=lambda made, _: lie(made, way))  # noqa: E731 - as above
    forger.each(completion_of(whole), hook, but=frozenset({"entries"}))
    assert forger.told > 10
    assert forger.believed == set()


def test_no_field_of_an_entry_lies_alone(whole: ProvedFile, forger: Forger):
    """An entry that says anything else than the statements is found, but for what no statement repeats."""
    seen = set()
    for entry in completion_of(whole).entries:
        kind = entry["type"]
        for way in leaves(entry["data"]):
            if (kind, way) in seen or not way:
                continue
            seen.add((kind, way))
            forger.tell((kind, *way), Forgery(entry=entry_lie(kind, way)))
    assert forger.told > 40
    assert sorted(forger.believed) == sorted(told("entry"))


def test_a_manifest_that_lied_from_the_beginning(whole: ProvedFile, forger: Forger):
    """Where everything of the organisation's agrees, what is left are the fields that docs/trust.md names."""
    forger.each(
        whole.manifest,
        lambda way: Forgery(draft=lambda made, _: lie(made, way)),
        but=frozenset({"journal", "schema", "name_commitment"}),
    )
    assert sorted(forger.believed) == sorted(told("manifest"))


def completion_of(file: ProvedFile) -> Completion:
    """Return the completion statement in a file."""
    pdf = Pdf.open(file.path)
    found = [
        decode_statement(item.statement) for item in preview_signatures(pdf, pdf.view().signatures) if item.statement
    ]
    return next(item for item in found if isinstance(item, Completion))


def entry_lie(kind: str, way: Way) -> Callable[[dict[str, Any], str, Life], dict[str, Any]]:
    """Return a hook that changes the first entry of a kind."""
    done: list[str] = []

    def hook(data: dict[str, Any], name: str, _life: Life) -> dict[str, Any]:
        if name != kind or done:
            return data
        done.append(name)
        return changed(data, way)  # type: ignore[no-any-return]

    return hook
