"""Steps 2, 4 and 5: every signature validated, under the anchors for its purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from signkit.audit.case import Case
from signkit.model.report import ChangeLevel, SignatureKind, SignatureReport, Verdict, worst
from signkit.pades.validate import validate_signatures
from signkit.pades.validate_facts import SignatureFacts
from signkit.x509.certificates import Certificate

__all__ = ["check_signatures", "signature_reports"]


def check_signatures(case: Case) -> None:
    """Validate the signatures; their findings become the file's."""
    anchors = case.given.anchors
    seal, person = anchors.for_purpose("seal"), anchors.for_purpose("person")
    both = tuple(dict.fromkeys((*seal, *person)))
    manifest = case.manifest
    seals = {manifest.fields.certify, manifest.fields.complete} if manifest else set()
    people = set(manifest.fields.signatories.values()) if manifest else set()

    def anchors_for(name: str) -> Sequence[Certificate]:
        return seal if name in seals else person if name in people else both

    case.validated = validate_signatures(
        case.pdf,
        case.signatures,
        anchors_for=anchors_for,
        tsa=anchors.for_purpose("tsa"),
        at=case.given.at,
        tsa_named=_named(case),
        strict_after=manifest.own.r0.size if manifest else None,
        hasher=case.hasher,
    )
    if case.validated.limit:
        case.doubt("2", "signatures.too_many")
    for fact in case.facts:
        case.findings += fact.findings
        if fact.verdict is Verdict.PASSED:
            case.note("4", "signature.valid", subject=fact.field)


def _named(case: Case) -> Callable[[str], frozenset[str]]:
    """Return the keys that narrow the anchors for each field's timestamp, as the manifest names them (decision 0016).

    Seals, persons, and the document timestamp directly after the completion are of the envelope's own life. Timestamps
    after that renew it, perhaps decades later, by services that nobody knew: there the reader's anchors decide alone.
    So they do for what R0 brought along.
    """
    manifest = case.manifest
    if manifest is None:
        return lambda _: frozenset()
    complete = manifest.fields.complete
    own = {manifest.fields.certify, complete, *manifest.fields.signatories.values()}
    own |= {
        after.field
        for before, after in pairwise(case.previews)
        if before.field == complete and before.end and after.timestamp
    }
    named = frozenset(manifest.issuers.tsa)
    return lambda name: named if name in own else frozenset()


def signature_reports(case: Case) -> tuple[SignatureReport, ...]:
    """Return what the report says of each signature; what other steps found about it counts too."""
    return tuple(_report(case, fact) for fact in case.facts)


def _report(case: Case, fact: SignatureFacts) -> SignatureReport:
    manifest, statement = case.manifest, case.persons.get(fact.field)
    certificate = fact.certificate
    return SignatureReport(
        field=fact.field,
        kind=_kind(case, fact),
        verdict=worst([fact.verdict, *_said_elsewhere(case, fact.field)]),
        name=_name(certificate),
        role=statement.role if statement else fact.role,
        person=statement.person if statement else None,
        time=fact.claimed_at,
        gen_time=fact.gen_time,
        level=fact.level,
        sub_indication=fact.sub_indication,
        changes_after=case.levels.get(fact.field, ChangeLevel.OTHER),
        evidence=statement.evidence if statement else None,
        environment=statement.environment if statement else manifest.environment if manifest else None,
    )


def _said_elsewhere(case: Case, name: str) -> Iterable[Verdict]:
    """Return what the steps about statements and places found of this signature."""
    return (item.verdict for item in case.findings if item.subject == name and item.check in {"2", "7"})


def _kind(case: Case, fact: SignatureFacts) -> SignatureKind:
    manifest = case.manifest
    if fact.timestamp:
        return SignatureKind.TIMESTAMP
    if manifest is not None and fact.field == manifest.fields.complete:
        return SignatureKind.SEAL
    if fact.field == case.certify or fact.certification:
        return SignatureKind.CERTIFICATION
    return SignatureKind.APPROVAL


def _name(certificate: Certificate | None) -> str | None:
    if certificate is None:
        return None
    return certificate.common_name or certificate.organisation
