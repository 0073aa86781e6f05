"""Verifying one of our files, all claims, against pyHanko validating the signatures in it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from benchmarks.embedding import DOCUMENT, WallClock
from benchmarks.harness import Row, medians
from signkit.audit import verify_file
from signkit.model.report import Verdict
from signkit.ports.keys import KeyName
from signkit.testing.signed import ThrowawayAuthority, make_signed_pdf
from signkit.x509.anchor_files import parse_anchors

__all__ = ["measure"]


def measure(rounds: int) -> list[Row]:
    """Return the ratio for a file with three signatories."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "made").mkdir()
        clock = WallClock()
        authority = ThrowawayAuthority(clock=clock, folder=folder / "keys")
        file = make_signed_pdf(folder / "made", source=DOCUMENT, authority=authority)
        anchors = parse_anchors(authority.root_pem.encode())
        root = x509.Certificate.load(authority.keys.certificates(KeyName.ROOT)[0])

        def ours() -> None:
            report = verify_file(file.path, anchors=anchors, at=clock.now())
            if len(report.signatures) != 6 or any(item.verdict is not Verdict.PASSED for item in report.signatures):
                raise RuntimeError("the file that was made for this does not verify")

        policy = CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=[root]),
            revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO, retroactive_revinfo=True),
        )
        spec = PdfSignatureValidationSpec(
            SignatureValidationSpec(
                cert_validation_policy=policy,
                revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
            )
        )

        async def validate() -> None:
            with file.path.open("rb") as stream:
                for signature in PdfFileReader(stream).embedded_regular_signatures:
                    result = await ades_lta_validation(signature, spec)
                    if not result.ades_subindic.status.name == "PASSED":
                        raise RuntimeError(f"pyHanko does not accept the file: {result.ades_subindic}")

        def theirs() -> None:
            asyncio.run(validate())

        took = medians({"ours": ours, "theirs": theirs}, rounds=rounds)
    return [
        Row(
            "`verify` of a file with three signatories, all claims",
            "pyHanko validating its five signatures (B-LTA)",
            took["ours"] / took["theirs"],
            None,
        )
    ]
