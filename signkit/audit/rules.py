"""Step 9: the rules evaluated again, by the order of revisions and the times that timestamps prove. C4."""

from __future__ import annotations

from datetime import datetime

from signkit.audit.case import Case
from signkit.model.rules import Evaluation, Place, Rules, evaluate
from signkit.model.statement import Manifest

__all__ = ["check_rules"]


def check_rules(case: Case) -> None:
    """Judge order, quorum, roles and deadline, and what the completion says came of it."""
    manifest = case.manifest
    if manifest is None:
        return
    try:
        rules = Rules.from_json(manifest.rules)
    except ValueError:
        case.doubt("9", "rules.unknown")
        return
    places = [Place(item.id, item.role, item.order) for item in manifest.signatories]
    fields = {name: key for key, name in manifest.fields.signatories.items()}
    signed = [fields[fact.field] for fact in case.ours() if fact.field in fields and not fact.timestamp]
    result = evaluate(rules, places, signed)
    for place in result.out_of_order:
        case.fail("9", "rules.out_of_order", subject=manifest.fields.signatories[place])
    _check_deadline(case, manifest, fields)
    _check_outcome(case, result)


def _check_deadline(case: Case, manifest: Manifest, fields: dict[str, str]) -> None:
    if manifest.deadline is None:
        return
    try:
        deadline = datetime.fromisoformat(manifest.deadline)
    except ValueError:
        deadline = None
    if deadline is None or deadline.tzinfo is None:
        case.doubt("9", "rules.deadline_unreadable")
        return
    for fact in case.ours():
        if fact.field in fields and fact.gen_time is not None and fact.gen_time > deadline:
            case.fail("9", "rules.late", subject=fact.field)


def _check_outcome(case: Case, result: Evaluation) -> None:
    completion = case.completion
    if completion is None:
        case.skip("9", "rules.unfinished")
        return
    if completion.rules != result.to_json():
        case.fail("9", "rules.evaluation_differs")
    if completion.outcome != "completed":
        case.fail("9", f"rules.{completion.outcome}")
    elif result.missing:
        case.fail("9", "rules.not_met", missing=result.missing)
    elif case.passed("9"):
        case.note("9", "rules.met")
