"""The life of an envelope: delegate, correct, extend, expire, remind, tick."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from signkit.store import open_store
from signkit.workflows import create

SIGN = ("--provider", "rehearsal")
TO = ("--to", "Dan Legat <dan@example.org>; id=195001189801", "--mandate", "Delegationsordning 4.2")


def entries(home: Any, envelope: str) -> list[str]:
    store = open_store(home.home, readonly=True)
    with store.read() as tx:
        found = [item.entry.type for item in tx.entries(envelope)]
    store.close()
    return found


def notes(report: Any) -> dict[str, str]:
    return {item["code"]: item["message"] for item in report["findings"] if item["verdict"] == "PASSED"}


def test_a_delegate_signs_in_the_delegator_s_field(home: Any, judge: Any, protokoll: Path):
    """The certificate is the delegate's, the place the delegator's, and verify follows the mandate."""
    envelope = home.create(protokoll, people=("Anna Ek; id=198001011009; role=chair", "Bo Å"))
    home("envelope", "send", envelope)
    for _ in range(2):
        home("delegate", envelope, "--as", "Anna Ek", *TO)
    assert entries(home, envelope).count("delegated") == 1
    shown = home.show(envelope)["signatories"][0]
    assert (shown["state"], shown["delegate"]) == ("delegated", "Dan Legat")
    home("sign", envelope, "--as", "dan@example.org", *SIGN)
    home("sign", envelope, "--as", "s2", *SIGN)
    assert home.show(envelope)["signatories"][0]["state"] == "signed"
    report = judge(envelope)
    assert report["verdict"] == "PASSED"
    assert "Dan Legat" in notes(report)["rules.mandate"]
    assert "Delegationsordning 4.2" in notes(report)["rules.mandate_words"]
    assert home("doctor", "--json").json["sound"]
    assert report["claims"]["C3b"]["verdict"] == "PASSED"
    assert next(item for item in report["signatures"] if item["field"].endswith("-s1"))["name"] == "Dan Legat"


def test_a_mandate_has_its_limits(home: Any, protokoll: Path):
    """Nobody signs for two, nobody delegates what is filled, and a mandate says something."""
    envelope = home.create(protokoll, people=("Anna Ek; id=198001011009", "Bo Å"))
    home("delegate", envelope, "--as", "s1", *TO, code=10)
    home("envelope", "send", envelope)
    home("delegate", envelope, "--as", "s1", "--to", "Bo Å", "--mandate", "x", code=2)
    home("delegate", envelope, "--as", "s1", "--to", "X; id=198001011009", "--mandate", "x", code=2)
    home("delegate", envelope, "--as", "s1", "--to", "Dan; role=chair", "--mandate", "x", code=2)
    home("delegate", envelope, "--as", "s1", "--to", "Dan", "--mandate", " ", code=2)
    home("sign", envelope, "--as", "s1", *SIGN)
    home("delegate", envelope, "--as", "s1", *TO, code=10)


def test_a_corrected_envelope_is_linked_to_the_declined_one(home: Any, judge: Any, protokoll: Path):
    """The new manifest names the old envelope and the entry with which it ended; both show the link."""
    people = ("Anna Ek; role=chair; id=198001011009", "Bo Å; role=adjuster; paragraphs=41-45", "V; capacity=viewer")
    old = home.create(protokoll, people=people, more=["--title", "Protokoll", "--meta", "case=KS 1"])
    home("envelope", "correct", old, code=10)
    home("envelope", "send", old)
    home("decline", old, "--as", "s2", "--reason", "fel i § 43", "--yes")
    new = home("envelope", "correct", old, "--json").json
    assert home("envelope", "correct", old, "--json").json["id"] == new["id"]
    assert (new["title"], new["metadata"], new["corrects"]) == ("Protokoll", {"case": "KS 1"}, old)
    was = home.show(old)
    assert was["corrected_by"] == new["id"]
    for key in ("name", "role", "order", "paragraphs", "capacity"):
        assert [item[key] for item in new["signatories"]] == [item[key] for item in was["signatories"]]
    home("envelope", "send", new["id"])
    home("sign", new["id"], "--as", "all", *SIGN)
    report = judge(new["id"])
    assert report["verdict"] == "PASSED"
    assert old in notes(report)["rules.corrects"]
    assert home("doctor", "--json").json["findings"] == []
    home("envelope", "correct", old, code=10)


def test_a_correction_takes_new_documents_and_people(home: Any, protokoll: Path):
    """What is said is new, what is not said stays."""
    old = home.create(protokoll, people=("Anna Ek",))
    home("envelope", "void", old, "--yes")
    other = protokoll.with_name("reglemente.pdf")
    new = home("envelope", "correct", old, other, "--signatory", "Bo Å", "--json").json
    assert [item["name"] for item in new["documents"]] == ["reglemente.pdf"]
    assert [item["name"] for item in new["signatories"]] == ["Bo Å"]
    home("envelope", "correct", old, "--json", code=10)


def test_others_may_go_on_while_a_correction_is_made(home: Any, clock: Any, protokoll: Path, monkeypatch: Any):
    """A document that takes a minute, and an export of the old envelope in that minute, are no wrong clock."""
    old = home.create(protokoll)
    home("envelope", "send", old)
    home("envelope", "void", old, "--yes")
    real = create._document

    def slowly(*words: Any, **more: Any) -> Any:
        clock.move(minutes=1)
        home("envelope", "export", old, "--output", home.home.parent / "meanwhile")
        return real(*words, **more)

    monkeypatch.setattr(create, "_document", slowly)
    assert home("envelope", "correct", old, "--json").json["corrects"] == old
    assert home("doctor", "--json").json["sound"]


def test_more_time_counts_from_when_it_was_given(home: Any, judge: Any, clock: Any, protokoll: Path):
    """A signature after the first deadline and before the second is in time."""
    envelope = home.create(protokoll, more=["--deadline", clock.date(5)])
    home("envelope", "send", envelope)
    home("envelope", "extend", envelope, "--deadline", clock.date(3), code=2)
    later = clock.date(20)
    for _ in range(2):
        home("envelope", "extend", envelope, "--deadline", later)
    assert entries(home, envelope).count("extended") == 1
    clock.move(days=10)
    home("sign", envelope, "--as", "s1", *SIGN)
    assert judge(envelope)["verdict"] == "PASSED"


def test_too_late_is_too_late(home: Any, clock: Any, protokoll: Path):
    """After the deadline nobody extends, delegates, reminds or signs; tick says that it expired."""
    envelope = home.create(protokoll, more=["--deadline", clock.date(5)])
    open_ended = home.create(protokoll)
    home("envelope", "send", envelope, open_ended)
    home("envelope", "extend", open_ended, "--deadline", clock.date(9), code=2)
    clock.move(days=6)
    home("envelope", "extend", envelope, "--deadline", clock.date(20), code=21)
    home("delegate", envelope, "--as", "s1", *TO, code=21)
    home("envelope", "remind", envelope, code=21)
    done = home("tick", "--json").json["done"]
    assert {"envelope": envelope, "action": "expired", "signatory": None} in done
    assert home.show(envelope)["state"] == "expired"
    home("envelope", "correct", envelope, code=2)
    new = home("envelope", "correct", envelope, "--deadline", clock.date(9), "--json").json
    assert new["corrects"] == envelope


def test_a_reminder_is_one_however_often_it_is_asked_for(home: Any, clock: Any, protokoll: Path):
    """Only those whose turn it is; again after a day."""
    envelope = home.create(protokoll, people=("Anna Ek", "Bo Å", "Cia Ö; order=2"))
    home("envelope", "send", envelope)
    home("sign", envelope, "--as", "s1", *SIGN)
    for _ in range(3):
        home("envelope", "remind", envelope)
    assert entries(home, envelope).count("reminded") == 1
    clock.move(days=1)
    home("envelope", "remind", envelope)
    assert entries(home, envelope).count("reminded") == 2


def test_tick_reminds_on_its_own_and_by_day(home: Any, clock: Any, protokoll: Path):
    """An hour's ticks over four weeks: no more reminders than the plan says, none at night."""
    envelope = home.create(protokoll, more=["--deadline", clock.date(28)])
    home("envelope", "send", envelope)
    for _ in range(28 * 4 - 1):
        clock.move(hours=6)
        home("tick")
    store = open_store(home.home, readonly=True)
    with store.read() as tx:
        times = [item.entry.at for item in tx.entries(envelope) if item.entry.type == "reminded"]
    store.close()
    assert 3 <= len(times) <= 8
    assert all(5 <= moment.hour < 20 for moment in times)
    clock.move(hours=12)
    assert [item["action"] for item in home("tick", "--json").json["done"]] == ["expired"]


def test_tick_tidies_up_a_ceremony_whose_process_died(home: Any, clock: Any, protokoll: Path, monkeypatch: Any):
    """After an hour it is orphaned, and the person may be asked again."""
    envelope = home.create(protokoll)
    home("envelope", "send", envelope)
    with monkeypatch.context() as patch:
        patch.setattr("signkit.workflows.ceremony._end", lambda *_, **__: None)
        home("sign", envelope, "--as", "s1", *SIGN, "--rehearse", "decline", code=20)
    assert home("tick", "--json").json["done"] == []
    clock.move(hours=2)
    assert home("tick", "--json").json["done"][0]["action"] == "orphaned"
    home("sign", envelope, "--as", "s1", *SIGN)
