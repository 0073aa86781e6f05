"""Every forgery of structure, and any flipped byte: never PASSED, each with its own code."""

from __future__ import annotations

from pathlib import Path

import pytest
from asn1crypto import cms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signkit.audit import verify_file
from signkit.errors import DocumentError
from signkit.model.report import Verdict
from signkit.pades.structure import Pdf
from signkit.testing.attacks.registry import attacks
from signkit.testing.proved import ProvedFile

from .conftest import verify, wrong

QUICK = sorted(name for name, item in attacks().items() if not item.continues and not item.needs and item.on != "r1")


@pytest.mark.parametrize("name", QUICK)
def test_forged_structure_fails_with_its_own_code(name: str, honest: ProvedFile, tmp_path: Path):
    """The whole recipe over a forged file that was honest in all else."""
    attack = attacks()[name]
    forged = tmp_path / "forged.pdf"
    forged.write_bytes(attack.forge(Pdf.open(honest.revisions[attack.on])))
    report = verify(honest, forged)
    assert report.verdict is Verdict.FAILED
    assert attack.code in wrong(report)


def _verdict(honest: ProvedFile, data: bytes, folder: Path) -> Verdict | None:
    path = folder / "flipped.pdf"
    path.write_bytes(data)
    try:
        return verify(honest, path, evidence=None).verdict
    except DocumentError:
        return None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed(place: float, bit: int, honest: ProvedFile, tmp_path: Path):
    """One flipped bit anywhere in a finished file is never PASSED, and never an exception but DocumentError."""
    data = bytearray(honest.path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    assert _verdict(honest, bytes(data), tmp_path) is not Verdict.PASSED


def _last_contents(path: Path) -> tuple[int, int]:
    newest = max(Pdf.open(path).view().signatures, key=lambda item: item.signed_end or 0)
    return newest.contents.start, newest.contents.end


@settings(max_examples=18, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_of_the_last_token_is_noticed(place: float, bit: int, honest: ProvedFile, tmp_path: Path):
    """Nothing covers the newest token but itself: what its signature leaves open is checked by form."""
    data = bytearray(honest.path.read_bytes())
    start, end = _last_contents(honest.path)
    token = bytearray.fromhex(data[start + 1 : end - 1].decode())
    length = len(bytes(token).rstrip(b"\x00"))
    token[int(place * length)] ^= 1 << bit
    data[start + 1 : end - 1] = token.hex().upper().encode()
    assert _verdict(honest, bytes(data), tmp_path) is not Verdict.PASSED


def test_every_byte_that_no_signature_protects_in_the_last_token(honest: ProvedFile, tmp_path: Path):
    """The head of the CMS before the signed content, byte by byte: version, algorithms, lengths."""
    data = honest.path.read_bytes()
    start, end = _last_contents(honest.path)
    token = bytearray.fromhex(data[start + 1 : end - 1].decode())
    for place in range(0, 40, 5):
        flipped = bytearray(token)
        flipped[place] ^= 1
        forged = data[: start + 1] + flipped.hex().upper().encode() + data[end - 1 :]
        assert _verdict(honest, forged, tmp_path) is not Verdict.PASSED


def test_a_token_of_another_signature_fails(honest: ProvedFile, tmp_path: Path):
    """A genuine timestamp over somebody else's signature proves nothing."""
    path = honest.revisions["s1"]
    data = path.read_bytes()
    view = Pdf.open(path).view()
    older, newest = sorted(view.signatures, key=lambda item: item.signed_end or 0)
    token = _cms(older.contents)["content"]["signer_infos"][0]["unsigned_attrs"][0]["values"][0]
    forged = _cms(newest.contents)
    forged["content"]["signer_infos"][0]["unsigned_attrs"][0]["values"] = [token]
    raw = forged.dump()
    start, end = newest.contents.start, newest.contents.end
    filled = raw.hex().upper().encode().ljust(end - start - 2, b"0")
    (tmp_path / "forged.pdf").write_bytes(data[: start + 1] + filled + data[end - 1 :])
    report = verify(honest, tmp_path / "forged.pdf")
    assert report.verdict is Verdict.FAILED
    assert "timestamp.imprint" in wrong(report)


def _cms(contents: bytes) -> cms.ContentInfo:
    return cms.ContentInfo.load(bytes(contents).rstrip(b"\x00") + b"\x00" * 4)


@pytest.mark.parametrize("name", ["usf_01_Empty_Contents", "siwa_A", "isa_B", "isa_C", "isa_H"])
def test_published_forgeries_never_pass(name: str, honest: ProvedFile, shared: Path):
    """Files of the first research on forged PDF signatures."""
    report = verify_file(shared / "corpora" / "attacks" / f"{name}.pdf", anchors=honest.trusted.anchors, at=honest.at)
    assert report.verdict is Verdict.FAILED
