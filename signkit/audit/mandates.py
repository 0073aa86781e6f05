"""Step 9, mandates and links: who signed in whose place, and which envelope this one replaces."""

from __future__ import annotations

from signkit.audit.case import Case
from signkit.audit.history import History
from signkit.canonical import CanonicalError, parse_digest
from signkit.model.entry import Entry, format_time
from signkit.model.person import commitment_of
from signkit.model.statement import Delegation, Manifest, SignatureStatement, StatementError

__all__ = ["check_correction", "check_mandates"]


def check_mandates(case: Case, manifest: Manifest, history: History) -> None:
    """Hold every signature by mandate against the entry *delegated*, and every such entry against the signature."""
    for place, field in manifest.fields.signatories.items():
        statement = case.persons.get(field)
        if statement is None:
            continue
        entry = history.delegated(place)
        if statement.delegation is None:
            if entry is not None:
                case.fail("9", "rules.mandate_passed_over", subject=field)
        elif case.completion is None:
            case.doubt("9", "rules.mandate_open", subject=field)
        else:
            _check(case, manifest, place, statement, entry=entry)


def _check(case: Case, manifest: Manifest, place: str, statement: SignatureStatement, *, entry: Entry | None) -> None:
    field = manifest.fields.signatories[place]
    try:
        said = Delegation.from_json(statement.delegation)
    except StatementError:
        return  # said in step 7
    if entry is None:
        case.fail("9", "rules.mandate_missing", subject=field)
        return
    found = (entry.digest_text, entry.data.get("person"), entry.data.get("mandate"), entry.actor, format_time(entry.at))
    if found != (said.entry, said.person, said.mandate, said.by, format_time(said.at)):
        case.fail("9", "rules.mandate_differs", subject=field)
    if entry.actor not in {f"signatory:{place}", "clerk"}:
        case.fail("9", "rules.mandate_by_another", subject=field)
    others = {other.person for name, other in case.persons.items() if name != field}
    invited = {record.person for record in manifest.signatories if record.person is not None}
    if statement.person in others | invited:
        case.fail("9", "rules.mandate_twice", subject=field)
    if case.passed("9"):
        case.note("9", "rules.mandate", subject=field, name=said.name)
    _check_openings(case, field, said, entry)


def _check_openings(case: Case, field: str, said: Delegation, entry: Entry) -> None:
    """Hold the mandate's words and the delegate's name, where the evidence brings them, against the commitments."""
    try:
        words = _opened(case, f"delegate.{entry.seq}.mandate", said.mandate)
        name = _opened(case, f"delegate.{entry.seq}.name", entry.data.get("name"))
    except ValueError:
        case.fail("8", "rules.mandate_words_differ", subject=field)
        return
    if words is not None:
        case.note("8", "rules.mandate_words", subject=field, words=words[:300])
    if name not in {None, said.name}:
        case.fail("9", "rules.mandate_name_differs", subject=field)


def _opened(case: Case, name: str, commitment: object) -> str | None:
    """Return the text that opens a commitment; None where the evidence does not bring it.

    Raises:
        ValueError: it opens something else.
    """
    bundle = case.given.evidence
    opening = bundle.openings.get(name) if bundle else None
    if not isinstance(opening, dict):
        return None
    salt, value = opening.get("salt"), opening.get("value")
    if not isinstance(salt, str) or not isinstance(value, str) or commitment_of(salt, value) != commitment:
        raise ValueError(name)
    return value


def check_correction(case: Case, manifest: Manifest, history: History) -> None:
    """Hold what the manifest says that the envelope replaces against the entry *corrected*."""
    said = manifest.extra.get("corrects")
    found = history.corrects
    if said is None and found is None:
        return
    if not isinstance(said, dict):
        said = {}
    try:
        envelope, head = str(said["envelope"]), str(said["head"])
        parse_digest(head)
    except (KeyError, TypeError, CanonicalError):
        case.fail("9", "rules.correction_differs")
        return
    if case.completion is not None and found != {"envelope": envelope, "head": head}:
        case.fail("9", "rules.correction_differs")
        return
    case.note("9", "rules.corrects", envelope=envelope[:40], head=head[:23])
