"""Trust anchors: purposes, files, and what other programs read in them."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signkit.errors import ConfigError
from signkit.ports.keys import KeyName
from signkit.testing.pki import ThrowawayKeys
from signkit.x509.anchor_files import format_anchors, parse_anchors, read_anchors, split_trust_argument
from signkit.x509.anchors import DEFAULT_PURPOSES, LOG, PERSON, SEAL, TSA, WITNESS, Purpose, TrustAnchor, TrustAnchors
from signkit.x509.certificates import Certificate, load_bundle
from signkit.x509.errors import X509Error

VKEY = "example.se/journal+2b1c9d3e+AZvRyP9fbyUI2Pq2SvA0WzuMvVLAcbsCC5rWDPu+UCBX"


def _certificates(home: ThrowawayKeys) -> list[Certificate]:
    return [home.authority.certificate(name) for name in (KeyName.ROOT, KeyName.PERSON_CA, KeyName.SEAL_CA)]


def test_bare_pem(home: ThrowawayKeys) -> None:
    """A bare PEM file means seal, person and tsa, and nothing else."""
    anchors = parse_anchors(home.root.pem().encode())
    for purpose in ("seal", "person", "tsa"):
        assert anchors.for_purpose(purpose) == (home.root,)
    assert anchors.for_purpose("eid:rehearsal:test") == ()
    assert anchors.keys_for("log") == ()
    assert parse_anchors(home.root.der) == anchors


def test_round_trip(home: ThrowawayKeys) -> None:
    """Purposes, several certificates, eID roots, logs and witnesses come back as they were."""
    root, person, seal = _certificates(home)
    anchors = TrustAnchors().merged(
        [
            TrustAnchor(DEFAULT_PURPOSES, certificate=root),
            TrustAnchor(frozenset({Purpose.eid("bankid", "test"), PERSON}), certificate=person),
            TrustAnchor(frozenset({TSA}), certificate=seal),
            TrustAnchor(frozenset({LOG}), key=VKEY),
            TrustAnchor(frozenset({WITNESS}), key="w" + VKEY),
        ]
    )
    text = format_anchors(anchors)
    assert parse_anchors(text.encode()) == anchors
    assert parse_anchors(text.replace("\n", "\r\n").encode()) == anchors
    assert "Purpose: seal, person, tsa\n-----BEGIN CERTIFICATE-----" in text
    assert f"Log: {VKEY}\n" in text
    assert anchors.keys_for("log") == (VKEY,)
    assert anchors.for_purpose("eid:bankid:test") == (person,)
    assert load_bundle(text.encode()) == (root, person, seal)


def test_purposes_count_for_the_next_certificate_only(home: ThrowawayKeys) -> None:
    """A purpose line does not leak to the certificate after the next."""
    root, person, _ = _certificates(home)
    anchors = parse_anchors(f"Purpose: tsa\n{root.pem()}{person.pem()}".encode())
    assert anchors.for_purpose(TSA) == (root, person)
    assert anchors.for_purpose(SEAL) == (person,)


def test_override(home: ThrowawayKeys, tmp_path: Path) -> None:
    """PURPOSE:FILE overrides what the file says."""
    path = tmp_path / "anchors.pem"
    path.write_text(format_anchors(TrustAnchors.of([home.root])) + f"Log: {VKEY}\n")
    purposes, name = split_trust_argument(f"eid:bankid:production:{path}")
    assert sorted(purposes or ()) == ["eid:bankid:production"]
    anchors = read_anchors(Path(name), purposes=purposes)
    assert anchors.for_purpose("eid:bankid:production") == (home.root,)
    assert anchors.for_purpose("seal") == ()
    only_log = read_anchors(path, purposes=["log"])
    assert only_log.keys_for("log") == (VKEY,)
    assert only_log.for_purpose("seal") == ()


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("root.pem", (None, "root.pem")),
        ("./seal:x.pem", (None, "./seal:x.pem")),
        ("C:\\trust\\root.pem", (None, "C:\\trust\\root.pem")),
        ("tsa:C:\\root.pem", ({"tsa"}, "C:\\root.pem")),
        ("SEAL:root.pem", ({"seal"}, "root.pem")),
        ("unknown:root.pem", (None, "unknown:root.pem")),
        ("seal:", (None, "seal:")),
        ("eid:bankid:test:/a:b.pem", ({"eid:bankid:test"}, "/a:b.pem")),
    ],
)
def test_trust_arguments(argument: str, expected: tuple[set[str] | None, str]) -> None:
    """Only a known purpose before a colon is one; anything else is a file's name."""
    assert split_trust_argument(argument) == expected


