"""Text strings (ISO 32000-1 clause 7.9.2.2): UTF-16BE or UTF-8 with their marks, else PDFDocEncoding (annex D.3)."""

from __future__ import annotations

from typing import Final

__all__ = ["decode_text"]

_LOW: Final = "˘ˇˆ˙˝˛˚˜"
_HIGH: Final = "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž�€"
_TABLE: Final = {0x18 + index: char for index, char in enumerate(_LOW)} | {
    0x80 + index: char for index, char in enumerate(_HIGH)
}


def decode_text(raw: bytes) -> str:
    """Return the text of a string; bytes that mean nothing become U+FFFD, so two such texts may become equal."""
    if raw.startswith(b"\xfe\xff"):
        return raw[2:].decode("utf-16-be", "replace")
    if raw.startswith(b"\xff\xfe"):
        return raw[2:].decode("utf-16-le", "replace")
    if raw.startswith(b"\xef\xbb\xbf"):
        return raw[3:].decode("utf-8", "replace")
    return raw.decode("latin-1").translate(_TABLE)
