"""Object numbers: which are R0's, which may be written again, which are new (proof.md section 2 *Objects*)."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Final

from signkit.model.report import Finding
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Roles, Step, Story
from signkit.pades.structure import Ref, Stream, Value, View, references

__all__ = ["Survey", "check_new_numbers", "check_redefined", "check_shared", "survey"]

_OWNER: Final = {
    "catalog": ("trailer", "Root"),
    "pages": ("catalog", "Pages"),
    "kids": ("pages", "Kids"),
    "form": ("catalog", "AcroForm"),
    "fields": ("form", "Fields"),
    "structure": ("catalog", "StructTreeRoot"),
    "structure_kids": ("structure", "K"),
    "parent_tree": ("structure", "ParentTree"),
    "parent_nums": ("parent_tree", "Nums"),
    "parent_kids": ("parent_tree", "Kids"),
    "extensions": ("catalog", "Extensions"),
    "perms": ("catalog", "Perms"),
}
"""Who alone may name a number with a role, and under which key."""
_FROM_BELOW: Final = {"pages": "Parent", "structure": "P", "catalog": "Data"}
"""Keys by which an object below may name the node above it."""


class Survey:
    """What one reading of all objects of R0 tells: the highest number, and who names the numbers with a role.

    Objects that nothing in R0 leads to, such as the catalog that a later one has replaced, are no part of the document.
    """

    def __init__(self, view: View, roles: Roles) -> None:
        self.highest = 0
        self.namers: dict[int, Counter[tuple[int, str]]] = {}
        """Number → holder (0: the trailer) and key that name it, and how often."""
        self._view = view
        self._watched = {num for role in Roles.__slots__ if (num := getattr(roles, role)) is not None}
        for revision in view.pdf.revisions[: view.index + 1]:
            for section in revision.sections:
                blocks = [block.first + block.count - 1 for block in section.blocks if block.count]
                self.highest = max([self.highest, *blocks])
        self._note(0, view.trailer)
        for num in view.numbers():
            value = view.get(num)
            if not (isinstance(value, Stream) and value.dict.get("Type") == "XRef"):
                self._note(num, value)

    @cached_property
    def reached(self) -> set[int]:
        """Numbers that the trailer leads to, and 0 for the trailer itself."""
        found = {0}
        stack = [ref.num for ref in references(self._view.trailer)]
        while stack:
            num = stack.pop()
            if num not in found:
                found.add(num)
                stack.extend(ref.num for ref in references(self._view.get(num)))
        return found

    def _note(self, holder: int, value: Value) -> None:
        stack: list[tuple[str, Value]] = [("", value)]
        watched = self._watched
        while stack:
            key, item = stack.pop()
            if type(item) is Ref:
                self.highest = max(self.highest, item.num)
                if item.num in watched:
                    self.namers.setdefault(item.num, Counter())[holder, key] += 1
            elif isinstance(item, Stream):
                stack.extend(item.dict.items())
            elif isinstance(item, dict):
                stack.extend(item.items())
            elif type(item) is list:
                stack.extend((key, part) for part in item)


def survey(story: Story) -> Survey:
    """Read every object of R0 once.

    Raises:
        UnreadableDocumentError: one of them cannot be read.
    """
    return Survey(story.r0, story.roles)


def check_redefined(story: Story, step: Step) -> list[Finding]:
    """Return the numbers of R0 that ``step`` writes again without a role; what changes inside is asked elsewhere."""
    found: list[Finding] = []
    for num in step.changed:
        if story.r0.entry(num).free:
            continue
        roles = story.roles.of(num)
        if not roles:
            found.append(failed("object_redefined", subject=str(step), number=num))
        elif len(roles) > 1:
            found.append(failed("shared_object", subject=str(step), number=num))
    return found


def check_new_numbers(step: Step, highest: int) -> list[Finding]:
    """Return new numbers that are not above everything that R0 defines or names."""
    return [
        failed("number_reused", subject=str(step), number=num)
        for num in sorted({*step.added, *step.own_streams})
        if num <= highest
    ]


def check_shared(story: Story, known: Survey) -> list[Finding]:
    """Return redefined numbers of R0 that something else in R0 names too."""
    redefined = {num for step in story.steps for num in step.changed if not story.r0.entry(num).free}
    found: list[Finding] = []
    for num in sorted(redefined):
        roles = story.roles.of(num)
        if not roles:
            continue
        role = roles[0]
        owner = _owner(story.roles, role)
        for (holder, key), times in known.namers.get(num, Counter()).items():
            part = "trailer" if not holder else (story.roles.of(holder) or [""])[0]
            if ((part, key) == owner and times == 1) or _FROM_BELOW.get(role) == key or holder not in known.reached:
                continue
            found.append(failed("shared_object", number=num))
            break
    return found


def _owner(roles: Roles, role: str) -> tuple[str, str]:
    """Return what may name ``role``: an owner that is no object of its own is part of the one above it."""
    holder, key = _OWNER[role]
    while holder in Roles.__slots__ and getattr(roles, holder) is None:
        holder = _OWNER[holder][0]
    return holder, key
