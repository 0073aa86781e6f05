"""What a clean copy leaves out: one edit per kind of trouble, each reported by its code.

pikepdf does the reading and writing; here only entries are dropped or copied. Nothing is drawn anew but the fields of a
form that asks for it, and nothing that hides or shows layers is touched where that could change what is seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pikepdf

from signkit.pades.repair.crowding import drop_unpainted, separate_annotations
from signkit.pades.repair.metadata import settle_metadata

__all__ = ["Cleaning", "clean", "is_signed"]

_ACTIONS: Final = {
    "/JavaScript": "javascript-removed",
    "/Launch": "launch-removed",
    "/SubmitForm": "submit-form-removed",
    "/ImportData": "import-data-removed",
    "/ResetForm": "reset-form-removed",
    "/Hide": "hide-removed",
    "/SetOCGState": "set-layers-removed",
    "/Rendition": "multimedia-removed",
    "/Movie": "multimedia-removed",
    "/Sound": "multimedia-removed",
    "/GoTo3DView": "multimedia-removed",
    "/RichMediaExecute": "multimedia-removed",
}
_ACTION_KEYS: Final = ("/A", "/OpenAction", "/Next", "/PA")
_ANNOTATIONS: Final = frozenset({"/RichMedia", "/Movie", "/Screen", "/3D", "/Sound"})
_MAX_DEPTH: Final = 200


@dataclass(slots=True)
class Cleaning:
    """What was changed."""

    changes: Counter[str] = field(default_factory=Counter)
    """Code → how often."""
    pages: dict[int, str] = field(default_factory=dict)
    """Zero-based pages that may look different → code of the change that explains it."""


def is_signed(pdf: pikepdf.Pdf) -> bool:
    """Say whether ``pdf`` holds a signature: a dictionary with ``/ByteRange``, or a signature field with a value."""
    for node in _dictionaries(pdf):
        if "/ByteRange" in node:
            return True
        if node.get("/FT") == "/Sig" and isinstance(node.get("/V"), pikepdf.Dictionary):
            return True
    return False


def clean(pdf: pikepdf.Pdf) -> Cleaning:
    """Take out of ``pdf`` whatever signkit refuses and a copy can do without.

    Raises:
        pikepdf.PikepdfError: the document is damaged beyond that; also ValueError, TypeError and their like.
    """
    done = Cleaning()
    if _settle_tree(pdf.Root.get("/Pages"), None, 0):
        done.changes["page-tree-rebuilt"] += 1
    _drop_opening(pdf, done)
    for index, page in enumerate(pdf.pages):
        _drop_multimedia(page.obj, index, done)
    for node in list(_dictionaries(pdf)):
        _drop_actions(node, done)
        if isinstance(node, pikepdf.Stream):
            _drop_external(node, done)
    drop_unpainted(pdf, done.changes, done.pages)
    separate_annotations(pdf, done.changes)
    _settle_layers(pdf, done)
    settle_metadata(pdf, done.changes)
    _separate(pdf, done)
    for page in pdf.pages:
        _number_annotations(pdf, page.obj)
    _draw_fields(pdf, done)
    return done


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Yield every dictionary and stream; direct ones after the object that holds them."""
    for item in pdf.objects:
        stack: list[tuple[Any, int]] = [(item, 0)]
        while stack:
            node, depth = stack.pop()
            if isinstance(node, (pikepdf.Dictionary, pikepdf.Stream)):
                yield node
                inner = list(_items(node))
            elif isinstance(node, pikepdf.Array):
                inner = list(node)
            else:
                continue
            if depth < _MAX_DEPTH:
                stack.extend((part, depth + 1) for part in inner if not getattr(part, "is_indirect", False))


def _items(node: Any) -> Iterator[Any]:
    for key in node.keys():  # noqa: SIM118 - a stream yields keys only this way
        yield node.get(key)


def _settle_tree(node: Any, parent: Any, depth: int) -> bool:
    """Make ``/Parent`` and ``/Count`` of the page tree say what ``/Kids`` says; return whether anything was wrong."""
    if not isinstance(node, pikepdf.Dictionary) or depth > _MAX_DEPTH:
        return False
    wrong = False
    if parent is not None and (
        not isinstance(node.get("/Parent"), pikepdf.Dictionary) or node.Parent.objgen != parent.objgen
    ):
        node["/Parent"] = parent
        wrong = True
    kids = node.get("/Kids")
    if not isinstance(kids, pikepdf.Array):
        return wrong
    for kid in kids:
        wrong = _settle_tree(kid, node, depth + 1) or wrong
    count = sum(_leaves(kid) for kid in kids)
    if node.get("/Count") != count:
        node["/Count"] = count
        wrong = True
    return wrong


def _leaves(node: Any) -> int:
    if not isinstance(node, pikepdf.Dictionary):
        return 0
    return int(node.get("/Count", 0)) if "/Kids" in node else 1


def _drop_opening(pdf: pikepdf.Pdf, done: Cleaning) -> None:
    action = pdf.Root.get("/OpenAction")
    if isinstance(action, pikepdf.Dictionary) and action.get("/S") != "/GoTo":
        del pdf.Root["/OpenAction"]
        done.changes["open-action-removed"] += 1
    names = pdf.Root.get("/Names")
    if isinstance(names, pikepdf.Dictionary) and "/JavaScript" in names:
        del names["/JavaScript"]
        done.changes["javascript-removed"] += 1


