"""Steps 2, 4 and 5: validate every signature of a file, offline, at one moment (proof.md section 8).

``validate_signatures`` never raises for what a stranger wrote: what is wrong is a finding. Which anchors count for
which field is the caller's decision. What is not here: what happened between the signatures (``changes``), and what
the statements say (``signkit.audit``).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from signkit.errors import UnreadableDocumentError
from signkit.model.report import Finding, Verdict, worst
from signkit.pades.statement_bytes import MAX_STATEMENT_BYTES, StatementBytesError, join
from signkit.pades.structure import Dict, Pdf, SignatureField, decode_text
from signkit.pades.validate_cms import Cms, CmsError, check_cms, form_holds, names_exactly, read_cms
from signkit.pades.validate_container import Container, ContainerError, PrefixHasher, read_container
from signkit.pades.validate_der import is_der
from signkit.pades.validate_facts import SignatureFacts
from signkit.pades.validate_level import level
from signkit.pades.validate_material import read_material
from signkit.pades.validate_time import Judge, Judged
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error
from signkit.x509.tokens import TimestampToken

__all__ = ["MAX_SIGNATURES", "Preview", "Validated", "broken_signatures", "preview_signatures", "validate_signatures"]

MAX_SIGNATURES: Final = 500
"""Most signatures validated in one file, ours: 200 people, two seals and a century of renewals."""
_MAX_ALL_STATEMENTS: Final = 2 * MAX_STATEMENT_BYTES
"""Most bytes of all statements of a file together, inflated, ours; broken ones count as the largest."""
STATEMENT_KEY: Final = "SGNK_Statement"
_DATE: Final = re.compile(r"D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:Z|([+-])(\d\d)'?(\d\d)'?)?")
_SUBFILTERS: Final = frozenset({"ETSI.CAdES.detached", "adbe.pkcs7.detached"})
_KNOWN_UNSIGNED: Final = frozenset({"signature_time_stamp_token"})
_FAILURES: Final = frozenset({"FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE", "SIG_CONSTRAINTS_FAILURE"})


@dataclass(frozen=True, slots=True)
class Preview:
    """What a signature carries, before anything of it is validated."""

    field: str
    timestamp: bool
    end: int
    """0 where the container is none."""
    statement: bytes | None = dataclasses.field(repr=False)
    error: str | None
    """Why the statement's bytes are none."""


@dataclass(frozen=True, slots=True)
class Validated:
    """All signatures of a file, in the order of the revisions that they close."""

    signatures: tuple[SignatureFacts, ...]
    judge: Judge = dataclasses.field(repr=False)
    """For tokens that stand elsewhere in the same file."""
    limit: bool = False
    """There are more than are validated here."""


@dataclass(slots=True)
class _Work:
    """One signature on its way."""

    found: SignatureField
    container: Container | None = None
    cms: Cms | None = None
    findings: list[Finding] = dataclasses.field(default_factory=list)
    judged: Judged = dataclasses.field(default_factory=Judged)

    @property
    def name(self) -> str:
        return self.found.field.name

    @property
    def timestamp(self) -> bool:
        return self.found.kind == "DocTimeStamp" or self.found.dict.get("SubFilter") == "ETSI.RFC3161"

    @property
    def order(self) -> int:
        return self.container.end if self.container else self.found.signed_end or 0

    def fail(self, code: str, sub: str, *, check: str = "2", verdict: Verdict = Verdict.FAILED) -> None:
        self.findings.append(Finding(check, verdict, f"signature.{code}", sub_indication=sub, subject=self.name))


def preview_signatures(pdf: Pdf, signatures: Sequence[SignatureField]) -> tuple[Preview, ...]:
    """Return what the signatures carry, in the order of the revisions that they close.

    Raises:
        UnreadableDocumentError: ``structure.limit``, the statements together are larger than is read.
    """
    found, budget = [], _MAX_ALL_STATEMENTS
    for item in signatures[:MAX_SIGNATURES]:
        work = _Work(item)
        _contain(pdf, work)
        statement, error = _statement(work.container.dict if work.container else item.dict)
        budget -= len(statement) if statement is not None else MAX_STATEMENT_BYTES if error else 0
        if budget < 0:
            raise UnreadableDocumentError("more in statements than is read", code="structure.limit")
        end = work.container.end if work.container else 0
        found.append(Preview(work.name, work.timestamp, end, statement, error))
    return tuple(sorted(found, key=lambda item: item.end))


