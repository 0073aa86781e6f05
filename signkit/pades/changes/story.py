"""R0 and every revision after it, side by side, so that each rule reads like its sentence in proof.md."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from signkit.pades.changes.facts import LayoutFacts
from signkit.pades.structure import Dict, Entry, Pdf, Ref, Revision, Value, View

__all__ = ["Roles", "Step", "Story"]


class Step:
    """One revision after R0."""

    def __init__(self, story: Story, number: int, revision: Revision) -> None:
        self.story = story
        self.number = number
        """1 for R1."""
        self.revision = revision
        self.start = story.facts.size_r0 if number == 1 else revision.start
        self.before: View = story.pdf.view(revision.index - 1)
        self.after: View = story.pdf.view(revision.index)

    def __str__(self) -> str:
        return f"R{self.number}"

    @cached_property
    def entries(self) -> dict[int, Entry]:
        """Rows of this revision, number 0 and its own cross-reference stream left out."""
        own = {section.number for section in self.revision.sections}
        return {num: entry for num, entry in self.revision.entries.items() if num and num not in own}

    @cached_property
    def own_streams(self) -> tuple[int, ...]:
        """Numbers of its cross-reference streams and object streams: the carriers, not the content."""
        found = {section.number for section in self.revision.sections if section.number is not None}
        found |= {entry.container for entry in self.entries.values() if entry.container is not None}
        return tuple(sorted(found))

    @cached_property
    def changed(self) -> tuple[int, ...]:
        """Numbers that were defined before and are written (or freed) again."""
        return tuple(num for num in sorted(self.entries) if not self.before.entry(num).free)

    @cached_property
    def added(self) -> tuple[int, ...]:
        """Numbers defined here for the first time, carriers left out."""
        old, carriers = set(self.changed), set(self.own_streams)
        return tuple(num for num, entry in sorted(self.entries.items()) if num not in old | carriers and not entry.free)

    def was(self, num: int) -> Value:
        """Return the value of ``num`` before this revision."""
        return self.before.get(num)

    def now(self, num: int) -> Value:
        """Return the value of ``num`` with this revision."""
        return self.after.get(num)


@dataclass(frozen=True, slots=True)
class Roles:
    """The numbers of R0 that may be redefined, and in which role (proof.md section 2 *Objects*)."""

    catalog: int
    pages: int
    kids: int | None
    form: int | None
    fields: int | None
    structure: int | None
    structure_kids: int | None
    parent_tree: int | None
    parent_nums: int | None
    parent_kids: int | None
    extensions: int | None
    perms: int | None

    def of(self, num: int) -> list[str]:
        """Return the roles of ``num``."""
        return [role for role in self.__slots__ if getattr(self, role) == num]


class Story:
    """One signkit file, told from R0 on."""

    def __init__(self, pdf: Pdf, facts: LayoutFacts) -> None:
        self.pdf = pdf
        self.facts = facts
        self.base = self._find_base()
        """Index of R0's newest revision, or None when no revision ends where R0 does."""

    def _find_base(self) -> int | None:
        for revision in self.pdf.revisions:
            if revision.eof_end <= self.facts.size_r0 < self._next_section(revision.index):
                return revision.index
        return None

    def _next_section(self, index: int) -> int:
        rest = self.pdf.revisions[index + 1 : index + 2]
        return min((section.offset for section in rest[0].sections), default=self.pdf.size) if rest else self.pdf.size

    @cached_property
    def r0(self) -> View:
        """The document that people were invited to sign."""
        return self.pdf.view(self.base or 0)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """R1, R2 and so on."""
        later = self.pdf.revisions[(self.base or 0) + 1 :]
        return tuple(Step(self, number, revision) for number, revision in enumerate(later, 1))

    @cached_property
    def signed_input(self) -> bool:
        """Whether R0 carries any signature (usage rights in ``/Perms`` included)."""
        perms = self.r0.get_dict(self.r0.catalog.get("Perms"))
        return bool(self.r0.signatures) or "UR3" in perms or "UR" in perms or "DocMDP" in perms

    @cached_property
    def roles(self) -> Roles:
        """The numbers of R0 that have a part to play."""
        view = self.r0
        catalog = view.catalog
        pages = view.get_dict(catalog.get("Pages"))
        form = view.get_dict(catalog.get("AcroForm"))
        tree = view.get_dict(catalog.get("StructTreeRoot"))
        parents = view.get_dict(tree.get("ParentTree"))
        return Roles(
            catalog=_num(view.trailer.get("Root")) or 0,
            pages=_num(catalog.get("Pages")) or 0,
            kids=_num(pages.get("Kids")),
            form=_num(catalog.get("AcroForm")),
            fields=_num(form.get("Fields")),
            structure=_num(catalog.get("StructTreeRoot")),
            structure_kids=_list_num(view, tree.get("K")),
            parent_tree=_num(tree.get("ParentTree")),
            parent_nums=_num(parents.get("Nums")),
            parent_kids=_num(parents.get("Kids")),
            extensions=_num(catalog.get("Extensions")),
            perms=_num(catalog.get("Perms")),
        )

    @cached_property
    def first_new(self) -> int:
        """Lowest number that R1 defines: all below it belong to R0."""
        step = self.steps[0]
        return min([*step.added, *step.own_streams], default=1)

    def form_ref(self, view: View) -> Ref | None:
        """Return the form's number in ``view``."""
        found = view.catalog.get("AcroForm")
        return found if isinstance(found, Ref) else None

    def fields_by_name(self, view: View) -> dict[str, tuple[int, Dict]]:
        """Return the top-level fields that stand in ``/Fields`` as objects of their own, by decoded ``/T``."""
        found: dict[str, tuple[int, Dict]] = {}
        for field in view.fields:
            if field.ref is not None and "Parent" not in field.dict:
                found.setdefault(field.name, (field.ref.num, field.dict))
        return found


def _num(value: Value) -> int | None:
    return value.num if isinstance(value, Ref) else None


def _list_num(view: View, value: Value) -> int | None:
    """Return the number of an array that is an object of its own."""
    return value.num if isinstance(value, Ref) and isinstance(view.resolve(value), list) else None
