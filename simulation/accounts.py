"""At the end of the week: everything that is open is closed, every file judged, every letter accounted for."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from simulation.clerks import Act
from simulation.model import ENDED, Case
from simulation.week import Week

__all__ = ["close_the_books", "figures", "judge_files", "judge_home", "judge_letters"]

_ONCE = ("invited", "completed", "voided", "expired", "corrected")
_CLOSING = {"completed": "completed", "declined": "declined", "voided": "voided", "expired": "expired"}


def close_the_books(week: Week) -> None:
    """Let fair weather come, send what is a draft still, and let the days go by until nothing is open."""
    town = week.town
    if not town.vouched:
        town.witness(up=True)
    town.move(mail="fine", hook="fine", stamps="fine")
    for _ in range(12):
        town.move(shift=town.weather.shift + 86_400)
        tick = town.clerks.one("tick")
        assert tick.json["failed"] == [], tick.err
        week.round([])
    for case in week.cases.values():
        if case.state == "sent" and case.deadline is None:  # forgotten, without a last day: the clerk takes it back
            town.clerks.one("envelope", "void", case.id, "--yes")
            case.state = "voided"
    tick = town.clerks.one("tick")
    assert tick.json["failed"] == [], tick.err
    assert town.clerks.one("tick").json["done"] == []
    open_ones = [case for case in week.cases.values() if case.state not in ENDED | {"draft"}]
    assert not open_ones, open_ones
    for case in week.cases.values():
        view = town.clerks.one("envelope", "show", case.id).json
        assert view["state"] == case.state, (view, case)
        assert case.state == "draft" or view["sealed"] or _never_sent(view), view


def _never_sent(view: Any) -> bool:
    return (
        bool(view["documents"][0]["sha256"] == view["documents"][0]["current"]["sha256"]) or view["state"] == "voided"
    )


def judge_home(week: Week) -> None:
    """The home is sound, its journal whole, as published too; nobody's drafts are no more than were killed."""
    town = week.town
    told = town.clerks.one("doctor").json
    assert told["sound"], told
    town.clerks.one("doctor", "--fix", "--yes")
    left = [item for item in town.clerks.one("doctor").json["findings"] if item["code"] != "doctor.sending"]
    assert left == [], left
    town.clerks.one("journal", "checkpoint")
    town.clerks.one("journal", "verify")
    town.clerks.one("journal", "publish", town.folder / "published")
    town.clerks.one("journal", "verify", town.folder / "published", "--witness", town.key)
    listed = [json.loads(line)["id"] for line in town.clerks.one("envelope", "list").out.splitlines()]
    assert len(set(listed)) == len(listed)
    assert set(week.cases) <= set(listed)
    unknown = [item for item in listed if item not in week.cases]
    for name in unknown:
        view = town.clerks.one("envelope", "show", name).json
        assert view["state"] == "draft" or view["corrects"], view
    kills = week.lost_drafts + week.counts["corrections"] + week.town.clerks.kills
    assert len(unknown) <= kills


def judge_files(week: Week) -> Counter[str]:
    """Export everything and verify it with its evidence, and a third as bundles; return the verdicts."""
    town, out = week.town, week.town.folder / "archive"
    trust = town.folder / "archive.pem"
    town.clerks.one("trust", "export", trust)
    trusted = ("--trust", str(trust), "--trust", f"witness:{town.folder / 'witness.txt'}")
    sent = [case for case in week.cases.values() if case.state != "draft"]
    jobs = [Act(("envelope", "export", case.id, "--output", str(out / case.id)), case.id) for case in sent]
    jobs += [Act((*job.words, "--bundle"), job.case) for job in jobs[::3]]
    town.clerks.run(jobs)
    verdicts: Counter[str] = Counter()
    checks: list[Act] = []
    for job in jobs:
        if job.code == 10:
            assert week.cases[job.case].state == "voided", job.err  # before it was ever sent
            continue
        assert job.code == 0, (job.words, job.code, job.err)
        files: dict[str, list[str]] = {item["kind"]: [] for item in job.json["files"]}
        for item in job.json["files"]:
            files[item["kind"]].append(item["path"])
        evidence = [word for path in files.get("evidence", []) for word in ("--evidence", path)]
        at = ("--at", town.clerks.now().isoformat())
        paths = [*files.get("signed", []), *files.get("bundle", [])]
        checks += [Act(("verify", path, *trusted, *evidence, *at), job.case) for path in paths]
    for check in town.clerks.run(checks):
        verdicts[_judged(week.cases[check.case], check)] += 1
    return verdicts


