"""Step 7, second half: the seals' certificates, and each person's certificate against statement and manifest. C3a."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from signkit import canonical
from signkit.audit.case import Case
from signkit.model.person import same_name
from signkit.model.statement import Delegation, Manifest, SignatoryRecord, SignatureStatement, StatementError
from signkit.pades.validate_facts import SignatureFacts
from signkit.x509.authcontext import AuthContext, read_auth_context
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error

__all__ = ["PERSON_POLICY", "SEAL_POLICY", "check_people", "check_seals"]

PERSON_POLICY: Final = "2.25.244167443113667141328698285225369947.1"
SEAL_POLICY: Final = "2.25.244167443113667141328698285225369947.2"
_SKEW: Final = timedelta(seconds=30)
_LONGEST: Final = timedelta(minutes=30)
"""A one-time certificate lasts ten minutes from its making, which is at most ten after the eID (proof.md section 4)."""
_DISCLOSED: Final = {"none": set(), "birthdate": {"birthdate"}, "full": {"scheme", "value"}}
"""What a manifest may say in clear of a person's number (proof.md section 6)."""
_ORGANISATION: Final = ("2.5.4.10", "2.5.4.97")


def check_seals(case: Case) -> None:
    """Certification and completion are the organisation's seal, by the seal issuer, of one organisation."""
    manifest = case.manifest
    if manifest is None:
        return
    seals = [
        fact
        for name in (manifest.fields.certify, manifest.fields.complete)
        if (fact := case.fact(name)) is not None and fact.certificate is not None and not fact.timestamp
    ]
    names = set()
    for fact in seals:
        try:
            certificate = _certificate(fact)
            if SEAL_POLICY not in certificate.policies or PERSON_POLICY in certificate.policies:
                case.fail("7", "seal.not_a_seal", subject=fact.field, sub="CHAIN_CONSTRAINTS_FAILURE")
            names.add(tuple(certificate.subject.get(oid) for oid in _ORGANISATION))
            if certificate.is_test is not (manifest.environment == "test"):
                case.fail("7", "seal.environment", subject=fact.field)
        except X509Error:
            case.fail("7", "certificate.unreadable", subject=fact.field, sub="FORMAT_FAILURE")
        _check_issuer(case, fact, manifest.issuers.seal, "seal.issuer")
    if len(names) > 1:
        case.fail("7", "seal.other_organisation", subject=manifest.fields.complete)


def check_people(case: Case) -> None:
    """Each person's signature: statement, certificate and manifest say the same of the same place."""
    manifest = case.manifest
    if manifest is None:
        return
    seen: dict[bytes, str] = {}
    for record in manifest.signatories:
        name = manifest.fields.signatories[record.id]
        if record.identity is not None and set(record.identity) != _DISCLOSED[manifest.disclosure]:
            case.fail("7", "person.disclosure", subject=name)
        fact, statement = case.fact(name), case.persons.get(name)
        if fact is None or statement is None:
            continue
        _check_statement(case, manifest, record, fact, statement)
        if fact.certificate is None:
            continue
        try:
            _check_certificate(case, manifest, record, fact, statement)
            spki = fact.certificate.spki_digest
        except X509Error:
            case.fail("7", "certificate.unreadable", subject=name, sub="FORMAT_FAILURE")
            continue
        if spki in seen:
            case.fail("7", "person.key_reused", subject=name)
        seen[spki] = name
        _check_issuer(case, fact, manifest.issuers.person, "person.issuer")
    if case.persons and case.passed("7"):
        case.note("7", "person.attested", people=len(case.persons))


def _check_statement(
    case: Case, manifest: Manifest, record: SignatoryRecord, fact: SignatureFacts, statement: SignatureStatement
) -> None:
    name = fact.field
    if (statement.envelope, statement.document) != (manifest.envelope, manifest.document):
        case.fail("7", "person.other_document", subject=name)
    if statement.signatory != record.id:
        case.fail("7", "person.other_place", subject=name)
    if statement.role != record.role:
        case.fail("7", "person.role", subject=name)
    if statement.environment != manifest.environment:
        case.fail("7", "person.environment", subject=name)
    _check_invited(case, record, statement, name)
    if fact.revision > 0:
        before = case.pdf.revisions[fact.revision - 1].end
        if statement.version.size != before or statement.version.sha256 != case.prefix(before):
            case.fail("7", "person.version", subject=name, sub="HASH_FAILURE")


