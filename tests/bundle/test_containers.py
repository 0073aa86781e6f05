"""Containers that lie: every way in which two readers of a ZIP file could see different things is refused."""

from __future__ import annotations

import xml.sax.saxutils
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signkit.pades.asic.layout import MIMETYPE, SIGNATURE, fit_name, name_fits
from signkit.pades.asic.manifest import ContainerManifest, ManifestError, format_manifest, parse_manifest
from signkit.pades.asic.reader import ContainerReader, ContainerReadError, looks_like_container
from signkit.testing.containers import RawMember, raw_zip

MIME = RawMember("mimetype", MIMETYPE)
FILE = RawMember("a.txt", b"text")
ZEROS = bytes(8 << 20)


def second_header_inside() -> bytes:
    """Return a container whose second directory entry points into the first file's bytes."""
    inner = raw_zip([RawMember("b.txt", b"other")])
    start = len(raw_zip([MIME])) - len(raw_zip([])) - 46 - 8 + 30 + 5
    return raw_zip([MIME, RawMember("a.txt", inner), RawMember("b.txt", b"other", at=start)])


LIES: dict[str, tuple[bytes, str]] = {
    "two of one name": (raw_zip([MIME, FILE, FILE]), "names"),
    "one name in two cases": (raw_zip([MIME, FILE, RawMember("A.TXT", b"other")]), "names"),
    "composed and decomposed": (raw_zip([MIME, RawMember("\u00e5", b"1"), RawMember("a\u030a", b"2")]), "names"),
    "a file that is a folder": (raw_zip([MIME, RawMember("a", b""), RawMember("a/b", b"")]), "names"),
    "a way out": (raw_zip([MIME, RawMember("../a.txt", b"")]), "name"),
    "a way out inside": (raw_zip([MIME, RawMember("a/../../b", b"")]), "name"),
    "from the root": (raw_zip([MIME, RawMember("/etc/passwd", b"")]), "name"),
    "a drive": (raw_zip([MIME, RawMember("c:evil", b"")]), "name"),
    "a backslash": (raw_zip([MIME, RawMember("a\\b", b"")]), "name"),
    "a folder": (raw_zip([MIME, RawMember("a/", b"")]), "name"),
    "a line end": (raw_zip([MIME, RawMember("a\nb", b"")]), "name"),
    "right to left": (raw_zip([MIME, RawMember("a\u202egpj.exe", b"")]), "name"),
    "a link": (raw_zip([MIME, RawMember("a.txt", b"/etc/passwd", mode=0o120777)]), "form"),
    "overlapping": (second_header_inside(), "disagree"),
    "the same bytes twice": (raw_zip([MIME, FILE, RawMember("b.txt", b"text", at=69)]), "disagree"),
    "bytes between": (raw_zip([MIME, RawMember("a.txt", b"text", before=b"hidden")]), "gap"),
    "bytes in front": (raw_zip([RawMember("mimetype", MIMETYPE, before=b"x")]), "gap"),
    "bytes behind": (raw_zip([MIME, FILE], tail=b"x"), "form"),
    "a comment": (raw_zip([MIME, FILE], comment=b"hello"), "form"),
    "a data descriptor": (raw_zip([MIME, RawMember("a.txt", b"text", flags=8)]), "form"),
    "encrypted": (raw_zip([MIME, RawMember("a.txt", b"text", flags=1)]), "encrypted"),
    "another method": (raw_zip([MIME, RawMember("a.txt", b"text", method=12)]), "form"),
    "an extra field": (raw_zip([MIME, RawMember("a.txt", b"text", extra=b"\1\0\4\0abcd")]), "disagree"),
    "two names for one": (raw_zip([MIME, RawMember("a.txt", b"text", local_name="b.txt")]), "disagree"),
    "two sizes for one": (raw_zip([MIME, RawMember("a.txt", b"text", deflate=True, local_size=5)]), "disagree"),
    "ZIP64": (raw_zip([MIME, RawMember("a.txt", b"text", deflate=True, size=0xFFFFFFFF)]), "form"),
    "stored in other sizes": (raw_zip([MIME, RawMember("a.txt", b"text", size=3)]), "size"),
    "no mimetype": (raw_zip([FILE]), "mimetype"),
    "mimetype later": (raw_zip([FILE, MIME]), "mimetype"),
    "mimetype packed": (raw_zip([RawMember("mimetype", MIMETYPE, deflate=True), FILE]), "mimetype"),
    "another mimetype": (raw_zip([RawMember("mimetype", b"application/zip"), FILE]), "mimetype"),
    "nothing": (raw_zip([]), "mimetype"),
    "cut off": (raw_zip([MIME, FILE])[:-1], "form"),
    "too short": (b"PK\5\6", "form"),
    "a bomb": (raw_zip([MIME, RawMember("a.txt", ZEROS, deflate=True)]), "limit"),
}


@pytest.mark.parametrize("name", LIES)
def test_each_lie_is_refused(name: str, tmp_path: Path) -> None:
    """Before a byte of a file is read; limits are told apart from lies."""
    data, code = LIES[name]
    path = tmp_path / "x.asice"
    path.write_bytes(data)
    with pytest.raises(ContainerReadError) as caught, ContainerReader(path):
        pass
    assert (caught.value.code, caught.value.limit) == (code, code == "limit")