def test_bad_eid_purpose() -> None:
    """An eID purpose with a strange name is an error, not a file."""
    with pytest.raises(ConfigError):
        split_trust_argument("eid:Bank ID!:test:x.pem")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"\x30\x03\x02\x01\x00",
        b"Purpose: world domination\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"Log: not a key\n",
        b"\xff\xfe\x00",
        b"-----BEGIN X-----\n-----END X-----\n" * 1001,
        b"x" * (5 * 1024 * 1024),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file, the error names it and is a ConfigError."""
    path = tmp_path / "odd.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_anchors(path)
    assert "odd.pem" in caught.value.message
    with pytest.raises(ConfigError):
        read_anchors(tmp_path / "none.pem")
    with pytest.raises(ConfigError):
        read_anchors(tmp_path)


@given(data=st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are anchors or an X509Error."""
    with contextlib.suppress(X509Error):
        assert len(parse_anchors(data)) > 0


@given(text=st.text(max_size=30))
def test_any_purpose(text: str) -> None:
    """Any text is a purpose in its one spelling, or an X509Error."""
    try:
        purpose = Purpose(text)
    except X509Error:
        return
    assert Purpose(purpose) == purpose == text.strip().lower()


def test_anchors_are_one_thing_each(home: ThrowawayKeys) -> None:
    """A certificate is no log key, a log key no seal, and nothing is trusted for nothing."""
    for purposes, more in (
        ({LOG}, {"certificate": home.root}),
        ({SEAL}, {"key": VKEY}),
        (set(), {"certificate": home.root}),
        ({SEAL}, {}),
        ({SEAL}, {"certificate": home.root, "key": VKEY}),
    ):
        with pytest.raises(X509Error):
            TrustAnchor(frozenset(purposes), **more)


def test_merging_unites_and_narrowing_never_adds(home: ThrowawayKeys) -> None:
    """The same certificate twice is one anchor with both purposes; narrowing only takes away."""
    root, person, _ = _certificates(home)
    anchors = TrustAnchors.of([root], purposes=["seal"]).merged(TrustAnchors.of([root, person], purposes=["tsa"]))
    assert len(anchors) == 2
    assert anchors.for_purpose("tsa") == (root, person)
    narrowed = anchors.narrowed("tsa", spki_digests=frozenset({person.spki_digest}))
    assert narrowed.for_purpose("tsa") == (person,)
    assert anchors.narrowed("tsa", spki_digests=frozenset()).for_purpose("seal") == ()


@pytest.mark.judge
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not at hand")
def test_openssl_reads_the_export(home: ThrowawayKeys, tmp_path: Path) -> None:
    """OpenSSL reads our file as certificate and as trust store."""
    path = tmp_path / "anchors.pem"
    text = f"Log: {VKEY}\n" + format_anchors(TrustAnchors.of(_certificates(home)))
    path.write_text(text)
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(path), "-noout", "-subject"], capture_output=True, text=True, check=True
    )
    assert "TEST Exempel kommun root CA" in shown.stdout
    (tmp_path / "ca.pem").write_text(home.authority.certificate(KeyName.PERSON_CA).pem())
    at = str(int(home.clock.at.timestamp()))
    subprocess.run(
        ["openssl", "verify", "-attime", at, "-CAfile", str(path), str(tmp_path / "ca.pem")],
        capture_output=True,
        check=True,
    )


@pytest.mark.judge
@pytest.mark.skipif(shutil.which("keytool") is None, reason="no Java at hand")
def test_java_reads_the_export(home: ThrowawayKeys, tmp_path: Path) -> None:
    """Java's own certificate factory reads every certificate of our file."""
    path = tmp_path / "anchors.pem"
    path.write_text(format_anchors(TrustAnchors.of(_certificates(home))) + f"Log: {VKEY}\n")
    shown = subprocess.run(
        ["keytool", "-J-Duser.language=en", "-printcert", "-file", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.stdout.count("Owner:") == 3, shown.stdout
