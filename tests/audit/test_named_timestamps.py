"""The manifest names whose timestamps the envelope carries: others are open, renewals are free (decision 0018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from signkit.canonical import digest_text
from signkit.model.report import Verdict
from signkit.pades import archive
from signkit.ports.keys import KeyName
from signkit.testing.proved import GUESTS, Forgery, Life, ProvedFile, Trusted
from signkit.testing.signed import ThrowawayAuthority
from signkit.x509.anchors import TSA, TrustAnchors
from signkit.x509.certificates import Certificate

from .conftest import verify, wrong

Maker = Callable[..., ProvedFile]
ZERO = "sha256:" + "0" * 64


def named(*keys: str) -> Forgery:
    """Return a life whose manifest names these keys for timestamps."""
    return Forgery(manifest=lambda m, _: replace(m, issuers=replace(m.issuers, tsa=keys)))


@pytest.fixture(scope="module")
def other(trusted: Trusted, tmp_path_factory: pytest.TempPathFactory) -> ThrowawayAuthority:
    """Return another authority whose clock is everybody's."""
    return ThrowawayAuthority(clock=trusted.authority.clock, folder=tmp_path_factory.mktemp("other"))


def root_of(authority: ThrowawayAuthority) -> Certificate:
    return Certificate(authority.keys.certificates(KeyName.ROOT)[0])


def stamped(file: ProvedFile, source: Path, target: Path, other: ThrowawayAuthority, *, number: int) -> Path:
    """Put a document timestamp by another authority on a file."""
    field = file.manifest.fields.certify
    archive(
        source,
        target,
        field=f"{field.removesuffix('certify')}archive-{number}",
        beside=field,
        material=other.material(),
        timestamper=other.stamps,
    )
    return target


def both(file: ProvedFile, other: ThrowawayAuthority) -> TrustAnchors:
    """Return the anchors of a reader who trusts the other authority's timestamps, too."""
    return file.trusted.anchors.merged(TrustAnchors.of([root_of(other)], purposes=[TSA]))


def test_timestamps_of_another_service_are_open(make: Maker):
    """A token that the reader's anchors vouch for, by a key that the manifest does not name, leaves the file open."""
    report = verify(make(forgery=named(ZERO), guests=GUESTS[:1]))
    assert report.verdict is Verdict.INDETERMINATE
    assert not wrong(report)
    assert {"timestamp.not_named", "journal.anchor_not_named"} <= wrong(report, Verdict.INDETERMINATE)
    assert {item.gen_time for item in report.signatures} == {None}


@pytest.mark.parametrize("which", ["signer", "root", "none", "root among others"])
def test_a_key_on_the_path_is_enough(which: str, make: Maker, trusted: Trusted):
    """The signer's key, its authority's, or no list at all: the file is whole."""

    def manifest(made: object, life: Life) -> object:
        signer = Certificate(life.trusted.authority.keys.certificates(KeyName.TSA)[0])
        keys = {
            "signer": (signer,),
            "root": (root_of(life.trusted.authority),),
            "none": (),
            "root among others": (root_of(life.trusted.authority),),
        }[which]
        more = (ZERO,) if which == "root among others" else ()
        found = (*more, *(digest_text(item.spki_digest) for item in keys))
        return named(*found).manifest(made, life)  # type: ignore[arg-type]

    assert verify(make(forgery=Forgery(manifest=manifest), guests=GUESTS[:1])).verdict is Verdict.PASSED  # type: ignore[arg-type]


def test_a_renewal_by_another_service_holds(honest: ProvedFile, other: ThrowawayAuthority, tmp_path: Path):
    """After the archive's timestamp anybody whom the reader trusts may renew it."""
    path = stamped(honest, honest.path, tmp_path / "renewed.pdf", other, number=2)
    at = other.clock.now() + timedelta(minutes=1)
    report = verify(honest, path, anchors=both(honest, other), at=at)
    assert report.verdict is Verdict.PASSED
    assert report.claims["C6"].verdict is Verdict.PASSED
    assert verify(honest, path, at=at).verdict is Verdict.INDETERMINATE  # nobody trusts it


def test_the_timestamp_after_the_completion_is_of_the_envelope(
    honest: ProvedFile, other: ThrowawayAuthority, tmp_path: Path
):
    """The archive's timestamp is by a service that was named, or leaves the file open, whatever it is called."""
    for number in (1, 7):
        path = stamped(honest, honest.revisions["completed"], tmp_path / f"{number}.pdf", other, number=number)
        at = other.clock.now() + timedelta(minutes=1)
        report = verify(honest, path, anchors=both(honest, other), at=at)
        assert report.verdict is Verdict.INDETERMINATE
        assert not wrong(report)
        assert "timestamp.not_named" in wrong(report, Verdict.INDETERMINATE)
