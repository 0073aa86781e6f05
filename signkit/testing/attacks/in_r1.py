"""Forgeries by whoever makes R1: the newest revision is written anew with one thing more; everybody then signs it.

Most validators pass them, for every signature covers them (proof.md section 8, end).
"""

from __future__ import annotations

from signkit.pades.structure import Dict, Name, Pdf, Ref, Stream, Value
from signkit.testing.attacks.plain import stream, text
from signkit.testing.attacks.registry import register
from signkit.testing.attacks.rich import UNDEFINED
from signkit.testing.attacks.update import Update, write_value

_LIE = stream(text("Beslut: 900 000 kronor"))


def _root(pdf: Pdf) -> int:
    return int(pdf.view().trailer["Root"].num)


def _pages(pdf: Pdf) -> int:
    return int(pdf.view().catalog["Pages"].num)


def _our_page(pdf: Pdf) -> int:
    return pdf.view().pages[-1].ref.num


def _form(pdf: Pdf) -> int:
    return int(pdf.view().catalog["AcroForm"].num)


def _field(pdf: Pdf, ending: str) -> int:
    return next(field.ref.num for field in pdf.view().fields if field.ref and field.name.endswith(ending))


def _first_page(pdf: Pdf) -> Dict:
    return pdf.view().pages[0].dict


def _redefine(num: int, body: bytes) -> object:
    def forge(pdf: Pdf) -> bytes:
        update = Update(pdf, rewrite=True)
        update.define(num, body, raw=True)
        return update.build()

    return forge


@register("page-repointed", on="r1", code="pages")
def page_repointed(pdf: Pdf) -> bytes:
    """The root's first child is another page."""
    update = Update(pdf, rewrite=True)
    content = update.add(_LIE, raw=True)
    page = update.add(Dict({**_first_page(pdf), "Contents": content, "Parent": Ref(_pages(pdf), 0)}))
    kids = pdf.view().get_list(pdf.view().get_dict(Ref(_pages(pdf), 0)).get("Kids"))
    update.change(_pages(pdf), Kids=[page, *kids[1:]])
    return update.build()


@register("page-in-front", on="r1", code="pages")
def page_in_front(pdf: Pdf) -> bytes:
    """Signkit's page comes first."""
    update = Update(pdf, rewrite=True)
    kids = pdf.view().get_list(pdf.view().get_dict(Ref(_pages(pdf), 0)).get("Kids"))
    update.change(_pages(pdf), Kids=[kids[-1], *kids[:-1]])
    return update.build()


@register("page-dropped", on="r1", code="pages")
def page_dropped(pdf: Pdf) -> bytes:
    """R0's first page is gone."""
    update = Update(pdf, rewrite=True)
    kids = pdf.view().get_list(pdf.view().get_dict(Ref(_pages(pdf), 0)).get("Kids"))
    update.change(_pages(pdf), Kids=kids[1:])
    return update.build()


@register("page-redefined", on="r1", code="object_redefined")
def page_redefined(pdf: Pdf) -> bytes:
    """A page of R0 is written again with other content."""
    update = Update(pdf, rewrite=True)
    update.change(pdf.view().pages[0].ref.num, Contents=update.add(_LIE, raw=True))
    return update.build()


@register("content-redefined", on="r1", code="object_redefined")
def content_redefined(pdf: Pdf) -> bytes:
    """The content stream of R0's first page is another."""
    update = Update(pdf, rewrite=True)
    update.define(_first_page(pdf)["Contents"].num, _LIE, raw=True)
    return update.build()


register("attachment-swapped", on="r1", code="object_redefined", needs="rich")(
    _redefine(13, stream(b"en annan bilaga\n", entries=b"/Type /EmbeddedFile"))  # type: ignore[arg-type]
)
register("name-tree-swapped", on="r1", code="object_redefined", needs="rich")(
    _redefine(11, b"<< /Names [] >>")  # type: ignore[arg-type]
)
register("layer-swapped", on="r1", code="object_redefined", needs="rich")(
    _redefine(16, b"<< /ON [] /OFF [15 0 R] >>")  # type: ignore[arg-type]
)
register("node-swapped", on="r1", code="object_redefined", needs="rich")(
    _redefine(6, b"<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 1 /Rotate 90 >>")  # type: ignore[arg-type]
)
register("undefined-number-defined", on="r1", code="number_reused", needs="undefined")(
    _redefine(UNDEFINED, b"<< /Lie true >>")  # type: ignore[arg-type]
)


