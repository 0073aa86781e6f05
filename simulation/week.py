"""The week itself: clerks and people do this and that by chance, right and wrong; a model checks every round."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from signkit.workflows.view import show
from simulation.clerks import Act
from simulation.model import ENDED, RULES, Case, Place
from simulation.town import Town
from simulation.world import GONE, NOBODY

__all__ = ["Deed", "Week"]

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
KINDS = ("protocol", "governing-document", "employment-contract", "samverkan", "delegated-decision", "other")
CALM = {0, 2, 10, 20, 21, 25}
"""What a command that cannot do what was asked may answer."""
TROUBLE = {11, 30}
"""What a command answers when timestamp, witness or database is away; it may have done part of its work."""
HOW = {"success": {0}, "decline": {20}, "expire": {21}, "fail": {20, 21, 22, 23}, "wrong-person": {25}}
SIGN = ("--provider", "rehearsal", "--rehearse")


@dataclass
class Deed(Act):
    """An act with what is expected of it."""

    kind: str = ""
    place: str = ""
    effect: str = ""
    """State of the place, or of the envelope, if it is done."""
    expected: frozenset[int] | None = None
    """Exit codes if nothing disturbs it; None: whatever is calm."""
    needs: bool = False
    """Whether timestamps or witness are needed for it."""

    @property
    def uncertain(self) -> bool:
        """Tell whether part of it may have been done."""
        return self.killed or self.code in TROUBLE


class Week:
    """Everything that happens."""

    def __init__(self, town: Town, size: int, random: Random) -> None:
        self.town, self.size, self.random = town, size, random
        self.cases: dict[str, Case] = {}
        self.made = 0
        self.lost_drafts = 0
        """Killed while they were made: there may be a draft that nobody knows of."""
        self.counts: Counter[str] = Counter()
        self.again: list[Deed] = []

    # ---- rounds

    def run(self) -> None:
        """Live through a week: seven days, in rounds of some hours."""
        at_once = 6 if self.size < _LARGE else 16
        rounds = max(10, self.size * 4 // at_once)
        step = timedelta(days=7) / rounds
        start = self.town.clerks.shift
        for number in range(rounds):
            self._change_weather(number / rounds)
            self.town.move(shift=start + (step * number).total_seconds())
            deeds = [self._deed() for _ in range(at_once)]
            deeds += self._many_at_once() if self.random.random() < 0.3 else []
            self.round([deed for deed in deeds if deed is not None], ticks=2 if number % 2 == 0 else 0)

    def round(self, deeds: list[Deed], *, ticks: int = 0) -> None:
        """Do some things at once, then compare the home with what must have come of them."""
        for deed in deeds:
            self._disturb(deed)
        cron = [self._disturb(Deed(("tick",), kind="tick")) for _ in range(ticks)]
        self.town.clerks.run([*deeds, *cron])
        for deed in (*deeds, *cron):
            self.counts[deed.kind] += 1
        for tick in cron:
            assert tick.killed or tick.code in {0, 40, 41}, (tick.words, tick.code, tick.err)
        self._compare(deeds)
        self.again += [deed for deed in deeds if deed.killed and deed.kind != "create" and self.random.random() < 0.7]

    def _disturb(self, deed: Deed) -> Deed:
        chance = self.random.random()
        if chance < 0.1:
            deed.kill_after = self.random.choice([0.02, 0.1, 0.3, 0.6, 1.0, 1.5]) * self.random.random() * 2
        deed.anew = 0.1 <= chance < 0.13
        return deed

    def _change_weather(self, progress: float) -> None:
        town, draw = self.town, self.random.random
        calm = self.random.choice(["fine", "fine", "fine", "greylisting", "refusing", "hanging_up", "down"])
        town.weather.mail = calm if draw() < 0.4 else town.weather.mail
        town.weather.hook = self.random.choice(["fine", "fine", "failing", "silent"]) if draw() < 0.4 else "fine"
        town.weather.stamps = "failing" if draw() < 0.08 else "fine"
        up = draw() > 0.08
        if up != town.vouched:
            town.witness(up=up)
        if progress > 0.6 and not self.counts["switched"]:
            town.switch_to("webhook")
            self.counts["switched"] += 1

    # ---- what is done

    def _deed(self) -> Deed | None:
        if self.again and self.random.random() < 0.5:
            old = self.again.pop(0)
            return Deed(old.words, old.case, kind=old.kind, place=old.place, effect=old.effect, needs=True)
        if self.made < self.size and self.random.random() < 0.35:
            return self._create()
        drafts = [case for case in self.cases.values() if case.state == "draft"]
        if drafts and self.random.random() < 0.6:
            case = self.random.choice(drafts)
            return Deed(("envelope", "send", case.id), case.id, kind="send", effect="sent", needs=True, expected=_OK)
        open_ones = [case for case in self.cases.values() if case.state == "sent"]
        born = [case for case in self.cases.values() if case.id]
        known = open_ones if open_ones and self.random.random() < 0.9 else born
        return self._about(self.random.choice(known)) if known else None

    def _about(self, case: Case) -> Deed:
        kinds = ["sign"] * 14 + [
            "decline",
            "delegate",
            "delegate",
            "extend",
            "remind",
            "void",
            "send",
            "correct",
            "export",
        ]
        kind = self.random.choice(kinds)
        if case.state in ENDED and self.random.random() < 0.5:
            kind = self.random.choice(["correct", "export"])
        turn = [key for key in case.places if case.turn(key)]
        key = self.random.choice(turn if turn and self.random.random() < 0.85 else list(case.places))
        return getattr(self, f"_{kind}")(case, key)  # type: ignore[no-any-return]

    def _create(self) -> Deed:
        self.made += 1
        number, rule = self.made, self.random.choice(["all", "all", "any", "goes-on", "by-deadline"])
        count = 3 if rule in {"any", "goes-on"} else self.random.choice([1, 2, 2, 3])
        places = {f"s{index + 1}": self._person(number, index) for index in range(count)}
        if self.random.random() < 0.5:
            for place in list(places.values())[1:]:
                place.order = 2
        hours = self.random.choice([20, 50, 90, 120, 200])
        deadline = self._in_hours(hours) if rule == "by-deadline" or self.random.random() < 0.6 else None
        documents = [
            EXAMPLES / name
            for name in self.random.choice([("protokoll.pdf",)] * 3 + [("protokoll.pdf", "reglemente.pdf")])
        ]
        words = [
            "envelope",
            "create",
            *map(str, documents),
            "--kind",
            self.random.choice(KINDS),
            "--title",
            f"Ärende {number}",
        ]
        for place in places.values():
            address = f" <{place.email}>" if place.email else ""
            words += ["--signatory", f"{place.name}{address}; order={place.order}"]
        viewer = f"vy.{number}@example.org" if self.random.random() < 0.3 else None
        words += ["--signatory", f"Vy Er <{viewer}>; capacity=viewer"] if viewer else []
        words += [word for item in RULES[rule] for word in ("--rule", item)]
        words += ["--deadline", deadline.isoformat()] if deadline else []
        deed = Deed(tuple(words), kind="create", expected=_OK)
        deed.case = f"new-{number}"
        self.cases[deed.case] = Case("", rule, places, len(documents), deadline, viewer, state="unborn")
        return deed

    def _person(self, number: int, index: int) -> Place:
        kind = self.random.choice(["person"] * 8 + [NOBODY, GONE, ""])
        address = f"{kind}.{number}.{index}@example.org" if kind else ""
        return Place(f"{_NAMES[index]} Ek {number}", address, reach=address)

    def _in_hours(self, hours: float) -> datetime:
        return (self.town.clerks.now() + timedelta(hours=hours)).replace(microsecond=0)

    def _sign(self, case: Case, key: str) -> Deed:
        how = self.random.choice(["success"] * 8 + ["decline", "expire", "fail", "wrong-person"])
        right = case.turn(key)
        return Deed(
            ("sign", case.id, "--as", key, *SIGN, how),
            case.id,
            kind="sign",
            place=key,
            effect="signed" if how == "success" else "",
            expected=frozenset(HOW[how]) if right else None,
            needs=how == "success" or not right,
        )

    def _decline(self, case: Case, key: str) -> Deed:
        right = case.state == "sent" and not case.met and case.places[key].state == "open"
        words = ("decline", case.id, "--as", key, "--reason", "jäv", "--yes")
        return Deed(
            words, case.id, kind="decline", place=key, effect="declined", expected=_OK if right else None, needs=True
        )

    def _delegate(self, case: Case, key: str) -> Deed:
        right = case.state == "sent" and not case.met and case.places[key].state == "open"
        self.counts["delegates"] += 1
        name = f"Dan Legat {self.counts['delegates']}"
        to = f"{name} <dan.{self.counts['delegates']}@example.org>"
        words = ("delegate", case.id, "--as", key, "--to", to, "--mandate", "delegationsordning 4.2")
        return Deed(words, case.id, kind="delegate", place=key, effect=name, expected=_OK if right else None)

    def _extend(self, case: Case, _: str) -> Deed:
        later = self._in_hours(self.random.choice([30, 100, 220]))
        right = case.state == "sent" and not case.met and case.deadline is not None and later > case.deadline
        words = ("envelope", "extend", case.id, "--deadline", later.isoformat())
        return Deed(words, case.id, kind="extend", effect=later.isoformat(), expected=_OK if right else None)

    def _remind(self, case: Case, _: str) -> Deed:
        return Deed(
            ("envelope", "remind", case.id), case.id, kind="remind", expected=_OK if case.state == "sent" else None
        )

    def _void(self, case: Case, _: str) -> Deed:
        right = case.state in {"draft", "sent"} and not case.met
        words = ("envelope", "void", case.id, "--yes")
        return Deed(words, case.id, kind="void", effect="voided", expected=_OK if right else None, needs=True)

    def _send(self, case: Case, _: str) -> Deed:
        return Deed(("envelope", "send", case.id), case.id, kind="send", effect="sent", needs=True)

    def _correct(self, case: Case, _: str) -> Deed:
        deadline = self._in_hours(60)
        right = case.state in ENDED - {"completed"} and not case.corrected
        words = ("envelope", "correct", case.id, "--deadline", deadline.isoformat())
        return Deed(
            words, case.id, kind="correct", effect=deadline.isoformat(), expected=_OK if right else None, needs=True
        )

    def _export(self, case: Case, _: str) -> Deed:
        self.counts["folders"] += 1
        folder = self.town.folder / "exports" / str(self.counts["folders"])
        return Deed(("envelope", "export", case.id, "--output", str(folder)), case.id, kind="export", needs=True)

    def _many_at_once(self) -> list[Deed]:
        """Several clerks about the same envelope at once."""
        cases = [case for case in self.cases.values() if case.state == "sent"]
        if not cases:
            return []
        case = self.random.choice(cases)
        deeds = [self._about(case) for _ in range(self.random.choice([2, 3]))]
        first = deeds[0]
        again = Deed(first.words, case.id, kind=first.kind, place=first.place, effect=first.effect, needs=True)
        return [*deeds, again]

    # ---- what came of it

    def _compare(self, deeds: list[Deed]) -> None:
        touched: dict[str, list[Deed]] = {}
        for deed in deeds:
            touched.setdefault(deed.case, []).append(deed)
        for name in [name for name in touched if name.startswith("new-")]:
            self._born(name, touched.pop(name)[0])
        views = self._views(set(touched) if deeds and self.random.random() < 0.9 else set(self.cases))  # time moves all
        for name, view in views.items():
            self._follow(self.cases[name], view, touched.get(name, []))
        for name, done in touched.items():
            for deed in done:
                if deed.kind == "correct" and deed.code == 0:
                    self._corrected(self.cases[name], deed)

    def _born(self, name: str, deed: Deed) -> None:
        case = self.cases.pop(name)
        if deed.killed:
            self.lost_drafts += 1
            return
        assert deed.code == 0, (deed.words, deed.code, deed.err)
        case.id, case.state = deed.json["id"], "draft"
        self.cases[case.id] = case

    def _views(self, names: set[str]) -> dict[str, Any]:
        store = self.town.store()
        try:
            with store.read() as tx:
                return {name: show(tx, name) for name in names}
        finally:
            store.close()

    def _follow(self, case: Case, view: Any, deeds: list[Deed]) -> None:
        """Compare one envelope; whatever changed has a deed that explains it, and what was said to be done is done."""
        alone = len(deeds) == 1 and not self._near_deadline(case)
        calm = self.town.weather.stamps == "fine" and self.town.vouched
        for deed in deeds:
            if deed.killed or deed.kind == "export":
                assert deed.killed or deed.code in CALM | TROUBLE, _said(deed)
                continue
            wanted = (set(deed.expected) if deed.expected and alone else CALM) | (
                set() if calm or not deed.needs else TROUBLE
            )
            wanted |= {11} if not alone else set()
            wanted |= HOW["fail"] if deed.kind == "sign" and (not alone or deed.expected is None) else set()
            assert deed.code in wanted, (_said(deed), case)
        for person in view["signatories"]:
            self._place(case, person, deeds)
        self._deadline(case, view, deeds)
        if view["state"] == "voided" and case.state != "voided":
            assert any(deed.kind == "void" and (deed.code == 0 or deed.uncertain) for deed in deeds), case
            case.state = "voided"
        if any(deed.kind == "send" and (deed.code == 0 or deed.uncertain) for deed in deeds) and case.state == "draft":
            case.sending = True
        if case.sending and view["state"] != "draft" and case.state == "draft":
            case.state = "sent"
        case.settle()
        now = self.town.clerks.now()
        assert view["state"] in case.allowed(now), (view["state"], case, [_said(deed) for deed in deeds])
        if case.overdue(now) and view["state"] in ENDED:
            case.state = view["state"]
        for deed in deeds:
            if deed.code == 0 and deed.kind in {"void", "send"}:
                assert view["state"] == deed.effect or (deed.kind == "send" and view["state"] != "draft"), _said(deed)

    def _near_deadline(self, case: Case) -> bool:
        return case.deadline is not None and case.deadline < self.town.clerks.now() + timedelta(minutes=1)

    def _place(self, case: Case, person: Any, deeds: list[Deed]) -> None:
        place = case.places[person["id"]]
        now = {"signed": "signed", "approved": "signed", "declined": "declined"}.get(person["state"], "open")
        mine = [deed for deed in deeds if deed.place == person["id"] and (deed.code == 0 or deed.uncertain)]
        allowed = {place.state} | {deed.effect for deed in mine if deed.kind in {"sign", "decline"}}
        assert now in allowed, (case, person, [_said(deed) for deed in deeds])
        for deed in mine:
            if deed.code == 0 and deed.kind in {"sign", "decline"} and deed.effect:
                assert now == deed.effect, (case, _said(deed))
        place.state = now
        if person["delegate"] != place.delegate:
            named = [deed for deed in mine if deed.kind == "delegate" and deed.effect == person["delegate"]]
            assert named, (case, person, [_said(deed) for deed in deeds])
            place.delegate = person["delegate"]
            place.reach = named[0].words[5].partition("<")[2].rstrip(">")

    def _deadline(self, case: Case, view: Any, deeds: list[Deed]) -> None:
        shown = datetime.fromisoformat(view["deadline"]) if view["deadline"] else None
        if shown != case.deadline:
            asked = {datetime.fromisoformat(deed.effect) for deed in deeds if deed.kind == "extend"}
            assert shown in asked, (case, shown, [_said(deed) for deed in deeds])
            case.deadline = shown

    def _corrected(self, old: Case, deed: Deed) -> None:
        new = deed.json["id"]
        old.corrected = True
        if new in self.cases:
            return
        view = self._views({new})[new]
        assert view["corrects"] == old.id
        places = {key: Place(item.name, item.email, item.order, reach=item.email) for key, item in old.places.items()}
        deadline = datetime.fromisoformat(view["deadline"])
        made = Case(new, old.rule, places, old.documents, deadline, old.viewer)
        made.state = "draft"
        self.cases[new] = made
        self.counts["corrections"] += 1


_OK = frozenset({0})
_LARGE = 50
"""From so many envelopes on more is done at once."""
_NAMES = ("Anna", "Bo", "Cia")


def _said(deed: Deed) -> str:
    return f"{' '.join(deed.words)} [{deed.code}] {deed.err.strip()[-400:]}"
