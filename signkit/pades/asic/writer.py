"""Write an ASiC-E container: files, the manifest over them, a seal with validation data, an archive timestamp.

Levels: a CAdES signature with signature timestamp (EN 319 122-1 B-T) whose certificates and revocation lists lie in the
SignedData (B-LT), and an ASiCArchiveManifest with a timestamp over everything (EN 319 162-1 clause A.7: B-LTA).
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from signkit.files import BLOCK_BYTES, sha256_of
from signkit.pades.asic.layout import (
    ARCHIVE_MANIFEST,
    ARCHIVE_TOKEN,
    MANIFEST,
    MIMETYPE,
    MIMETYPE_NAME,
    SIGNATURE,
    SIGNATURE_TYPE,
    TOKEN_TYPE,
    name_fits,
)
from signkit.pades.asic.manifest import ContainerManifest, format_manifest
from signkit.pades.cms import Commitment, SignatureDraft, SigningIdentity
from signkit.pades.security_store import ValidationMaterial
from signkit.pades.timestamping import StampBook

__all__ = ["Content", "write_container"]

Content = bytes | Path
"""A file's bytes, or where they are."""

_STORED: Final = (".pdf", ".p7s", ".tst", ".tsr")
"""What compression does not make smaller."""


def write_container(
    target: Path,
    files: Mapping[str, Content],
    *,
    identity: SigningIdentity,
    at: datetime,
    material: ValidationMaterial,
    stamps: StampBook,
) -> None:
    """Write a container that holds ``files``, sealed by ``identity`` at ``at``.

    Args:
        target: where to; whatever is there is overwritten, not atomically.
        files: name → content, in the order in which they are to stand.
        identity: whose seal.
        at: our clock, for signing-time (EN 319 122-1 clause 5.2.1).
        material: revocation data of the seal's issuers; that of the timestamps is added.
        stamps: the timestamper.

    Raises:
        SealError: key or timestamp failed.
        ValueError: a name that may not stand in a container.
        OSError: a file cannot be read, or ``target`` cannot be written.
    """
    if wrong := [name for name in files if not name_fits(name) or name.startswith("META-INF/")]:
        raise ValueError(f"{wrong[0]!r} may not stand in a container")
    digests = {name: _digest(content, "sha256") for name, content in files.items()}
    manifest = format_manifest(ContainerManifest(SIGNATURE, "sha256", digests), signature_type=SIGNATURE_TYPE)
    signature = _sign(manifest, identity, at=at, material=material, stamps=stamps)
    covered: dict[str, Content] = {MANIFEST: manifest, SIGNATURE: signature, **files}
    archive = format_manifest(
        ContainerManifest(ARCHIVE_TOKEN, "sha512", {name: _digest(item, "sha512") for name, item in covered.items()}),
        signature_type=TOKEN_TYPE,
    )
    token = stamps.stamp(hashlib.sha512(archive).digest(), digest="sha512").token
    meta = {MANIFEST: manifest, SIGNATURE: signature, ARCHIVE_MANIFEST: archive, ARCHIVE_TOKEN: token}
    _pack(target, {MIMETYPE_NAME: MIMETYPE, **files, **meta}, at=at)


def _sign(
    manifest: bytes, identity: SigningIdentity, *, at: datetime, material: ValidationMaterial, stamps: StampBook
) -> bytes:
    draft = SignatureDraft(identity, commitment=Commitment.ORIGIN, at=at)
    attributes, value = draft.sign(hashlib.new(draft.digest, manifest).digest())
    token = stamps.stamp(hashlib.new(draft.digest, value).digest(), digest=draft.digest).token
    # the archive timestamp's own signer must be provable too: both kinds of token are prepared for
    held = material + stamps.expect(draft.digest).material + stamps.expect("sha512").material
    return draft.finish(attributes, value, token=token, certificates=held.certificates, crls=held.crls)


def _digest(content: Content, algorithm: str) -> bytes:
    if isinstance(content, bytes):
        return hashlib.new(algorithm, content).digest()
    if algorithm == "sha256":
        return sha256_of(content)
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).digest()


def _pack(target: Path, files: Mapping[str, Content], *, at: datetime) -> None:
    date = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(target, "w", allowZip64=False) as package:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, date)
            info.external_attr = 0o100644 << 16
            stored = name == MIMETYPE_NAME or name.lower().endswith(_STORED)
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            if isinstance(content, bytes):
                package.writestr(info, content)
                continue
            info.file_size = content.stat().st_size
            with content.open("rb") as source, package.open(info, "w") as sink:
                shutil.copyfileobj(source, sink, BLOCK_BYTES)
