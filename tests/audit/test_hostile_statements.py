"""Statements and evidence that strangers wrote to make the archivist stumble, or believe without proof."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from signkit import canonical
from signkit.audit import verify_file
from signkit.evidence import verifier_for
from signkit.model.report import Verdict
from signkit.pades.structure import Dict, Name, Pdf, Ref
from signkit.ports.evidence import EvidenceFacts
from signkit.ports.provider import Evidence
from signkit.testing.attacks.update import Update
from signkit.testing.proved import ProvedFile
from signkit.testing.signed import plain_document

from .conftest import verify, wrong

NUMBER = b"1" * 5000


@pytest.mark.parametrize("number", [NUMBER, b"-" + NUMBER, b"9007199254740992", b"-9007199254740992", b"1" * 18])
def test_a_number_too_long_is_not_canonical(number: bytes):
    """Python itself refuses some thousand digits with an error of its own kind."""
    with pytest.raises(canonical.CanonicalError):
        canonical.decode(b'{"a":' + number + b"}")
    assert canonical.decode(b"-9007199254740991") == -9007199254740991


@pytest.mark.parametrize(
    "statement",
    [b'{"schema":"signkit.manifest/1","size":' + NUMBER + b"}", b"[" * 31_000, b'{"a":"\\ud800"}', b"\x78\xda\x00"],
)
def test_a_stranger_s_statement_is_a_finding(statement: bytes, honest: ProvedFile, tmp_path: Path):
    """Whatever stands where a statement should, verify answers FAILED."""
    (tmp_path / "plain.pdf").write_bytes(plain_document())
    update = Update(Pdf.open(tmp_path / "plain.pdf"))
    value = {"Type": Name("Sig"), "SubFilter": Name("ETSI.CAdES.detached"), "SGNK_Statement": [statement]}
    signature = update.add(Dict({**value, "Contents": b"\0" * 64, "ByteRange": [0, 1, 2, 3]}))
    field = update.add(Dict({"FT": Name("Sig"), "T": b"x", "V": signature}))
    root = update.view.trailer["Root"]
    assert isinstance(root, Ref)
    update.change(root.num, AcroForm=update.add(Dict({"Fields": [field], "SigFlags": 3})))
    (tmp_path / "forged.pdf").write_bytes(update.build())
    report = verify_file(tmp_path / "forged.pdf", anchors=honest.trusted.anchors, at=honest.at)
    assert report.verdict is Verdict.FAILED
    assert "statement.not_canonical" in wrong(report)


def test_statements_that_swell_are_a_limit(honest: ProvedFile, tmp_path: Path):
    """Four signatures of some kilobytes that each inflate to eight megabytes: open, soon."""
    packed = zlib.compress(b"[" + b"1," * 4_000_000 + b"1]", 9)
    parts = [packed[at : at + 32_000] for at in range(0, len(packed), 32_000)]
    (tmp_path / "plain.pdf").write_bytes(plain_document())
    update = Update(Pdf.open(tmp_path / "plain.pdf"))
    value = {"Type": Name("Sig"), "SGNK_Statement": list(parts), "Contents": b"\0" * 64, "ByteRange": [0, 1, 2, 3]}
    signature = update.add(Dict(value))
    fields = [update.add(Dict({"FT": Name("Sig"), "T": b"x%d" % number, "V": signature})) for number in range(4)]
    root = update.view.trailer["Root"]
    assert isinstance(root, Ref)
    update.change(root.num, AcroForm=update.add(Dict({"Fields": [*fields], "SigFlags": 3})))
    (tmp_path / "forged.pdf").write_bytes(update.build())
    report = verify_file(tmp_path / "forged.pdf", anchors=honest.trusted.anchors, at=honest.at)
    assert report.verdict is Verdict.INDETERMINATE
    assert "document.limit" in wrong(report, Verdict.INDETERMINATE)


class _Blind:
    """A verifier of an eID that signs nothing of ours, or names nobody."""

    def __init__(self, missing: str) -> None:
        self._missing = missing

    def verify(self, evidence: Evidence, *, anchors: Sequence[bytes]) -> EvidenceFacts:
        verifier = verifier_for(evidence.format)
        assert verifier is not None
        nothing: dict[str, Any] = {self._missing: None}
        return dataclasses.replace(verifier.verify(evidence, anchors=anchors), **nothing)


@pytest.mark.parametrize(
    ("missing", "code"),
    [("data", "evidence.intent"), ("text", "evidence.intent"), ("identity", "evidence.other_person")],
)
def test_evidence_that_binds_nothing_proves_nothing(
    missing: str, code: str, honest: ProvedFile, monkeypatch: pytest.MonkeyPatch
):
    """A genuine eID signature without our hidden data, text or a person is not taken for proof (C3b)."""
    monkeypatch.setattr("signkit.audit.evidence.verifier_for", lambda _format: _Blind(missing))
    report = verify(honest)
    assert report.claims["C3b"].verdict is Verdict.FAILED
    assert code in wrong(report)
    assert not any(finding.code == "evidence.proved" for finding in report.findings)
