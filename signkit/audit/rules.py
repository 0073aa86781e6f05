"""Step 9: the rules evaluated again, by the order of revisions and the times that timestamps prove. C4.

From manifest and signatures; the entries in the completion statement add refusals, mandates and extensions, and each of
these is held against the rules in turn.
"""

from __future__ import annotations

from datetime import datetime

from signkit.audit.case import Case
from signkit.audit.history import History
from signkit.audit.mandates import check_correction, check_mandates
from signkit.model.assurance import reaches
from signkit.model.report import Finding, Verdict
from signkit.model.rules import Capacity, DeadlinePolicy, Decline, Evaluation, Place, Rules, evaluate
from signkit.model.statement import Manifest

__all__ = ["check_rules"]


def check_rules(case: Case) -> None:
    """Judge order, quorum, roles, levels, deadline and mandates, and what the completion says came of it."""
    manifest = case.manifest
    if manifest is None:
        return
    try:
        rules = Rules.from_json(manifest.rules)
    except ValueError:
        case.doubt("9", "rules.unknown")
        return
    _Rules(case, manifest, rules).run()


class _Rules:
    def __init__(self, case: Case, manifest: Manifest, rules: Rules) -> None:
        self._case, self._manifest, self._rules = case, manifest, rules
        self._history = History.of(case.completion)
        self._places = [Place(item.id, item.role, item.order) for item in manifest.signatories]
        self._fields = {name: key for key, name in manifest.fields.signatories.items()}

    def run(self) -> None:
        self._check_form()
        facts = [fact for fact in self._case.ours() if fact.field in self._fields and not fact.timestamp]
        signed = [self._fields[fact.field] for fact in facts]
        closed = self._check_deadline()
        declined = self._history.declined
        result = evaluate(self._rules, self._places, signed, declined=declined, closed=closed)
        for place in result.out_of_order:
            self._fail("out_of_order", place)
        self._check_people()
        self._check_refusals()
        check_mandates(self._case, self._manifest, self._history)
        check_correction(self._case, self._manifest, self._history)
        self._check_outcome(result)

    def _fail(self, code: str, place: str | None = None, **params: str | int) -> None:
        subject = self._manifest.fields.signatories.get(place, place) if place else None
        self._case.findings.append(Finding("9", Verdict.FAILED, f"rules.{code}", params, None, subject))

    def _check_form(self) -> None:
        """Rules that speak of places which the manifest does not have excuse or demand nothing anybody can check."""
        known = {place.id for place in self._places}
        named = {name for quorum in self._rules.quorums for name in quorum.of} | set(self._rules.terms)
        if named - known:
            self._fail("unknown_place", places=", ".join(sorted(named - known))[:60])

    def _check_deadline(self) -> bool:
        """Judge each signature by the deadline in force then; return whether the deadline closed the envelope."""
        manifest, case = self._manifest, self._case
        if manifest.deadline is None:
            if self._history.extensions:
                self._fail("extended_nothing")
            return False
        deadline = _instant(manifest.deadline)
        if deadline is None:
            case.doubt("9", "rules.deadline_unreadable")
            return False
        steps = [(-1, deadline)]
        for extension in self._history.extensions:
            if extension.at > steps[-1][1] or extension.deadline <= steps[-1][1]:
                self._fail("extended_late")
            steps.append((extension.seq, extension.deadline))
        filled = self._history.signed
        for fact in case.ours():
            place = self._fields.get(fact.field)
            if place is None or fact.gen_time is None or fact.timestamp:
                continue
            seq = filled.get(place)
            in_force = [moment for since, moment in steps if seq is None or since < seq]
            if fact.gen_time > in_force[-1]:
                self._fail("late", place)
        return self._closed_by(steps[-1][1])

    def _closed_by(self, deadline: datetime) -> bool:
        """Tell whether the deadline stands in for the quorums, as the completion says; judge whether it may."""
        completion = self._case.completion
        fact = self._case.fact(self._manifest.fields.complete)
        if completion is None or fact is None:
            return False
        ended = fact.gen_time
        if completion.outcome == "expired" and ended is not None and ended <= deadline:
            self._fail("expired_early")
        if not isinstance(completion.rules, dict) or completion.rules.get("deadline") is not True:
            return False
        if self._rules.deadline is not DeadlinePolicy.COMPLETES:
            self._fail("deadline_policy")
        elif ended is None:
            self._case.doubt("9", "rules.deadline_unproved")
        elif ended <= deadline:
            self._fail("closed_early")
        return ended is None or ended > deadline

    def _check_people(self) -> None:
        """Judge level, eID and capacity of every signature."""
        completion = self._case.completion
        for field, statement in self._case.persons.items():
            place = self._fields[field]
            terms = self._rules.of(place)
            if not reaches(statement.level, terms.level, environment=self._manifest.environment):
                self._fail("level", place, level=statement.level, wanted=terms.level or "")
            if terms.providers is not None and statement.provider not in terms.providers:
                self._fail("provider", place, provider=statement.provider)
            if completion is not None:
                wanted = "approved" if terms.capacity is Capacity.APPROVER else "signed"
                if completion.signatories.get(place) != wanted:
                    self._fail("capacity", place)

    def _check_refusals(self) -> None:
        completion = self._case.completion
        if completion is None:
            return
        said = {place for place, outcome in completion.signatories.items() if outcome == "declined"}
        if said != set(self._history.declined):
            self._fail("refusals_differ")
        if self._rules.comment_required:
            for place in self._history.silent_refusals:
                self._fail("comment_missing", place)
        if said and completion.outcome == "completed" and self._rules.decline is Decline.ENDS:
            self._fail("refusal_ignored")

    def _check_outcome(self, result: Evaluation) -> None:
        case, completion = self._case, self._case.completion
        if completion is None:
            case.skip("9", "rules.unfinished")
            return
        if completion.rules != result.to_json():
            self._fail("evaluation_differs")
        if completion.outcome != "completed":
            self._fail(completion.outcome)
            return
        if result.missing and not result.deadline:
            self._fail("not_met", missing=result.missing)
        for role, missing in result.roles.items():
            self._fail("role_missing", role=role, missing=missing)
        if result.paragraphs:
            self._fail("paragraphs_missing", paragraphs=result.paragraphs)
        if case.passed("9"):
            if result.deadline:
                case.note("9", "rules.met_by_deadline", missing=result.missing)
            else:
                case.note("9", "rules.met")


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
