"""From the structure of a document to its facts and risks: what the clerk and the archivist both do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from signkit.errors import UnreadableDocumentError
from signkit.model.risks import Risk, RiskFound
from signkit.pades.examine.active import active_risks, external_risks, layer_risks
from signkit.pades.examine.claims import read_claims
from signkit.pades.examine.crowding import annotation_risks
from signkit.pades.examine.facts import Attachment, ExistingSignature, Facts
from signkit.pades.examine.graph import Graph, read_graph
from signkit.pades.examine.hidden import hidden_risks
from signkit.pades.examine.informing import attachments, font_risks, form_risks, link_risks
from signkit.pades.examine.occasions import occasion_risks
from signkit.pades.structure import Pdf, Ref, SignatureField, View

__all__ = ["facts_of", "read_facts"]

_VERSION: Final = re.compile(r"[12]\.\d")
_MAX_OF_ONE_CODE: Final = 200
"""Places kept for one code and detail."""


def read_facts(pdf: Pdf) -> Facts:
    """Return facts and risks of ``pdf``, its newest revision; reads nothing but the file's own bytes.

    For R0 of a signed file hand in ``pdf.prefix(size)``: the same bytes give the same risks as when they were sent.

    Raises:
        UnreadableDocumentError: damaged, or beyond a limit.
    """
    return facts_of(pdf, read_graph(pdf.view()))


def facts_of(pdf: Pdf, graph: Graph) -> Facts:
    """Return facts and risks, for a graph that has been read.

    Raises:
        UnreadableDocumentError: damaged, or beyond a limit.
    """
    try:
        return _facts(pdf, graph)
    except (ValueError, TypeError, OverflowError, RecursionError, MemoryError) as exc:
        raise UnreadableDocumentError(
            "the document is damaged", code="document.unreadable", hint="create the envelope with --repair"
        ) from exc


def _facts(pdf: Pdf, graph: Graph) -> Facts:
    view = pdf.view()
    attached = attachments(graph)
    return Facts(
        size=pdf.size,
        pages=len(view.pages),
        version=_version(pdf, view),
        claims=read_claims(view),
        tagged=bool(view.get_dict(view.catalog.get("StructTreeRoot"))),
        linearized=pdf.linearized,
        xref=pdf.revisions[-1].kind,
        revisions=len(pdf.revisions),
        highest_number=graph.highest,
        has_form=bool(view.get_dict(view.catalog.get("AcroForm"))),
        fields=len(view.fields),
        signatures=tuple(_signature(view, item) for item in view.signatures),
        attachments=attached,
        risks=tuple(_bounded(_risks(pdf, graph, attached))),
    )


def _risks(pdf: Pdf, graph: Graph, attached: tuple[Attachment, ...]) -> Iterator[RiskFound]:
    view = graph.view
    if pdf.trailing:
        yield RiskFound(Risk.TRAILING_BYTES, "after-the-end", params={"count": pdf.trailing})
    yield from active_risks(graph)
    yield from external_risks(graph)
    yield from layer_risks(graph)
    yield from occasion_risks(graph)
    yield from form_risks(view)
    yield from hidden_risks(view)
    yield from annotation_risks(view)
    yield from font_risks(graph)
    yield from link_risks(graph)
    for item in attached:
        yield RiskFound(Risk.ATTACHMENTS, "file", item.number, params={"name": item.name, "size": item.size})


def _bounded(found: Iterator[RiskFound]) -> Iterator[RiskFound]:
    """Number pages, drop repetitions, and keep no more of a kind than anybody reads."""
    counts: dict[tuple[Risk, str], int] = {}
    seen: set[tuple[object, ...]] = set()
    for item in found:
        key = (item.risk, item.detail, item.number, item.page, *sorted(item.params.items()))
        kind = (item.risk, item.detail)
        if key in seen or counts.get(kind, 0) >= _MAX_OF_ONE_CODE:
            continue
        seen.add(key)
        counts[kind] = counts.get(kind, 0) + 1
        yield item


def _version(pdf: Pdf, view: View) -> str:
    own = view.resolve(view.catalog.get("Version"))
    if isinstance(own, str) and _VERSION.fullmatch(own) and own > pdf.version:
        return str(own)
    return pdf.version


def _signature(view: View, item: SignatureField) -> ExistingSignature:
    level: int | None = None
    locks: list[str] = []
    for reference in view.get_list(item.dict.get("Reference")):
        node = view.get_dict(reference)
        method, params = view.resolve(node.get("TransformMethod")), view.get_dict(node.get("TransformParams"))
        if method == "DocMDP":
            found = view.resolve(params.get("P", 2))
            level = found if isinstance(found, int) else 2
        elif method == "FieldMDP":
            locks.append(str(view.resolve(params.get("Action"))))
    lock = view.get_dict(item.field.dict.get("Lock"))
    if lock:
        locks.append(str(view.resolve(lock.get("Action"))))
        strict = view.resolve(lock.get("P"))
        level = min(level or strict, strict) if isinstance(strict, int) else level
    if level is not None and not _is_certification(view, item) and not lock:
        level = None
    return ExistingSignature(item.field.name, str(item.kind), level, tuple(dict.fromkeys(locks)), item.signed_end)


def _is_certification(view: View, item: SignatureField) -> bool:
    """Say whether the catalog's ``/Perms`` names this signature (clause 12.8.4)."""
    certified = view.get_dict(view.catalog.get("Perms")).get("DocMDP")
    if isinstance(certified, Ref) and item.ref is not None:
        return certified.num == item.ref.num
    return certified is not None and view.get_dict(certified) == item.dict
