"""Prepare, embed, validate and read signed PDFs; the only room that names pyHanko.

The clerk's part, in the order of an envelope's life (proof.md section 2); each takes a file and makes another:

* ``prepare(source, target, *, pages, fields, highest_number, language)`` → :class:`Prepared`: R1
* ``certify(source, target, request, *, docmdp=True)`` → :class:`Embedded`: R2, the manifest
* ``approve(source, target, request, *, appearance=None)``: R3…, one person
* ``complete(source, target, request)``: the completion seal
* ``archive(source, target, *, field, beside, material, timestamper)``: validation data and document timestamp; also a
  renewal, and the exported copy of an unfinished file

with :class:`SignatureRequest`, :class:`SigningIdentity`, :class:`ValidationMaterial` and :class:`StampBook`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signkit.pades.cms import SigningIdentity as SigningIdentity
    from signkit.pades.embed import Embedded as Embedded
    from signkit.pades.first_revision import Prepared as Prepared
    from signkit.pades.first_revision import prepare as prepare
    from signkit.pades.security_store import ValidationMaterial as ValidationMaterial
    from signkit.pades.sign import SignatureRequest as SignatureRequest
    from signkit.pades.sign import approve as approve
    from signkit.pades.sign import archive as archive
    from signkit.pades.sign import certify as certify
    from signkit.pades.sign import complete as complete
    from signkit.pades.timestamping import StampBook as StampBook

__all__ = [
    "Embedded",
    "Prepared",
    "SignatureRequest",
    "SigningIdentity",
    "StampBook",
    "ValidationMaterial",
    "approve",
    "archive",
    "certify",
    "complete",
    "prepare",
]

_HOMES = {
    "Embedded": "embed",
    "Prepared": "first_revision",
    "SignatureRequest": "sign",
    "SigningIdentity": "cms",
    "StampBook": "timestamping",
    "ValidationMaterial": "security_store",
    "approve": "sign",
    "archive": "sign",
    "certify": "sign",
    "complete": "sign",
    "prepare": "first_revision",
}
"""Where each name lives: loaded when asked for, since pyHanko takes a fifth of a second."""


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(name)
    import importlib  # noqa: PLC0415 - only needed here

    return getattr(importlib.import_module(f"signkit.pades.{_HOMES[name]}"), name)