@register("form-value", on="r1", code="object_redefined", needs="rich")
def form_value(pdf: Pdf) -> bytes:
    """A value of R0's form is another, its appearance the same."""
    update = Update(pdf, rewrite=True)
    update.change(8, V=b"900000")
    return update.build()


@register("form-fonts", on="r1", code="form", needs="rich")
def form_fonts(pdf: Pdf) -> bytes:
    """Glyphs are remapped through ``/DR``, and NeedAppearances makes readers draw with them."""
    update = Update(pdf, rewrite=True)
    encoding = Dict({"Type": Name("Encoding"), "Differences": [49, Name("nine")]})
    font = {"Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Helvetica"), "Encoding": encoding}
    resources = Dict({"Font": Dict({"F1": update.add(Dict(font))})})
    form = dict(pdf.view().get(_form(pdf)))
    body: Value = Dict({**_rewritten_form(pdf, form), "DR": resources, "NeedAppearances": True})
    update.define(_form(pdf), body)
    return update.build()


def _rewritten_form(pdf: Pdf, form: dict[str, Value]) -> dict[str, Value]:
    return {**pdf.view().get_dict(Ref(_form(pdf), 0)), **form}


@register("need-appearances-removed", on="r1", code="form", needs="needs-appearances")
def need_appearances_removed(pdf: Pdf) -> bytes:
    """NeedAppearances is taken away, so R0's page is drawn otherwise."""
    update = Update(pdf, rewrite=True)
    update.change(_form(pdf), NeedAppearances=None)
    return update.build()


@register("trailer-root", on="r1", code="trailer")
def trailer_root(pdf: Pdf) -> bytes:
    """The trailer names another catalog, with other pages."""
    update = Update(pdf, rewrite=True)
    root = update.add(Dict({**pdf.view().catalog}))
    update.trailer["Root"] = root
    return update.build()


@register("trailer-info", on="r1", code="trailer")
def trailer_info(pdf: Pdf) -> bytes:
    """The trailer names another information dictionary."""
    update = Update(pdf, rewrite=True)
    update.trailer["Info"] = update.add(Dict({"Title": b"Annat"}))
    return update.build()


@register("trailer-key", on="r1", code="trailer")
def trailer_key(pdf: Pdf) -> bytes:
    """The trailer has a key more."""
    update = Update(pdf, rewrite=True)
    update.trailer["Lie"] = True
    return update.build()


@register("open-action", on="r1", code="catalog")
def open_action(pdf: Pdf) -> bytes:
    """The document runs a script when opened."""
    update = Update(pdf, rewrite=True)
    script = Dict({"S": Name("JavaScript"), "JS": b"app.alert(1)"})
    update.change(_root(pdf), OpenAction=script)
    return update.build()


@register("layers-in-catalog", on="r1", code="catalog", needs="rich")
def layers_in_catalog(pdf: Pdf) -> bytes:
    """The catalog names another set of layers."""
    update = Update(pdf, rewrite=True)
    update.change(_root(pdf), OCProperties=Dict({"OCGs": [Ref(15, 0)], "D": Dict({"OFF": [Ref(15, 0)]})}))
    return update.build()


@register("page-action", on="r1", code="page_keys")
def page_action(pdf: Pdf) -> bytes:
    """Signkit's page runs a script when opened."""
    update = Update(pdf, rewrite=True)
    update.change(_our_page(pdf), AA=Dict({"O": Dict({"S": Name("JavaScript"), "JS": b"app.alert(1)"})}))
    return update.build()


@register("foreign-annotation", on="r1", code="foreign_annotation")
def foreign_annotation(pdf: Pdf) -> bytes:
    """Something else than a field lies on signkit's page."""
    update = Update(pdf, rewrite=True)
    note = update.add(Dict({"Type": Name("Annot"), "Subtype": Name("FreeText"), "Rect": [0, 0, 200, 200]}))
    page = pdf.view().get_dict(Ref(_our_page(pdf), 0))
    update.change(_our_page(pdf), Annots=[*pdf.view().get_list(page.get("Annots")), note])
    return update.build()