def validate_signatures(
    pdf: Pdf,
    signatures: Sequence[SignatureField],
    *,
    anchors_for: Callable[[str], Sequence[Certificate]],
    tsa: Sequence[Certificate],
    at: datetime,
    tsa_named: Callable[[str], frozenset[str]] = lambda _: frozenset(),
    strict_after: int | None = None,
    hasher: PrefixHasher | None = None,
) -> Validated:
    """Return what each signature is worth.

    Args:
        pdf: the file.
        signatures: those of its newest view.
        anchors_for: field name to the certificates trusted for that signature.
        tsa: the certificates trusted for timestamps.
        at: the moment of verification, aware.
        tsa_named: field name to the keys (SHA-256 of SPKI, ``sha256:<hex>``) that narrow ``tsa`` for its timestamp: one
            must stand in the token's path. An empty set: not narrowed.
        strict_after: size of R0 of a signkit file. Signatures that end later must also have upper-case digits, DER, ESS
            version 2, one timestamp, no stray certificate and no unknown attribute; None: nothing of the kind.
        hasher: shared with other checks of the file, so that no byte is hashed twice.
    """
    hasher = hasher or PrefixHasher(pdf)
    work = [_Work(item) for item in signatures[:MAX_SIGNATURES]]
    for item in work:
        _contain(pdf, item)
    work.sort(key=lambda item: item.order)
    for item in work:
        _integrity(item, hasher, strict=_is_strict(item, strict_after))
    trusted = [certificate for item in work for certificate in anchors_for(item.name)]
    judge = _judge(pdf, work, tsa=tsa, named=tsa_named, trusted=list(dict.fromkeys(trusted)), at=at)
    for item in reversed(work):
        if item.timestamp and item.container is not None:
            _judge_timestamp(item, judge, hasher, strict=_is_strict(item, strict_after))
    for item in work:
        if item.cms is not None and item.container is not None:
            cms, container = item.cms, item.container
            item.judged = judge.signature(
                cms.signer,
                cms.signature,
                cms.tokens,
                end=container.end,
                anchors=anchors_for(item.name),
                field_name=item.name,
            )
            if _is_strict(item, strict_after):
                _strict_paths(item)
    return Validated(tuple(_facts(item, judge) for item in work), judge, limit=len(signatures) > MAX_SIGNATURES)


def broken_signatures(pdf: Pdf, signatures: Sequence[SignatureField]) -> tuple[str, ...]:
    """Return the fields whose signature holds for nobody, whoever is trusted: its form, digest or value is wrong."""
    hasher = PrefixHasher(pdf)
    work = [_Work(item) for item in signatures[:MAX_SIGNATURES]]
    for item in work:
        _contain(pdf, item)
        _integrity(item, hasher, strict=False)
    return tuple(item.name for item in work if any(found.verdict is Verdict.FAILED for found in item.findings))


def _is_strict(item: _Work, strict_after: int | None) -> bool:
    return strict_after is not None and item.container is not None and item.container.end > strict_after


def _contain(pdf: Pdf, item: _Work) -> None:
    try:
        item.container = read_container(pdf, item.found)
    except ContainerError as exc:
        item.fail(exc.code, "FORMAT_FAILURE")


def _integrity(item: _Work, hasher: PrefixHasher, *, strict: bool) -> None:
    container = item.container
    if container is None:
        return
    if strict:
        _strict_container(item, container)
    if item.timestamp:
        return
    if container.dict.get("SubFilter") not in (_SUBFILTERS if not strict else {"ETSI.CAdES.detached"}):
        item.fail("sub_filter", "FORMAT_FAILURE", verdict=Verdict.FAILED if strict else Verdict.INDETERMINATE)
        return
    try:
        cms = read_cms(container.content)
        digest = hasher.around(container.gap, container.end, cms.digest)
    except CmsError as exc:
        lenient = exc.code == "no_signed_attributes" and not strict  # RFC 5652 allows it, and then binds nothing
        item.fail(exc.code, exc.sub, verdict=Verdict.INDETERMINATE if lenient else Verdict.FAILED)
        return
    except (ValueError, TypeError):
        item.fail("algorithm", "CRYPTO_CONSTRAINTS_FAILURE", verdict=Verdict.INDETERMINATE)
        return
    item.cms = cms
    if strict and not names_exactly(container.content, cms.signer):
        item.fail("cms_form", "FORMAT_FAILURE")
    for wrong in check_cms(cms, digest, ess_required=strict):
        item.fail(wrong.code, wrong.sub, verdict=Verdict.FAILED if wrong.sub in _FAILURES else Verdict.INDETERMINATE)
    if strict:
        _strict_attributes(item, cms)


def _strict_container(item: _Work, container: Container) -> None:
    if not container.upper_case:
        item.fail("hex_case", "FORMAT_FAILURE")
    if not is_der(container.content):
        item.fail("not_der", "FORMAT_FAILURE")
    elif not form_holds(container.content, token=item.timestamp):
        item.fail("cms_form", "FORMAT_FAILURE")


