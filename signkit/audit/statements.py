"""Step 7, first half: find the manifest, decode every statement, and hold the seals and places against each other."""

from __future__ import annotations

from signkit.audit.case import Case
from signkit.model.statement import (
    Completion,
    Intent,
    Manifest,
    SignatureStatement,
    StatementError,
    UnknownStatementError,
    decode_statement,
)
from signkit.pades.validate_facts import SignatureFacts

__all__ = ["check_completion", "check_presence", "decode_statements", "find_manifest"]


def find_manifest(case: Case) -> None:
    """Recognise a signkit file: the first signature that ends after the manifest's R0 carries that manifest.

    Where one signkit file became the original of another, the outermost counts and the inner ones belong to R0.
    """
    found: list[tuple[int, str, Manifest]] = []
    for item in case.previews:
        if item.statement is None or item.timestamp:
            continue
        try:
            statement = decode_statement(item.statement)
        except StatementError:
            continue
        if isinstance(statement, Manifest):
            first = next((other for other in case.previews if other.end > statement.own.r0.size), None)
            if first is item:
                found.append((item.end, item.field, statement))
            else:
                case.fail("7", "statement.manifest_moved", subject=item.field, sub="FORMAT_FAILURE")
    if found:
        _, case.certify, case.manifest = max(found, key=lambda entry: entry[0])
        return
    for item in case.previews:
        if item.statement is not None or item.error is not None:
            _without_manifest(case, item.field, item.statement, item.error)


def _without_manifest(case: Case, name: str, statement: bytes | None, error: str | None) -> None:
    try:
        if statement is not None:
            decode_statement(statement)
    except UnknownStatementError:
        case.doubt("7", "statement.unknown_version", subject=name)
        return
    except StatementError as exc:
        error = exc.code
    case.fail("7", error or "statement.without_manifest", subject=name, sub="FORMAT_FAILURE")


def decode_statements(case: Case) -> None:
    """Decode the statement of every signature after R0, each in its place."""
    manifest = case.manifest
    if manifest is None:
        return
    places = {name: key for key, name in manifest.fields.signatories.items()}
    for fact in case.ours():
        if fact.field == case.certify:
            continue
        if fact.timestamp:
            if fact.statement is not None or fact.statement_error is not None:
                case.fail("7", "statement.unexpected", subject=fact.field)
            continue
        statement = _decoded(case, fact)
        if statement is None:
            continue
        if fact.field in places and isinstance(statement, SignatureStatement):
            case.persons[fact.field] = statement
        elif fact.field == manifest.fields.complete and isinstance(statement, Completion):
            case.completion = statement
        else:
            case.fail("7", "statement.wrong_place", subject=fact.field)


def _decoded(case: Case, fact: SignatureFacts) -> Manifest | SignatureStatement | Completion | Intent | None:
    if fact.statement is None:
        case.fail("7", fact.statement_error or "statement.missing", subject=fact.field, sub="FORMAT_FAILURE")
        return None
    try:
        return decode_statement(fact.statement)
    except UnknownStatementError:
        case.doubt("7", "statement.unknown_version", subject=fact.field)
    except StatementError as exc:
        case.fail("7", exc.code, subject=fact.field, sub="FORMAT_FAILURE")
    return None


def check_presence(case: Case) -> None:
    """Hold the signatures found against the manifest's fields: those, document timestamps, and nothing else."""
    manifest = case.manifest
    if manifest is None:
        return
    if case.certify != manifest.fields.certify:
        case.fail("7", "statement.manifest_field", subject=case.certify)
    if manifest.document >= len(manifest.documents):
        case.fail("7", "statement.form", subject=case.certify)
    if not manifest.title.strip():
        case.fail("7", "statement.title", subject=case.certify)
    known = {manifest.fields.certify, manifest.fields.complete, *manifest.fields.signatories.values()}
    for fact in case.ours():
        if not fact.timestamp and fact.field not in known:
            case.fail("7", "signatures.unexpected", subject=fact.field)
        if fact.timestamp and fact.field in known:
            case.fail("7", "signatures.wrong_kind", subject=fact.field)
    _check_order(case)


def _check_order(case: Case) -> None:
    """Times in trusted tokens never fall along the revisions (proof.md section 4)."""
    latest = None
    for fact in case.ours():
        time = fact.gen_time
        if time is None:
            continue
        if latest is not None and time < latest:
            case.fail("7", "signatures.time_falls", subject=fact.field, sub="TIMESTAMP_ORDER_FAILURE")
        latest = time if latest is None else max(latest, time)


def check_completion(case: Case) -> None:
    """Hold the completion statement against the manifest, the file and the signatures found."""
    manifest, completion = case.manifest, case.completion
    if manifest is None or completion is None:
        return
    name = manifest.fields.complete
    fact = case.fact(name)
    if (completion.envelope, completion.document) != (manifest.envelope, manifest.document):
        case.fail("7", "completion.other_envelope", subject=name)
    if len(completion.documents) != len(manifest.documents):
        case.fail("7", "completion.documents", subject=name)
    elif fact is not None and fact.revision > 0:
        before = case.pdf.revisions[fact.revision - 1].end
        if completion.documents[completion.document % len(completion.documents)] != case.prefix(before):
            case.fail("7", "completion.version", subject=name, sub="HASH_FAILURE")
    if set(completion.signatories) != {item.id for item in manifest.signatories}:
        case.fail("7", "completion.signatories", subject=name)
    for key, outcome in completion.signatories.items():
        field = manifest.fields.signatories.get(key)
        if field is None:
            continue
        signed = case.fact(field) is not None
        if signed != (outcome in {"signed", "approved"}):
            case.fail("7", "completion.outcome", subject=field)