@register("original-content-shown", on="r1", code="names_original")
def original_content_shown(pdf: Pdf) -> bytes:
    """Signkit's page shows R0's content."""
    update = Update(pdf, rewrite=True)
    update.change(_our_page(pdf), Contents=_first_page(pdf)["Contents"])
    return update.build()


@register("orphan", on="r1", code="orphan")
def orphan(pdf: Pdf) -> bytes:
    """An object that nothing leads to."""
    update = Update(pdf, rewrite=True)
    update.add(Dict({"Lie": True}))
    return update.build()


@register("dangling", on="r1", code="dangling")
def dangling(pdf: Pdf) -> bytes:
    """Signkit's page names a number that somebody may define later."""
    update = Update(pdf, rewrite=True)
    update.change(_our_page(pdf), Contents=[Ref(5000, 0)])
    return update.build()


@register("bytes-between", on="r1", code="bytes_between")
def bytes_between(pdf: Pdf) -> bytes:
    """A comment between two objects."""
    update = Update(pdf, rewrite=True)
    update.gap = b"% hidden\n"
    return update.build()


@register("object-freed", on="r1", code="object_freed")
def object_freed(pdf: Pdf) -> bytes:
    """An object of R0 is declared free."""
    update = Update(pdf, rewrite=True)
    update.freed.add(_first_page(pdf)["Contents"].num)
    return update.build()


@register("repeated-key", on="r1", code="repeated_keys", continues=False)
def repeated_key(pdf: Pdf) -> bytes:
    """A dictionary that two readers read differently."""
    update = Update(pdf, rewrite=True)
    body = write_value(pdf.view().get(_our_page(pdf)))
    update.define(_our_page(pdf), body[:-2] + b" /Rotate 0 /Rotate 0 >>", raw=True)
    return update.build()


@register("lock-short", on="r1", code="lock")
def lock_short(pdf: Pdf) -> bytes:
    """The completion's lock leaves one field out."""
    update = Update(pdf, rewrite=True)
    num = _field(pdf, "-complete")
    lock = pdf.view().get_dict(pdf.view().get_dict(Ref(num, 0)).get("Lock"))
    update.change(num, Lock=Dict({**lock, "Fields": pdf.view().get_list(lock["Fields"])[1:]}))
    return update.build()


@register("seal-visible", on="r1", code="field_rectangle")
def seal_visible(pdf: Pdf) -> bytes:
    """The certification's widget covers something."""
    update = Update(pdf, rewrite=True)
    update.change(_field(pdf, "-certify"), Rect=[10, 10, 300, 300])
    return update.build()


@register("seal-drawn", on="r1", code="appearance")
def seal_drawn(pdf: Pdf) -> bytes:
    """The seals' common appearance draws something."""
    update = Update(pdf, rewrite=True)
    field = pdf.view().get_dict(Ref(_field(pdf, "-certify"), 0))
    normal = pdf.view().get_dict(field["AP"])["N"]
    old = pdf.view().get(normal.num)
    entries = b" ".join(
        write_value(Name(key)) + b" " + write_value(value)
        for key, value in (old.dict if isinstance(old, Stream) else {}).items()
        if key not in {"Length", "Filter"}
    )
    update.define(normal.num, stream(b"0 0 100 100 re f\n", entries=entries), raw=True)
    return update.build()


@register("widget-elsewhere", on="r1", code="field_place")
def widget_elsewhere(pdf: Pdf) -> bytes:
    """A person's widget says that it lies on R0's page."""
    update = Update(pdf, rewrite=True)
    update.change(_field(pdf, "-s1"), P=pdf.view().pages[0].ref)
    return update.build()


@register("field-more", on="r1", code="field_set")
def field_more(pdf: Pdf) -> bytes:
    """The form has a signature field that the manifest does not know."""
    update = Update(pdf, rewrite=True)
    field = Dict({**pdf.view().get_dict(Ref(_field(pdf, "-s1"), 0)), "T": b"extra"})
    added = update.add(field)
    form = pdf.view().get_dict(Ref(_form(pdf), 0))
    update.change(_form(pdf), Fields=[*pdf.view().get_list(form.get("Fields")), added])
    return update.build()


@register("store-early", on="r1", code="dss_pointer")
def store_early(pdf: Pdf) -> bytes:
    """A security store before any signature."""
    update = Update(pdf, rewrite=True)
    update.change(_root(pdf), DSS=update.add(Dict({"Type": Name("DSS")})))
    return update.build()
