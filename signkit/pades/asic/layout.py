"""Names and media types inside an ASiC-E container (EN 319 162-1 clauses 4.4 and A.1), shared by writer and reader."""

from __future__ import annotations

from typing import Final

__all__ = [
    "ARCHIVE_MANIFEST",
    "ARCHIVE_TOKEN",
    "MANIFEST",
    "META_FILES",
    "MIMETYPE",
    "MIMETYPE_NAME",
    "SIGNATURE",
    "SIGNATURE_TYPE",
    "TOKEN_TYPE",
    "fit_name",
    "media_type",
    "name_fits",
]

MIMETYPE_NAME: Final = "mimetype"
MIMETYPE: Final = b"application/vnd.etsi.asic-e+zip"
MANIFEST: Final = "META-INF/ASiCManifest.xml"
SIGNATURE: Final = "META-INF/signature001.p7s"
ARCHIVE_MANIFEST: Final = "META-INF/ASiCArchiveManifest.xml"
ARCHIVE_TOKEN: Final = "META-INF/timestamp001.tst"  # noqa: S105 - a timestamp token
META_FILES: Final = (MANIFEST, SIGNATURE, ARCHIVE_MANIFEST, ARCHIVE_TOKEN)
"""Everything that stands in META-INF, in the order in which it is written."""
SIGNATURE_TYPE: Final = "application/pkcs7-signature"
TOKEN_TYPE: Final = "application/vnd.etsi.timestamp-token"  # noqa: S105 - a media type

_TYPES: Final = {
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".txt": "text/plain",
    ".xml": "text/xml",
    ".pem": "application/x-pem-file",
    ".tsr": TOKEN_TYPE,
    ".p7s": SIGNATURE_TYPE,
}
_MAX_NAME_BYTES: Final = 240
_MAX_STEM_BYTES: Final = 180
_RESERVED: Final = frozenset('<>:"|?*\\')


def media_type(name: str) -> str:
    """Return the media type of a file by its name."""
    dot = name.rfind(".")
    return _TYPES.get(name[dot:].lower() if dot >= 0 else "", "application/octet-stream")


def name_fits(name: str) -> bool:
    """Tell whether a name may stand in a container: relative, no way out of a folder, nothing that systems misread."""
    parts = name.split("/")
    return (
        0 < len(name.encode("utf-8", "replace")) <= _MAX_NAME_BYTES
        and name.isprintable()
        and not _RESERVED & set(name)
        and all(part not in {"", ".", ".."} and part == part.strip() and not part.endswith(".") for part in parts)
    )


def fit_name(name: str, *, otherwise: str) -> str:
    """Return a file's name as it may stand in a container: what does not fit is replaced, what is too long is cut."""
    bare = "".join("_" if char in _RESERVED or char == "/" or not char.isprintable() else char for char in name)
    dot = bare.rfind(".")
    stem, suffix = (bare[:dot], bare[dot:]) if 0 < dot >= len(bare) - 6 else (bare, "")
    room = _MAX_STEM_BYTES - len(suffix.encode("utf-8", "replace"))
    cut = stem.encode("utf-8", "ignore")[:room].decode("utf-8", "ignore").strip(" .")
    return (cut or otherwise) + suffix.rstrip(" .")
