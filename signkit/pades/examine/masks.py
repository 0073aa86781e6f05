"""Which parts of a masked image hide what lies beneath: samples of its mask, decoded only when something lies there.

Soft masks, explicit masks and stencils (ISO 32000-1 clauses 8.9.6 and 11.6.5.2) whose data our structure reader can
decode; of others (JBIG2, fax, JPEG masks) nothing is said, and they hide nothing.
"""

from __future__ import annotations

from typing import Final

from signkit.errors import SignkitError
from signkit.pades.structure import Dict, Stream, Value, View

__all__ = ["Mask", "mask_of"]

_MAX_RAW: Final = 16 * 1024**2
_MAX_BITS: Final = 256 * 1024**2
_SOLID: Final = 0.9
"""Opacity from which a sample hides, as for constant alpha."""


class Mask:
    """The mask of one painted image."""

    def __init__(self, view: View, stream: Stream, *, stencil: bool) -> None:
        self._stream = stream
        self._view = view
        self._stencil = stencil
        self._data: bytes | None = None
        node = stream.dict
        self._width, self._height = _whole(view, node, "Width"), _whole(view, node, "Height")
        self._bits = 1 if stencil else _whole(view, node, "BitsPerComponent") or 8
        decode = view.get_list(node.get("Decode"))
        self._inverted = bool(decode) and view.resolve(decode[0]) == 1

    def is_solid(self, x: float, y: float) -> bool:
        """Say whether the image hides what lies at ``x``, ``y`` of its unit square."""
        if self._data is None:
            self._data = self._read()
        column = min(int(x * self._width), self._width - 1)
        row = min(int((1.0 - y) * self._height), self._height - 1)
        at = row * ((self._width * self._bits + 7) // 8) + column * self._bits // 8
        if not self._data or not 0 <= at < len(self._data):
            return False
        most = (1 << min(self._bits, 8)) - 1
        sample = self._data[at]
        if self._bits < 8:
            sample = sample >> (8 - self._bits - column * self._bits % 8) & most
        if self._stencil:
            return (sample == 0) is not self._inverted
        share = sample / most
        return (1.0 - share if self._inverted else share) >= _SOLID

    def _read(self) -> bytes:
        stream = self._stream
        size = self._width * self._height * self._bits
        if (
            stream.raw_end - stream.raw_start > _MAX_RAW
            or not 0 < size <= _MAX_BITS
            or self._bits not in (1, 2, 4, 8, 16)
        ):
            return b""
        try:
            return stream.data
        except SignkitError:
            return b""


def mask_of(view: View, stream: Stream) -> Mask | bool:
    """Return the mask of an image; True where it hides all of its area, False where it may hide nothing."""
    node = stream.dict
    if view.resolve(node.get("ImageMask")) is True:
        return Mask(view, stream, stencil=True)
    soft: Value = view.resolve(node.get("SMask"))
    if isinstance(soft, Stream):
        return Mask(view, soft, stencil=False)
    if view.resolve(node.get("SMaskInData")):
        return False
    explicit: Value = view.resolve(node.get("Mask"))
    return Mask(view, explicit, stencil=True) if isinstance(explicit, Stream) else True


def _whole(view: View, node: Dict, key: str) -> int:
    value = view.resolve(node.get(key))
    return value if isinstance(value, int) and 0 < value < 1 << 20 else 0
