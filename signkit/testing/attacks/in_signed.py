"""Forgeries inside a signed revision, by whoever makes it: the revision is written anew with one thing more.

The value of its signature no longer fits (who holds the key would sign the result): these show the rules of structure.
"""

from __future__ import annotations

from signkit.pades.structure import Dict, Name, Pdf, Ref
from signkit.testing.attacks.in_r1 import _root
from signkit.testing.attacks.plain import stream
from signkit.testing.attacks.registry import register
from signkit.testing.attacks.update import Update, write_value


def _newest_field(pdf: Pdf) -> int:
    return next(field.ref.num for field in reversed(pdf.view().fields) if field.ref and "V" in field.dict)


@register("form-value-inside", on="s1", code="object_redefined", needs="rich")
def form_value_inside(pdf: Pdf) -> bytes:
    """A value of R0's form changes inside a person's own revision."""
    update = Update(pdf, rewrite=True)
    update.change(8, V=b"900000")
    return update.build()


@register("page-touched-inside", on="archived", code="object_redefined")
def page_touched_inside(pdf: Pdf) -> bytes:
    """R0's page is written again, unchanged, in the archive revision."""
    update = Update(pdf, rewrite=True)
    page = pdf.view().pages[0]
    update.define(page.ref.num, page.dict)
    return update.build()


@register("timestamp-visible", on="archived", code="field_rectangle")
def timestamp_visible(pdf: Pdf) -> bytes:
    """The document timestamp has a rectangle."""
    update = Update(pdf, rewrite=True)
    update.change(_newest_field(pdf), Rect=[0, 0, 595, 842])
    return update.build()


@register("timestamp-drawn", on="archived", code="appearance")
def timestamp_drawn(pdf: Pdf) -> bytes:
    """The document timestamp has an empty rectangle and a full appearance."""
    update = Update(pdf, rewrite=True)
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]"
    normal = update.add(stream(b"0 0 595 842 re f\n", entries=entries), raw=True)
    update.change(_newest_field(pdf), AP=Dict({"N": normal}))
    return update.build()


@register("stranger-field-inside", on="s1", code="field_changed")
def stranger_field_inside(pdf: Pdf) -> bytes:
    """A person's widget moves in the revision that signs it."""
    update = Update(pdf, rewrite=True)
    num = next(field.ref.num for field in pdf.view().fields if field.ref and field.name.endswith("-s1"))
    update.change(num, Rect=[0, 0, 595, 842])
    return update.build()


@register("store-with-more", on="s1", code="dss")
def store_with_more(pdf: Pdf) -> bytes:
    """The security store carries something that is no validation data."""
    update = Update(pdf, rewrite=True)
    store = pdf.view().catalog["DSS"]
    update.change(store.num, Lie=Dict({"S": Name("JavaScript")}))
    return update.build()


@register("open-action-inside", on="r2", code="catalog")
def open_action_inside(pdf: Pdf) -> bytes:
    """The certifying revision lets the document run a script."""
    update = Update(pdf, rewrite=True)
    root = dict(pdf.view().catalog)
    root["OpenAction"] = Dict({"S": Name("JavaScript"), "JS": b"app.alert(1)"})
    update.define(_root(pdf), write_value(Dict(root)), raw=True)
    return update.build()


@register("permissions-swapped", on="r2", code="permissions")
def permissions_swapped(pdf: Pdf) -> bytes:
    """``/Perms`` names something else than the certification."""
    update = Update(pdf, rewrite=True)
    update.change(_root(pdf), Perms=Dict({"DocMDP": Ref(_root(pdf), 0)}))
    return update.build()
