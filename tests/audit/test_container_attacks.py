"""The container of the newest seal, which no signature covers, written otherwise than signkit writes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, x509

from signkit.model.report import Verdict
from signkit.testing.proved import ProvedFile

from .conftest import ISSUER, verify, wrong


def contents(data: bytes) -> tuple[int, int]:
    """Return where the digits of the last signature's contents stand."""
    start = data.rindex(b"/Contents <") + len(b"/Contents <")
    return start, data.index(b">", start)


def lower(data: bytes) -> bytes:
    start, end = contents(data)
    return data[:start] + data[start:end].lower() + data[end:]


def rewritten(change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    """Return a change of the last signature's CMS; what is signed stays as it is."""

    def apply(data: bytes) -> bytes:
        start, end = contents(data)
        info = cms.ContentInfo.load(bytes.fromhex(data[start:end].decode()), strict=False)
        change(info["content"])
        der: bytes = info.dump().hex().upper().encode()
        assert len(der) <= end - start
        return data[:start] + der.ljust(end - start, b"0") + data[end:]

    return apply


def no_token(signed: Any) -> None:
    signed["signer_infos"][0]["unsigned_attrs"] = None


def unknown_attribute(signed: Any) -> None:
    when = cms.Time({"utc_time": datetime(2026, 1, 1, tzinfo=UTC)})
    attribute = cms.CMSAttribute({"type": "signing_time", "values": [when]})
    signed["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([attribute])


def fewer_certificates(signed: Any) -> None:
    signed["certificates"] = None


def other_version(signed: Any) -> None:
    signed["version"] = "v3"


def other_certificates(signed: Any) -> None:
    stranger = x509.Certificate.load(ISSUER.der)
    del signed["certificates"][-1]
    signed["certificates"].append(cms.CertificateChoices(name="certificate", value=stranger))


def without_attribute(name: str) -> Callable[[Any], None]:
    """Return a change that takes a signed attribute away."""

    def change(signed: Any) -> None:
        info = signed["signer_infos"][0]
        info["signed_attrs"] = cms.CMSAttributes([item for item in info["signed_attrs"] if item["type"].native != name])

    return change


def other_ess(signed: Any) -> None:
    for item in signed["signer_infos"][0]["signed_attrs"]:
        if item["type"].native == "signing_certificate_v2":
            item["values"][0]["certs"][0]["cert_hash"] = bytes(32)


def twice(signed: Any) -> None:
    info = signed["signer_infos"][0]
    attributes = list(info["signed_attrs"])
    info["signed_attrs"] = cms.CMSAttributes([*attributes, attributes[0].copy()])


def long_length(data: bytes) -> bytes:
    """Write the outer length with a byte more than it needs."""
    start, end = contents(data)
    digits = data[start:end]
    assert digits.startswith(b"3082")
    assert digits.endswith(b"00")
    return data[:start] + b"308300" + digits[4:-2] + data[end:]


def last(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Return a change of the last place where something stands."""

    def apply(data: bytes) -> bytes:
        at = data.rindex(old)
        return data[:at] + new + data[at + len(old) :]

    return apply


def shorter(data: bytes) -> bytes:
    """Say of the last signature that it ends a few bytes earlier."""
    end = data.index(b"]", data.rindex(b"/ByteRange ["))
    start = data.rindex(b" ", 0, len(data[:end].rstrip())) + 1
    number = data[start:end].rstrip()
    return data[:start] + str(int(number) - 3).encode().ljust(len(number)) + data[start + len(number) :]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (shorter, "signature.not_a_revision"),
        (lower, "signature.hex_case"),
        (rewritten(no_token), "signature.no_timestamp"),
        (rewritten(unknown_attribute), "signature.unsigned_attribute"),
        (rewritten(fewer_certificates), "signature.no_certificate"),
        (rewritten(other_version), "signature.cms_form"),
        (rewritten(other_certificates), "signature.stray_certificate"),
        (rewritten(without_attribute("signing_certificate_v2")), "signature.no_ess"),
        (rewritten(other_ess), "signature.ess"),
        (rewritten(twice), "signature.signed_attributes"),
        (long_length, "signature.not_der"),
        (last(b"/ETSI.CAdES.detached", b"/adbe.pkcs7.detached"), "signature.sub_filter"),
        (last(b"/ByteRange [0 ", b"/ByteRange [1 "), "signature.byte_range"),
    ],
    ids=[
        "shorter",
        "hex",
        "token",
        "attribute",
        "certificates",
        "version",
        "stray",
        "no ess",
        "other ess",
        "twice",
        "length",
        "filter",
        "range",
    ],
)
def test_a_container_of_another_form_fails(
    change: Callable[[bytes], bytes], code: str, honest: ProvedFile, tmp_path: Path
):
    """What no signature covers in the newest seal is exactly what signkit writes, or FAILED."""
    path = tmp_path / "changed.pdf"
    path.write_bytes(change(honest.revisions["completed"].read_bytes()))
    report = verify(honest, path)
    assert report.verdict is Verdict.FAILED
    assert code in wrong(report)
