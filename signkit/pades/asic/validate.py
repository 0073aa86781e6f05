"""Judge a container: what its manifests list, its seal, and its archive timestamp (EN 319 162-1, EN 319 102-1).

A container is ours if it holds exactly one manifest with one CAdES signature over every file, and at most one archive
manifest with one timestamp over all that. Nothing may stand in it that nobody signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from asn1crypto import cms as asn1_cms

from signkit.model.report import Finding, Verdict, worst
from signkit.pades.asic.layout import ARCHIVE_MANIFEST, ARCHIVE_TOKEN, MANIFEST, META_FILES, MIMETYPE_NAME, SIGNATURE
from signkit.pades.asic.manifest import MAX_MANIFEST_BYTES, ContainerManifest, ManifestError, parse_manifest
from signkit.pades.asic.reader import ContainerReader, ContainerReadError
from signkit.pades.validate_cms import CmsError, check_cms, form_holds, names_exactly, read_cms
from signkit.pades.validate_der import is_der
from signkit.pades.validate_facts import SignatureFacts
from signkit.pades.validate_material import Material
from signkit.pades.validate_time import Judge, Judged, imprint_of
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import X509Error
from signkit.x509.tokens import TimestampToken

__all__ = ["JudgedContainer", "judge_container"]

_MAX_SIGNATURE_BYTES: Final = 4 * 1024 * 1024
_MAX_LISTS: Final = 100
_FAILURES: Final = frozenset({"FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE", "SIG_CONSTRAINTS_FAILURE"})
_SEALED, _ARCHIVED = 1, 2
"""Order in which things came to be, where a PDF has the ends of its revisions."""


@dataclass(frozen=True, slots=True)
class JudgedContainer:
    """What a container's seal and timestamp are worth."""

    findings: tuple[Finding, ...]
    signatures: tuple[SignatureFacts, ...]
    """The seal, and the archive timestamp where there is one."""
    judge: Judge | None = field(default=None, repr=False)
    """For tokens that stand in the container."""

    @property
    def sound(self) -> bool:
        """Tell whether nothing in the container differs from what was sealed."""
        return all(item.verdict is not Verdict.FAILED for item in self.findings)


@dataclass(slots=True)
class _Work:
    reader: ContainerReader
    findings: list[Finding] = field(default_factory=list)

    def fail(self, code: str, subject: str | None = None, sub: str = "FORMAT_FAILURE") -> None:
        self.findings.append(Finding("2", Verdict.FAILED, f"bundle.{code}", {}, sub, subject))


def judge_container(
    reader: ContainerReader, *, seal: Sequence[Certificate], tsa: Sequence[Certificate], at: datetime
) -> JudgedContainer:
    """Return what the container's own protection is worth.

    Args:
        reader: the open container.
        seal: certificates trusted for the organisation's seal.
        tsa: certificates trusted for timestamps.
        at: the moment of verification, aware.
    """
    work = _Work(reader)
    meta = _meta_files(work)
    manifest = _manifest(work, meta, MANIFEST, SIGNATURE)
    archive = _manifest(work, meta, ARCHIVE_MANIFEST, ARCHIVE_TOKEN)
    _check_files(work, manifest, archive)
    if SIGNATURE not in meta or MANIFEST not in meta:
        return JudgedContainer(tuple(work.findings), ())
    judge = Judge(material=Material(), tsa=tsa, trusted=seal, at=at)
    facts = _Signatures(judge, meta).judge(seal)
    if facts[0].verdict is not Verdict.FAILED and not _dated(reader, facts[0].claimed_at):
        work.fail("date")
    return JudgedContainer(tuple(work.findings), facts, judge)


def _meta_files(work: _Work) -> dict[str, bytes]:
    meta: dict[str, bytes] = {}
    for name in work.reader.members:
        if name.casefold().startswith("meta-inf/") and name not in META_FILES:
            work.fail("unlisted", name)
    for name in META_FILES:
        if name not in work.reader.members:
            continue
        limit = MAX_MANIFEST_BYTES if name.endswith(".xml") else _MAX_SIGNATURE_BYTES
        try:
            meta[name] = work.reader.read(name, limit=limit)
        except ContainerReadError as exc:
            work.fail(exc.code, name)
    for name in (MANIFEST, SIGNATURE):
        if name not in meta:
            work.fail("missing", name)
    if (ARCHIVE_MANIFEST in meta) != (ARCHIVE_TOKEN in meta):
        work.fail("missing", ARCHIVE_TOKEN if ARCHIVE_MANIFEST in meta else ARCHIVE_MANIFEST)
    return meta


