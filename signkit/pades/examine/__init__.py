"""Examine a document: may it be signed as it is, and what should people know about it?

``examine`` is the clerk's door: it refuses what cannot be signed and returns facts and risks of the rest.
``read_facts`` is the archivist's: facts and risks of R0 from its bytes alone, by the same code. Nothing is written,
nothing is fetched, no image is decoded. What is not here: repair (``signkit.pades.repair``) and the decision to accept
a risk.
"""

from __future__ import annotations

from pathlib import Path

from signkit.canonical import digest_text
from signkit.errors import UnreadableDocumentError
from signkit.pades.examine.claims import page_rules
from signkit.pades.examine.facts import Attachment, Claims, Examination, ExistingSignature, Facts
from signkit.pades.examine.graph import read_graph
from signkit.pades.examine.parsers import check_pdfium, check_pyhanko
from signkit.pades.examine.reading import facts_of, read_facts
from signkit.pades.examine.refusals import (
    check_file,
    check_graph,
    check_kind,
    check_locks,
    check_untouched,
    file_digest,
    in_document,
    opened,
)

__all__ = [
    "Attachment",
    "Claims",
    "Examination",
    "ExistingSignature",
    "Facts",
    "examine",
    "page_rules",
    "read_facts",
]


def examine(path: Path) -> Examination:
    """Return what ``path`` is, once it is sure that it can be signed; risks are reported, not judged.

    The order is from cheap to dear: file, ends, encryption, kind, names, locks, risks, then pyHanko and PDFium.

    Raises:
        DocumentError: it cannot; ``code`` says why, ``hint`` names the cure, ``subject`` the file.
    """
    check_file(path)
    pdf = opened(path)
    try:
        view = pdf.view()
        check_kind(path, view)
        graph = read_graph(view)
        check_graph(path, graph, signed=bool(view.signatures))
        facts = facts_of(pdf, graph)
    except UnreadableDocumentError as exc:
        raise (exc if exc.code.startswith("document.") and "file" in exc.subject else in_document(exc, path)) from exc
    check_locks(path, facts.signatures)
    check_untouched(path, pdf, facts.signatures)
    check_pyhanko(path, view)
    check_pdfium(path, view)
    return Examination(str(path), digest_text(file_digest(path)), facts)
