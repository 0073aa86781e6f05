"""Two small ICC profiles, made by code, so that no colour on our pages depends on a device (ISO 19005-1, 6.2.3).

Version 2.1 (ICC.1:1998-09, allowed from PDF/A-1 on), gamma 2.2; the RGB one has the primaries of sRGB adapted to D50.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["GRAY", "RGB", "Colour", "ColourProfile", "colour_profiles", "operands"]

GRAY: Final = "CsG"
RGB: Final = "CsC"

Colour = tuple[float, ...]
"""One number: gray; three: RGB. All from 0 to 1."""

_GAMMA: Final = round(2.2 * 256)
_D50: Final = (0.9642, 1.0, 0.8249)
_PRIMARIES: Final = {
    b"rXYZ": (0.4360747, 0.2225045, 0.0139322),
    b"gXYZ": (0.3850649, 0.7168786, 0.0971045),
    b"bXYZ": (0.1430804, 0.0606169, 0.7141733),
}


@dataclass(frozen=True, slots=True)
class ColourProfile:
    """The stream of an ICCBased colour space (ISO 32000-1, 8.6.5.5)."""

    data: bytes
    components: int
    """/N."""
    alternate: str
    """/Alternate, without the slash."""


@functools.cache
def colour_profiles() -> Mapping[str, ColourProfile]:
    """Return name in /Resources /ColorSpace → profile, for every page and every appearance."""
    return {
        GRAY: ColourProfile(_gray(), 1, "DeviceGray"),
        RGB: ColourProfile(_rgb(), 3, "DeviceRGB"),
    }


def operands(colour: Colour) -> tuple[str, str]:
    """Return the colour space's name and the operands of ``sc`` for ``colour``."""
    return GRAY if len(colour) == 1 else RGB, " ".join(f"{value:.3f}".rstrip("0").rstrip(".") for value in colour)


def _gray() -> bytes:
    return _profile(b"GRAY", {b"kTRC": _curve()}, "signkit gray")


def _rgb() -> bytes:
    tags = {name: _xyz(value) for name, value in _PRIMARIES.items()}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve())
    return _profile(b"RGB ", tags, "signkit RGB")


def _profile(space: bytes, tags: Mapping[bytes, bytes], name: str) -> bytes:
    every = {b"desc": _description(name), b"cprt": _text("CC0"), b"wtpt": _xyz(_D50), **tags}
    offset = 128 + 4 + 12 * len(every)
    table, body, places = b"", b"", dict[bytes, int]()
    for signature, data in every.items():
        if data not in places:
            places[data] = offset + len(body)
            body += data + b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", signature, places[data], len(data))
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI3i4s44x",
        *(offset + len(body), b"\0\0\0\0", 0x02100000, b"mntr", space, b"XYZ "),
        *(2026, 1, 1, 0, 0, 0),
        *(b"acsp", b"\0\0\0\0", 0, b"\0\0\0\0", b"\0\0\0\0", 0, 0),
        *(_fixed(value) for value in _D50),
        b"\0\0\0\0",
    )
    return header + struct.pack(">I", len(every)) + table + body


def _fixed(value: float) -> int:
    return round(value * 65536)


def _xyz(value: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(_fixed(item) for item in value))


def _curve() -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, _GAMMA)


def _text(value: str) -> bytes:
    return b"text\0\0\0\0" + value.encode("ascii") + b"\0"


def _description(value: str) -> bytes:
    ascii_ = value.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(ascii_)) + ascii_ + b"\0" * (4 + 4 + 2 + 1 + 67)