def _manifest(work: _Work, meta: Mapping[str, bytes], name: str, signature: str) -> ContainerManifest | None:
    if name not in meta:
        return None
    try:
        manifest = parse_manifest(meta[name])
    except ManifestError:
        work.fail("manifest", name)
        return None
    if manifest.signature != signature:
        work.fail("manifest", name)
    return manifest


def _check_files(work: _Work, manifest: ContainerManifest | None, archive: ContainerManifest | None) -> None:
    """Hold every file against both manifests: each is listed, and each that is listed is there, unchanged."""
    plain = [name for name in work.reader.members if name != MIMETYPE_NAME and name not in META_FILES]
    wanted: list[tuple[ContainerManifest, list[str]]] = []
    if manifest is not None:
        wanted.append((manifest, plain))
    if archive is not None:
        wanted.append((archive, [MANIFEST, SIGNATURE, *plain]))
    wrong: dict[str, str] = {}
    for one, names in wanted:
        wrong |= {name: "unlisted" for name in names if name not in one.files}
        wrong |= {name: "missing" for name in one.files if name not in names}
    kinds = {one.digest for one, _ in wanted}
    for name in dict.fromkeys(name for _, names in wanted for name in names if name in work.reader.members):
        try:
            digests = work.reader.digests(name, kinds)
        except ContainerReadError as exc:
            wrong[name] = exc.code
            continue
        if any(name in one.files and one.files[name] != digests[one.digest] for one, _ in wanted):
            wrong[name] = "changed"
    for name, code in wrong.items():
        work.fail(code, name, "HASH_FAILURE" if code == "changed" else "FORMAT_FAILURE")