def _check_invited(case: Case, record: SignatoryRecord, statement: SignatureStatement, name: str) -> None:
    if statement.delegation is not None:
        _check_delegate(case, statement, name)
        return
    invited = ("number", record.person) if record.person is not None else ("name", statement.person)
    if (statement.identified_by, statement.person) != invited:
        case.fail("7", "person.not_invited", subject=name)
    elif record.person is None:
        case.note("7", "person.by_name", subject=name)


def _check_delegate(case: Case, statement: SignatureStatement, name: str) -> None:
    """The delegate is the one that the mandate names; whether the mandate was given is step 9's to say."""
    try:
        said = Delegation.from_json(statement.delegation)
    except StatementError:
        case.fail("7", "person.delegation_unreadable", subject=name)
        return
    invited = ("number", said.person) if said.person is not None else ("name", statement.person)
    if (statement.identified_by, statement.person) != invited:
        case.fail("7", "person.not_the_delegate", subject=name)
    elif said.person is None:
        case.note("7", "person.by_name", subject=name)


def _check_name(case: Case, record: SignatoryRecord, fact: SignatureFacts, statement: SignatureStatement) -> None:
    """By name, the certificate must bear the name that was invited; by number it may be another, and that is told."""
    invited, by_number = record.name or "", record.person is not None
    if statement.delegation is not None:
        try:
            said = Delegation.from_json(statement.delegation)
        except StatementError:
            return  # said already
        invited, by_number = said.name, said.person is not None
    name, field = _certificate(fact).common_name or "", fact.field
    if same_name(name, invited):
        return
    if by_number:
        case.note("7", "person.other_name", subject=field, invited=invited[:100], name=name[:100])
    else:
        case.fail("7", "person.name", subject=field)


def _check_certificate(
    case: Case, manifest: Manifest, record: SignatoryRecord, fact: SignatureFacts, statement: SignatureStatement
) -> None:
    certificate, name = _certificate(fact), fact.field
    if PERSON_POLICY not in certificate.policies or SEAL_POLICY in certificate.policies:
        case.fail("7", "person.not_a_person", subject=name, sub="CHAIN_CONSTRAINTS_FAILURE")
    if (
        certificate.key_usage != frozenset({"non_repudiation"})
        or certificate.extended_key_usage is not None
        or certificate.is_ca
    ):
        case.fail("7", "person.usage", subject=name, sub="CHAIN_CONSTRAINTS_FAILURE")
    if certificate.subject_field("2.5.4.5") != f"SK:{statement.person}":
        case.fail("7", "person.certificate_names_another", subject=name)
    _check_name(case, record, fact, statement)
    if certificate.is_test is not (manifest.environment == "test"):
        case.fail("7", "person.environment", subject=name)
    if certificate.not_after - certificate.not_before > _LONGEST:
        case.fail("7", "person.not_one_time", subject=name)
    context = read_auth_context(certificate)
    if context is None:
        case.fail("7", "person.no_context", subject=name)
        return
    _check_context(case, fact, statement, context)


def _check_context(case: Case, fact: SignatureFacts, statement: SignatureStatement, context: AuthContext) -> None:
    certificate, name = _certificate(fact), fact.field
    said = (context.assertion_ref, context.identity_provider, context.level, context.service_id)
    if said != (statement.intent, statement.provider, statement.level, "signkit"):
        case.fail("7", "person.context", subject=name)
    time = fact.gen_time
    if time is None:
        return
    if not certificate.valid_at(time):
        case.fail("7", "person.outside_validity", subject=name, sub="SIG_CONSTRAINTS_FAILURE")
    if time < context.authenticated_at - _SKEW:
        case.fail("7", "person.before_identification", subject=name, sub="TIMESTAMP_ORDER_FAILURE")


def _check_issuer(case: Case, fact: SignatureFacts, allowed: Iterable[str], code: str) -> None:
    """The manifest narrows: one of its issuers stands in the path. An untrusted path is said elsewhere."""
    above = fact.path[1:]
    if above and not {canonical.digest_text(item.spki_digest) for item in above} & set(allowed):
        case.fail("7", code, subject=fact.field, sub="CHAIN_CONSTRAINTS_FAILURE")


def _certificate(fact: SignatureFacts) -> Certificate:
    if fact.certificate is None:
        raise X509Error("no certificate", code="certificate.unreadable")
    return fact.certificate