@pytest.mark.parametrize(
    ("member", "code"),
    [
        (RawMember("a.txt", b"text" * 99, deflate=True, size=3), "size"),
        (RawMember("a.txt", b"text" * 99, deflate=True, size=999), "size"),
        (RawMember("a.txt", b"text", crc=1), "crc"),
        (RawMember("a.txt", b"\xff\xff\xff", method=8, size=9), "size"),
        (RawMember("a.txt", b"\3\0trailing", method=8, size=0), "size"),
    ],
)
def test_contents_must_be_what_the_directory_says(member: RawMember, code: str, tmp_path: Path) -> None:
    """Size, checksum and the end of the packed data are held to it while reading."""
    path = tmp_path / "x.asice"
    path.write_bytes(raw_zip([MIME, member]))
    with ContainerReader(path) as reader:
        for read in (
            lambda: reader.read("a.txt", limit=10_000),
            lambda: reader.extract("a.txt", tmp_path / "out"),
            lambda: reader.digests("a.txt", {"sha256"}),
        ):
            with pytest.raises(ContainerReadError) as caught:
                read()
            assert caught.value.code == code


def test_an_honest_one_is_read(tmp_path: Path) -> None:
    """Stored and packed, and what is missing or larger than wanted is said."""
    path = tmp_path / "x.asice"
    path.write_bytes(raw_zip([MIME, FILE, RawMember("å/b.txt", b"text" * 999, deflate=True)]))
    assert looks_like_container(path)
    with ContainerReader(path) as reader:
        assert reader.read("a.txt", limit=4) == b"text"
        assert reader.read("å/b.txt", limit=9999) == b"text" * 999
        for name, limit, code in (("a.txt", 3, "limit"), ("b", 3, "missing")):
            with pytest.raises(ContainerReadError) as caught:
                reader.read(name, limit=limit)
            assert caught.value.code == code


@given(st.binary(max_size=200), st.integers(0, 300))
def test_rubbish_never_gets_past_the_form(tmp_path_factory: pytest.TempPathFactory, rubbish: bytes, at: int) -> None:
    """Whatever is written over a container, it is read, or refused with a code."""
    whole = bytearray(raw_zip([MIME, FILE, RawMember("b", b"x" * 50, deflate=True)]))
    whole[at : at + len(rubbish)] = rubbish
    path = tmp_path_factory.getbasetemp() / "rubbish.asice"
    path.write_bytes(whole)
    try:
        with ContainerReader(path) as reader:
            for name in reader.members:
                reader.read(name, limit=1000)
    except ContainerReadError:
        return
    assert whole.startswith(b"PK")


@given(st.text(max_size=300))
def test_names_are_made_to_fit(name: str) -> None:
    """Whatever a document was called, the name in the container fits, alone and in its folder."""
    fitting = fit_name(name, otherwise="document")
    assert name_fits(f"documents/{fitting}")
    assert "/" not in fitting


FILES = {"a.txt": b"\1" * 32, "å & b/c d.pdf": b"\2" * 32}


def test_a_manifest_survives_a_round_trip() -> None:
    """Names with spaces, letters of ours and markup come back."""
    for kind, files in (("sha256", FILES), ("sha512", {name: digest * 2 for name, digest in FILES.items()})):
        manifest = ContainerManifest(SIGNATURE, kind, files)
        assert parse_manifest(format_manifest(manifest, signature_type="x/y")) == manifest


def _wrong() -> dict[str, Callable[[str], str]]:
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><asic:ASiCManifest'
    reference = '<asic:DataObjectReference MimeType="text/plain" URI="a.txt">'
    return {
        "twice": lambda text: text.replace('URI="%C3%A5%20%26%20b/c%20d.pdf"', 'URI="a.txt"'),
        "an entity": lambda text: text.replace("<asic:ASiCManifest", entity, 1),
        "two signatures": lambda text: text.replace(
            "<asic:SigReference", '<asic:SigReference URI="x"/><asic:SigReference'
        ),
        "SHA-1": lambda text: text.replace("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"),
        "two digests": lambda text: text.replace("xmlenc#sha256", "xmlenc#sha512", 1),
        "a stranger": lambda text: text.replace(reference, f"<other/>{reference}"),
        "no name": lambda text: text.replace(' URI="a.txt"', ""),
        "another root": lambda text: text.replace("ASiCManifest", "Manifest"),
        "short": lambda text: text.replace("AQEB", "AQ", 1),
        "nothing": xml.sax.saxutils.escape,
    }


@pytest.mark.parametrize("name", _wrong())
def test_other_manifests_are_refused(name: str) -> None:
    """Two readers of XML could take them for different lists."""
    text = format_manifest(ContainerManifest(SIGNATURE, "sha256", FILES), signature_type="x/y").decode()
    changed = _wrong()[name](text)
    assert changed != text
    with pytest.raises(ManifestError):
        parse_manifest(changed.encode())