@dataclass(slots=True)
class _Signatures:
    """The seal and the archive timestamp, judged newest first."""

    judge_of: Judge
    meta: Mapping[str, bytes]

    def judge(self, seal: Sequence[Certificate]) -> tuple[SignatureFacts, ...]:
        self._collect()
        archived = self._archive()
        return (self._seal(seal, archived=archived), *([archived] if archived else []))

    def _collect(self) -> None:
        """Take the certificates and lists that the seal and the timestamp bring along."""
        material = self.judge_of.material
        try:
            signed: Any = asn1_cms.ContentInfo.load(self.meta[SIGNATURE], strict=True)["content"]
            lists = [item.chosen.dump() for item in list(signed["crls"] or ())[:_MAX_LISTS]]
            material.add_certificates(read_cms(self.meta[SIGNATURE]).certificates, _SEALED)
            material.crls |= {Crl(item): _SEALED for item in lists}
        except (CmsError, X509Error, ValueError, TypeError, KeyError, AttributeError):
            pass  # said where the seal is judged
        try:
            token = TimestampToken(self.meta[ARCHIVE_TOKEN]) if ARCHIVE_TOKEN in self.meta else None
            material.add_certificates(token.certificates if token else (), _ARCHIVED)
        except X509Error:
            pass  # said where the token is judged

    def _archive(self) -> SignatureFacts | None:
        if ARCHIVE_TOKEN not in self.meta or ARCHIVE_MANIFEST not in self.meta:
            return None
        judged = self.judge_of.document_timestamp(
            self.meta[ARCHIVE_TOKEN],
            imprint_of(self.meta[ARCHIVE_MANIFEST]),
            end=_ARCHIVED,
            field_name=ARCHIVE_TOKEN,
        )
        findings = list(judged.findings)
        if not is_der(self.meta[ARCHIVE_TOKEN]) or not form_holds(self.meta[ARCHIVE_TOKEN], token=True):
            findings.append(_wrong("cms_form", "FORMAT_FAILURE", ARCHIVE_TOKEN))
        findings += self._strict_token(judged)
        verdict = _verdict(findings, trusted=bool(judged.path))
        return SignatureFacts(
            field=ARCHIVE_TOKEN,
            timestamp=True,
            revision=1,
            end=_ARCHIVED,
            verdict=verdict,
            sub_indication=_reason(findings, verdict),
            findings=tuple(findings),
            certificate=judged.token.signer if judged.token else None,
            path=judged.path,
            token=judged.token,
            best_time=judged.best_time,
        )

    def _strict_token(self, judged: Judged) -> Iterator[Finding]:
        """Give what is wrong with what nothing covers in the newest token: its signer's name, its certificates."""
        signer = judged.token.signer if judged.token else None
        if signer is None:
            return
        if not names_exactly(self.meta[ARCHIVE_TOKEN], signer):
            yield _wrong("cms_form", "FORMAT_FAILURE", ARCHIVE_TOKEN)
        material = self.judge_of.material.certificates
        used = {*judged.path, *(item for item, place in material.items() if place == _SEALED)}
        if judged.path and any(item not in used for item in TimestampToken(self.meta[ARCHIVE_TOKEN]).certificates):
            yield _wrong("stray_certificate", "FORMAT_FAILURE", ARCHIVE_TOKEN)

    def _seal(self, anchors: Sequence[Certificate], *, archived: SignatureFacts | None) -> SignatureFacts:
        data, manifest = self.meta[SIGNATURE], self.meta[MANIFEST]
        try:
            cms = read_cms(data)
            wrong = check_cms(cms, hashlib.new(cms.digest, manifest).digest(), ess_required=True)
        except (CmsError, ValueError, TypeError) as exc:
            code = exc.code if isinstance(exc, CmsError) else "algorithm"
            finding = _wrong(code, "FORMAT_FAILURE", SIGNATURE)
            return SignatureFacts(
                field=SIGNATURE,
                timestamp=False,
                revision=0,
                end=_SEALED,
                verdict=Verdict.FAILED,
                sub_indication="FORMAT_FAILURE",
                findings=(finding,),
            )
        findings = [_wrong(item.code, item.sub, SIGNATURE) for item in wrong]
        if not is_der(data) or not form_holds(data, token=False):
            findings.append(_wrong("cms_form", "FORMAT_FAILURE", SIGNATURE))
        if len(cms.tokens) != 1 or len(cms.unsigned) != 1:
            findings.append(_wrong("no_timestamp", "FORMAT_FAILURE", SIGNATURE))
        judged = self.judge_of.signature(
            cms.signer, cms.signature, cms.tokens, end=_SEALED, anchors=anchors, field_name=SIGNATURE
        )
        findings += judged.findings
        verdict = _verdict(findings, trusted=bool(judged.path))
        timed = judged.token is not None and bool(judged.token.path)
        lasting = archived is not None and archived.verdict is Verdict.PASSED
        level = "B-B" if not timed else "B-LTA" if lasting and judged.path else "B-LT" if judged.path else "B-T"
        return SignatureFacts(
            field=SIGNATURE,
            timestamp=False,
            revision=0,
            end=_SEALED,
            verdict=verdict,
            sub_indication=_reason(findings, verdict),
            findings=tuple(findings),
            certificate=cms.signer,
            path=judged.path,
            token=judged.token,
            claimed_at=_signing_time(cms.attributes),
            best_time=judged.best_time,
            level=level,
        )


def _dated(reader: ContainerReader, at: datetime | None) -> bool:
    """Tell whether the dates in the ZIP are the seal's signing-time: nothing else vouches for them."""
    if at is None:
        return False
    time = at.hour << 11 | at.minute << 5 | at.second // 2
    date = (at.year - 1980) << 9 | at.month << 5 | at.day
    return all(member.date == (time, date) for member in reader.members.values())


def _signing_time(attributes: Mapping[str, Any]) -> datetime | None:
    value = attributes.get("signing_time")
    native = value.native if value is not None else None
    return native if isinstance(native, datetime) else None


def _wrong(code: str, sub: str, subject: str) -> Finding:
    verdict = Verdict.FAILED if sub in _FAILURES else Verdict.INDETERMINATE
    return Finding("2", verdict, f"signature.{code}", {}, sub, subject)


def _verdict(findings: Sequence[Finding], *, trusted: bool) -> Verdict:
    found = worst(item.verdict for item in findings) if findings else Verdict.PASSED
    return Verdict.INDETERMINATE if found is Verdict.PASSED and not trusted else found


def _reason(findings: Sequence[Finding], verdict: Verdict) -> str | None:
    return next((item.sub_indication for item in findings if item.verdict is verdict), None)
