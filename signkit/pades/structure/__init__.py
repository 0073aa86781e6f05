"""Our own strict reader of PDF structure: standard library and zlib only, lazy, mapped, bounded.

``Pdf.open(path)`` reads the ends of a file; ``pdf.view(k)`` is the document as of revision ``k``. What is damaged,
ambiguous or beyond a limit raises ``UnreadableDocumentError`` with a code ``structure.<what>``, and nothing else is
ever raised. Encryption is reported, never undone. What is not here: repair, content streams, images, any judgement.
"""

from __future__ import annotations

from signkit.pades.structure.fields import Field, SignatureField
from signkit.pades.structure.limits import MAX_OBJECT_NUMBER, Limits
from signkit.pades.structure.pages import Page, inherited
from signkit.pades.structure.pdf import Pdf
from signkit.pades.structure.revisions import Revision
from signkit.pades.structure.text import decode_text
from signkit.pades.structure.values import (
    Dict,
    HexString,
    IndirectObject,
    Name,
    Ref,
    Stream,
    Value,
    references,
)
from signkit.pades.structure.view import View
from signkit.pades.structure.xref import Entry, Section

__all__ = [
    "MAX_OBJECT_NUMBER",
    "Dict",
    "Entry",
    "Field",
    "HexString",
    "IndirectObject",
    "Limits",
    "Name",
    "Page",
    "Pdf",
    "Ref",
    "Revision",
    "Section",
    "SignatureField",
    "Stream",
    "Value",
    "View",
    "decode_text",
    "inherited",
    "references",
]