def _strict_attributes(item: _Work, cms: Cms) -> None:
    if set(cms.unsigned) - _KNOWN_UNSIGNED:
        item.fail("unsigned_attribute", "FORMAT_FAILURE")
    if len(cms.tokens) != 1:
        item.fail("no_timestamp" if not cms.tokens else "several_timestamps", "FORMAT_FAILURE")


def _judge(
    pdf: Pdf,
    work: Sequence[_Work],
    *,
    tsa: Sequence[Certificate],
    named: Callable[[str], frozenset[str]],
    trusted: Sequence[Certificate],
    at: datetime,
) -> Judge:
    places = {(item.container.revision, item.container.end) for item in work if item.container}
    newest = pdf.revisions[-1]
    places.add((newest.index, newest.end))
    material = read_material(pdf, sorted(places))
    for item in work:
        if item.cms is not None and item.container is not None:
            material.add_certificates(item.cms.certificates, item.container.end)
    return Judge(material=material, tsa=tsa, named=named, trusted=trusted, at=at)


def _judge_timestamp(item: _Work, judge: Judge, hasher: PrefixHasher, *, strict: bool) -> None:
    container = item.container
    if container is None:
        return

    def imprint(algorithm: str) -> bytes:
        try:
            return hasher.around(container.gap, container.end, algorithm)
        except (ValueError, TypeError):
            return b""

    try:
        embedded = TimestampToken(container.content).certificates
    except X509Error:
        item.fail("cms_unreadable", "FORMAT_FAILURE")
        return
    judge.material.add_certificates(embedded, container.end)
    item.judged = judge.document_timestamp(container.content, imprint, end=container.end, field_name=item.name)
    if strict:
        _strict_token(item, container, embedded, judge)


def _strict_token(item: _Work, container: Container, embedded: Sequence[Certificate], judge: Judge) -> None:
    signer = item.judged.token.signer if item.judged.token else None
    if signer is not None and not names_exactly(container.content, signer):
        item.fail("cms_form", "FORMAT_FAILURE")
    used = {certificate.digest for certificate in item.judged.path} | judge.material.stored
    if item.judged.path and any(certificate.digest not in used for certificate in embedded):
        item.fail("stray_certificate", "FORMAT_FAILURE")


def _strict_paths(item: _Work) -> None:
    if item.cms is None or not item.judged.path:
        return
    used = {*item.judged.path, *(item.judged.token.path if item.judged.token else ())}
    if any(certificate not in used for certificate in item.cms.certificates):
        item.fail("stray_certificate", "FORMAT_FAILURE")


def _facts(item: _Work, judge: Judge) -> SignatureFacts:
    findings = (*item.findings, *item.judged.findings)
    verdict = worst(finding.verdict for finding in findings) if findings else Verdict.PASSED
    reason = next((finding.sub_indication for finding in findings if finding.verdict is verdict), None)
    container, cms = item.container, item.cms
    if verdict is Verdict.PASSED and not item.judged.path:
        verdict = Verdict.INDETERMINATE
    own = container.dict if container else item.found.dict
    statement, error = _statement(own)
    return SignatureFacts(
        field=item.name,
        timestamp=item.timestamp,
        revision=container.revision if container else -1,
        end=container.end if container else 0,
        verdict=verdict,
        sub_indication=reason if verdict is not Verdict.PASSED else None,
        findings=findings,
        certificate=cms.signer if cms else item.judged.token.signer if item.judged.token else None,
        path=item.judged.path,
        token=item.judged.token,
        claimed_at=_date(own.get("M")),
        best_time=item.judged.best_time,
        level=level(own, cms, item.judged, end=container.end, judge=judge) if cms and container else None,
        certification=_certifies(own),
        role=cms.role if cms else None,
        statement=statement,
        statement_error=error,
    )


def _certifies(dictionary: Dict) -> bool:
    references = dictionary.get("Reference")
    return isinstance(references, list) and any(
        isinstance(item, Dict) and item.get("TransformMethod") == "DocMDP" for item in references[:16]
    )


def _statement(dictionary: Dict) -> tuple[bytes | None, str | None]:
    parts: Any = dictionary.get(STATEMENT_KEY)
    if STATEMENT_KEY not in dictionary:
        return None, None
    if not isinstance(parts, list) or not all(isinstance(part, bytes) for part in parts):
        return None, "statement.form"
    try:
        return join([bytes(part) for part in parts]), None
    except StatementBytesError:
        return None, "statement.not_canonical"


def _date(value: object) -> datetime | None:
    """Return a PDF date (ISO 32000-1 clause 7.9.4) as an instant; None if it is none."""
    if not isinstance(value, bytes):
        return None
    match = _DATE.fullmatch(decode_text(value).strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, sign, hours, minutes = match.groups()
    try:
        shift = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        zone = timezone(shift)
        at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=zone)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