def _drop_multimedia(page: Any, index: int, done: Cleaning) -> None:
    annotations = page.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return
    kept = [
        item
        for item in annotations
        if not (isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") in _ANNOTATIONS)
    ]
    if len(kept) < len(annotations):
        done.changes["multimedia-removed"] += len(annotations) - len(kept)
        done.pages[index] = "multimedia-removed"
        page["/Annots"] = pikepdf.Array(kept)


def _drop_actions(node: Any, done: Cleaning) -> None:
    triggers = node.get("/AA")
    if isinstance(triggers, pikepdf.Dictionary) and any(
        isinstance(item, pikepdf.Dictionary) and "/S" in item for item in _items(triggers)
    ):
        del node["/AA"]
        done.changes["additional-actions-removed"] += 1
    for key in _ACTION_KEYS:
        value = node.get(key)
        parts = list(value) if isinstance(value, pikepdf.Array) else [value]
        codes = [code for part in parts if (code := _acting(part))]
        if codes:
            del node[key]
            done.changes.update(codes)


def _acting(action: Any) -> str | None:
    if not isinstance(action, pikepdf.Dictionary):
        return None
    code = _ACTIONS.get(str(action.get("/S")))
    if code is None and action.get("/S") == "/URI":
        address = (
            bytes(action.get("/URI", pikepdf.String(""))) if isinstance(action.get("/URI"), pikepdf.String) else b""
        )
        code = "javascript-removed" if b"".join(address.split()).lower().startswith(b"javascript:") else None
    return code


def _drop_external(stream: Any, done: Cleaning) -> None:
    for key in ("/F", "/FFilter", "/FDecodeParms", "/Ref", "/OPI"):
        if key in stream:
            del stream[key]
            if key in ("/F", "/Ref", "/OPI"):
                done.changes["external-removed"] += 1


def _settle_layers(pdf: pikepdf.Pdf, done: Cleaning) -> None:
    """Drop usage events and further configurations; what is hidden by default stays hidden, and is reported later."""
    properties = pdf.Root.get("/OCProperties")
    if not isinstance(properties, pikepdf.Dictionary):
        return
    default = properties.get("/D")
    for holder, key in ((properties, "/Configs"), (default, "/AS")):
        if isinstance(holder, pikepdf.Dictionary) and isinstance(holder.get(key), pikepdf.Array) and len(holder[key]):
            del holder[key]
            done.changes["layer-switches-removed"] += 1


def _separate(pdf: pikepdf.Pdf, done: Cleaning) -> None:
    """Give every object that signing will redefine one owner only."""
    root = pdf.Root
    held = [pdf.Root, root.get("/Pages"), root.get("/AcroForm"), root.get("/StructTreeRoot")]
    places = {item.objgen for item in held if item is not None and item.is_indirect}
    info = pdf.trailer.get("/Info")
    if info is not None and info.objgen in places:
        del pdf.trailer["/Info"]
        done.changes["shared-objects-separated"] += 1
    elif info is not None and not info.is_indirect:
        pdf.trailer["/Info"] = pdf.make_indirect(info)
    form, tree = root.get("/AcroForm"), root.get("/StructTreeRoot")
    if isinstance(form, pikepdf.Dictionary):
        root["/AcroForm"] = pdf.make_indirect(_copy(form))
        _copy_array(root["/AcroForm"], "/Fields")
    if isinstance(tree, pikepdf.Dictionary) and not tree.is_indirect:
        root["/StructTreeRoot"] = pdf.make_indirect(tree)
    for holder, key in ((root.get("/Pages"), "/Kids"), (root.get("/StructTreeRoot"), "/K")):
        _copy_array(holder, key)
    for key in ("/Extensions", "/Perms"):
        value = root.get(key)
        if isinstance(value, pikepdf.Dictionary):
            root[key] = _copy(value)


def _number_annotations(pdf: pikepdf.Pdf, page: Any) -> None:
    """Make every annotation of a page an object of its own: other validators ask for that."""
    annotations = page.get("/Annots")
    if isinstance(annotations, pikepdf.Array) and not all(item.is_indirect for item in annotations):
        page["/Annots"] = pikepdf.Array(
            item if item.is_indirect else pdf.make_indirect(item)
            for item in annotations
            if isinstance(item, pikepdf.Dictionary)
        )


def _copy(node: Any) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(node)


def _copy_array(holder: Any, key: str) -> None:
    if isinstance(holder, pikepdf.Dictionary) and isinstance(holder.get(key), pikepdf.Array):
        holder[key] = pikepdf.Array(list(holder[key]))


def _draw_fields(pdf: pikepdf.Pdf, done: Cleaning) -> None:
    """Draw every field once and for all, where the form asks viewers to do it."""
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary) or not _is_true(form.get("/NeedAppearances")):
        return
    pdf.generate_appearance_streams()
    if "/NeedAppearances" in pdf.Root.AcroForm:
        del pdf.Root.AcroForm["/NeedAppearances"]
    done.changes["fields-drawn"] += 1
    for index, page in enumerate(pdf.pages):
        annotations = page.obj.get("/Annots")
        if isinstance(annotations, pikepdf.Array) and any(_is_widget(item) for item in annotations):
            done.pages[index] = "fields-drawn"


def _is_true(value: Any) -> bool:
    return isinstance(value, bool) and value


def _is_widget(item: Any) -> bool:
    return isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") == "/Widget"
