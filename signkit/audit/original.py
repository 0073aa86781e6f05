"""Step 6: R0, the exact file that people were asked to sign. C1.

That its bytes stand where they should, and that the rest builds on them, is checked together with step 3.
"""

from __future__ import annotations

from unicodedata import normalize

from signkit.audit.case import Case
from signkit.canonical import digest_text
from signkit.errors import DocumentError, UnreadableDocumentError
from signkit.files import sha256_of
from signkit.model.risks import REFUSING, risk_codes
from signkit.model.statement import Manifest
from signkit.pades.examine import Facts, read_facts

__all__ = ["check_original"]


def check_original(case: Case) -> None:
    """Hold R0 and R1 against the manifest and, if given, the original file; recompute the risks."""
    manifest = case.manifest
    if manifest is None:
        if case.given.original is not None:
            case.skip("6", "original.not_a_signkit_file")
        return
    record = manifest.own
    if not 0 < record.r0.size < record.r1.size <= case.pdf.size:
        case.fail("6", "original.size")
        return
    if case.prefix(record.r0.size) != record.r0.sha256:
        case.fail("6", "original.digest", sub="HASH_FAILURE")
    if case.prefix(record.r1.size) != record.r1.sha256:
        case.fail("6", "original.prepared", sub="HASH_FAILURE")
    _check_given(case, manifest)
    _check_facts(case, manifest)
    if record.repaired_from is not None:
        case.note("6", "original.repaired", source=record.repaired_from)
    if case.passed("6"):
        case.note("6", "original.intact", size=record.r0.size, sha256=record.r0.sha256)


def _check_given(case: Case, manifest: Manifest) -> None:
    if case.given.original is None:
        case.skip("6", "original.not_given")
        return
    try:
        digest = digest_text(sha256_of(case.given.original))
    except OSError as exc:
        raise DocumentError(
            f"the original {case.given.original.name} cannot be read: {exc.strerror}", code="document.original"
        ) from exc
    if digest == manifest.own.r0.sha256:
        case.note("6", "original.same")
    elif digest == manifest.own.repaired_from:
        case.note("6", "original.same_before_repair")
    else:
        case.fail("6", "original.differs", sub="HASH_FAILURE")


def _check_facts(case: Case, manifest: Manifest) -> None:
    record = manifest.own
    try:
        facts = read_facts(case.pdf.prefix(record.r0.size))
    except UnreadableDocumentError as exc:
        if exc.code == "structure.limit":
            case.doubt("6", "original.limit")
        else:
            case.fail("6", "original.unreadable")
        return
    accepted = manifest.extra.get("accepted_risks", record.risks)
    for code in risk_codes(facts.risks):
        if code in record.risks:
            if code in REFUSING and code not in accepted:
                case.fail("6", "original.risk_not_accepted", risk=code)
            elif code in REFUSING:
                case.note("6", "original.risk_accepted", risk=code)
        elif code in REFUSING:
            case.fail("6", "original.risk_not_recorded", risk=code)
        else:
            case.note("6", "original.risk_informing", risk=code)
    if facts.pages != record.pages:
        case.fail("6", "original.pages")
    _check_attachments(case, manifest, facts)


def _check_attachments(case: Case, manifest: Manifest, facts: Facts) -> None:
    """Hold names, in NFC as canonical JSON has them, sizes and digests against the manifest."""
    recorded = sorted(
        tuple(str(item.get(key)) for key in ("name", "size", "sha256")) for item in manifest.own.attachments
    )
    if recorded != sorted((normalize("NFC", item.name), str(item.size), item.sha256) for item in facts.attachments):
        case.fail("6", "original.attachments")
