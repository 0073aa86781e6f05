"""The signature pages in R1: appended to the page tree's root, and nowhere else (ISO 32000-1 clause 7.7.3)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic

from signkit.errors import UnsupportedDocumentError
from signkit.pades.appearances import add_colour_spaces, add_fonts, add_form
from signkit.pades.objects import array, dictionary, integer, mark_changed, name, number, resolve, stream
from signkit.pades.writer import Writer
from signkit.pages.data import PageLayout, SignaturePages

__all__ = ["AddedPage", "AddedPages", "add_pages", "first_page"]


@dataclass(frozen=True, slots=True)
class AddedPage:
    """A page that is written in this revision; its dictionary may still grow."""

    reference: generic.IndirectObject
    dictionary: generic.DictionaryObject
    annotations: generic.ArrayObject
    layout: PageLayout


@dataclass(frozen=True, slots=True)
class AddedPages:
    """All of them, and the look of an empty place."""

    pages: tuple[AddedPage, ...]
    placeholder: generic.IndirectObject


def add_pages(writer: Writer, layout: SignaturePages) -> AddedPages:
    """Append the pages of ``layout`` after the document's last page; only the root of the page tree is written again.

    Every attribute that a page could inherit stands on the page itself.

    Raises:
        UnsupportedDocumentError: ``document.pages``, the page tree is not one.
    """
    spaces = add_colour_spaces(writer)
    resources = {"Font": add_fonts(writer, layout.fonts), "ColorSpace": spaces}
    # Empty, whatever the layout would draw: DSS compares pages with the places that were signed later taken away, so a
    # placeholder that shows anything is a visual difference for every earlier signature.
    empty = dataclasses.replace(layout.placeholder, content=b"")
    placeholder = add_form(writer, empty, resources=dictionary(resources))
    parent, tree, kids = _root(writer)
    added = tuple(_page(writer, page, parent=parent, resources=resources) for page in layout.pages)
    kids.extend(page.reference for page in added)
    mark_changed(writer, tree, "/Kids")
    tree[name("Count")] = integer(int(tree["/Count"]) + len(added))
    writer.mark_update(parent)
    return AddedPages(added, placeholder)


def first_page(writer: Writer) -> generic.IndirectObject:
    """Return the number of the document's first page.

    Raises:
        UnsupportedDocumentError: ``document.pages``, there is none.
    """
    node: Any = writer.root.raw_get("/Pages")
    for _ in range(100):
        inside = resolve(node)
        if not isinstance(node, generic.IndirectObject) or not isinstance(inside, generic.DictionaryObject):
            break
        kids: Any = resolve(inside.raw_get("/Kids")) if "/Kids" in inside else None
        if kids is None:
            return node
        filled = [kid for kid in (kids.raw_get(index) for index in range(len(kids))) if _holds_pages(kid)]
        if not filled:
            break
        node = filled[0]
    raise UnsupportedDocumentError("the document has no page", code="document.pages")


def _holds_pages(kid: Any) -> bool:
    node = resolve(kid)
    return isinstance(node, generic.DictionaryObject) and ("/Kids" not in node or node.get("/Count", 0) > 0)


def _root(writer: Writer) -> tuple[generic.IndirectObject, generic.DictionaryObject, generic.ArrayObject]:
    parent = writer.root.raw_get("/Pages")
    tree: Any = resolve(parent)
    if isinstance(parent, generic.IndirectObject) and isinstance(tree, generic.DictionaryObject):
        kids: Any = resolve(tree.raw_get("/Kids")) if "/Kids" in tree else None
        count = tree.get("/Count")
        if isinstance(kids, generic.ArrayObject) and isinstance(count, int) and tree.get("/Type") == "/Pages":
            return parent, tree, kids
    raise UnsupportedDocumentError(
        "the page tree is not one", code="document.pages", hint="create the envelope with --repair"
    )


def _page(
    writer: Writer, layout: PageLayout, *, parent: generic.IndirectObject, resources: dict[str, Any]
) -> AddedPage:
    box = array(number(value) for value in (0, 0, layout.width, layout.height))
    annotations = array(())
    entries = {
        "Type": name("Page"),
        "Parent": generic.IndirectObject(parent.idnum, parent.generation, writer),
        "MediaBox": box,
        "CropBox": array(box),
        "Rotate": integer(0),
        "Resources": dictionary(resources),
        "Contents": writer.add_object(stream(layout.content)),
        "Annots": writer.add_object(annotations),
    }
    page = dictionary(entries)
    return AddedPage(writer.add_object(page), page, annotations, layout)