def _judged(case: Case, check: Act) -> str:
    report = check.json
    wrong = {item["code"] for item in report["findings"] if item["verdict"] == "FAILED"}
    signed = sum(place.state == "signed" for place in case.places.values())
    if case.state == "completed":
        assert (check.code, report["verdict"], wrong) == (0, "PASSED", set()), (check.words, report)
        claims = {name: claim["verdict"] for name, claim in report["claims"].items()}
        assert set(claims.values()) == {"PASSED"}, (check.words, claims)
    else:
        assert (check.code, wrong) == (3, {f"rules.{case.state}"}), (check.words, check.code, wrong)
    assert len([item for item in report["signatures"] if item["kind"] == "approval"]) in {
        signed,
        signed * case.documents,
    }
    return str(report["verdict"])


def judge_letters(week: Week) -> Counter[str]:
    """Whoever was owed a letter got it, and once unless a process died or the server hung up; return the outcomes."""
    taken = week.town.letters()
    copies = Counter(item["id"] for item in taken)
    hung = Counter(item["id"] for item in taken if item["hung_up"])
    said: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    twice = unsaid = 0
    for name, case in week.cases.items():
        entries = _notified(week, name)
        last: dict[str, dict[str, Any]] = {}
        for entry in entries:
            ident = f"{name}.{entry['to']}.{entry['event']}-{entry['of']}"
            said[ident] += entry["outcome"] == "sent"
            last[ident] = entry
            outcomes[entry["outcome"]] += 1
        for ident, entry in last.items():
            assert entry["outcome"] != "deferred" or _pointless(entry, case), (ident, entry)
            if entry["outcome"] in {"sent", "returned"}:
                assert copies[ident] >= 1, ident
            if entry["outcome"] in {"refused", "given_up", "returned"} and entry["event"] != "undelivered":
                assert any(item["event"] == "undelivered" for item in entries), (name, entry)
        _once(name, last)
        _all_told(case, last)
    for ident, count in copies.items():
        unsaid += said[ident] == 0
        twice += max(0, count - max(1, said[ident]) - hung[ident])
    outcomes["letters taken"] = len(taken)
    outcomes["twice because a process died"] = twice
    outcomes["taken and not written down"] = unsaid
    assert twice + unsaid <= week.town.clerks.kills + sum(hung.values()), (twice, unsaid)
    return outcomes


def _notified(week: Week, name: str) -> list[dict[str, Any]]:
    store = week.town.store()
    try:
        with store.read() as tx:
            return [dict(item.entry.data) for item in tx.entries(name) if item.entry.type == "notified"]
    finally:
        store.close()


def _pointless(entry: dict[str, Any], case: Case) -> bool:
    """Tell whether a letter that did not go out in time is not true any more."""
    return entry["event"] in {"invited", "reminded", "delegated", "extended"} and case.state != "sent"


def _once(name: str, last: dict[str, dict[str, Any]]) -> None:
    told = Counter((entry["event"], entry["to"]) for entry in last.values() if entry["event"] in _ONCE)
    assert not [key for key, count in told.items() if count > 1], (name, told)


def _all_told(case: Case, last: dict[str, dict[str, Any]]) -> None:
    """Hold who was told of the end against who must have been."""
    event = _CLOSING.get(case.state)
    if event is None or not any(place.asked for place in case.places.values()):
        return
    waiting = {key for key, place in case.places.items() if place.state == "open" and place.asked}
    owed = {key for key, place in case.places.items() if place.state == "signed"}
    owed |= waiting if case.state != "completed" else set()
    owed = {key for key in owed if case.places[key].reach}
    owed |= {"clerk"} if case.state != "voided" else set()
    owed |= {"r1"} if case.viewer else set()
    of = max((entry["of"] for entry in last.values() if entry["event"] == event), default=-1)
    told = {entry["to"] for entry in last.values() if entry["event"] == event and entry["of"] == of}
    assert told == owed, (case, event, told, owed)


def figures(week: Week) -> dict[str, Any]:
    """Return what the week amounted to."""
    return {
        "envelopes": len(week.cases),
        "states": Counter(case.state for case in week.cases.values()),
        "commands": week.town.clerks.acts,
        "kinds": week.counts,
        "killed": week.town.clerks.kills,
    }
