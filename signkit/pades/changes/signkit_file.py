"""Recipe steps 3 and 6 over one signkit file, or over the revision that was just written."""

from __future__ import annotations

from signkit.errors import UnreadableDocumentError
from signkit.model.report import Finding
from signkit.pades.changes.catalog import check_catalog
from signkit.pades.changes.facts import LayoutFacts
from signkit.pades.changes.fields import check_fields, check_lock
from signkit.pades.changes.findings import failed, undecided
from signkit.pades.changes.form import check_form
from signkit.pades.changes.inert import check_inert
from signkit.pades.changes.numbers import check_new_numbers, check_redefined, check_shared, survey
from signkit.pades.changes.pagetree import check_pages
from signkit.pades.changes.prefix import check_prefix
from signkit.pades.changes.reach import check_reach
from signkit.pades.changes.sections import check_sections
from signkit.pades.changes.steps import check_step, kind_of
from signkit.pades.changes.story import Step, Story
from signkit.pades.changes.structure_tree import check_structure
from signkit.pades.changes.tiling import check_tiling
from signkit.pades.structure import Pdf

__all__ = ["check_revision", "check_signkit_file"]


def check_signkit_file(pdf: Pdf, facts: LayoutFacts) -> list[Finding]:
    """Return everything that has happened to R0 but signing: empty for an honest file.

    Order, rights and validity of signatures are not asked here. Nothing is raised for bad input: what cannot be read
    is a finding.
    """
    try:
        return _whole(pdf, facts)
    except UnreadableDocumentError as exc:
        return [_unreadable(exc)]


def check_revision(pdf: Pdf, index: int, facts: LayoutFacts) -> list[Finding]:
    """Return what is wrong with revision R ``index`` (1 = R1) alone: cheap, for use right after it was written.

    What needs all of R0 (numbers that it merely names, shared objects) is asked only when ``facts.highest_r0`` is given
    (the number) or by :func:`check_signkit_file` (both).
    """
    try:
        story = Story(pdf, facts)
        if story.base is None or not 1 <= index <= len(story.steps):
            return [failed("prefix_chain", check="6")]
        step = story.steps[index - 1]
        found = _step(story, step, facts.highest_r0 or 0)
        if index > 1:
            found += check_step(story, step, *kind_of(story, step))
        if step is story.steps[-1] and pdf.trailing:
            found.append(failed("tail"))
    except UnreadableDocumentError as exc:
        return [_unreadable(exc)]
    return found


def _unreadable(exc: UnreadableDocumentError) -> Finding:
    if exc.code == "structure.limit":
        return undecided("limit", reason=exc.message)
    return failed("unreadable", reason=exc.message)


def _whole(pdf: Pdf, facts: LayoutFacts) -> list[Finding]:
    story = Story(pdf, facts)
    found = check_prefix(story)
    if story.base is None or not story.steps or found:
        return found or [failed("prefix_chain", check="6")]
    known = survey(story)
    highest = max(known.highest, facts.highest_r0 or 0)
    for step in story.steps:
        found += _step(story, step, highest)
    found += check_shared(story, known)
    found += _history(story)
    found += check_lock(story, pdf.view())
    if pdf.trailing:
        found.append(failed("tail"))
    return _once(found)


def _step(story: Story, step: Step, highest: int) -> list[Finding]:
    """Run the rules that hold for every revision; stop at the section when that is not sound."""
    found = check_sections(story, step)
    found += check_redefined(story, step)
    found += check_new_numbers(step, highest)
    found += check_tiling(story, step)
    found += check_catalog(story, step)
    found += check_pages(story, step)
    found += check_form(step)
    found += check_structure(story, step)
    found += check_reach(story, step)
    found += check_inert(step)
    if step.number == 1:
        found += check_fields(story, step)
        found += [
            failed("revision_object", subject=str(step), number=num) for num in step.changed if story.r0.entry(num).free
        ]
    return found


def _history(story: Story) -> list[Finding]:
    """Ask each revision after R1 what it is, and whether it may come where it comes."""
    found: list[Finding] = []
    completed = False
    for step in story.steps[1:]:
        kind, name = kind_of(story, step)
        found += check_step(story, step, kind, name)
        if completed and kind != "archive":
            found.append(failed("after_completion", subject=name or str(step)))
        completed = completed or kind == "complete"
    if len(story.steps) < 2:
        found.append(failed("revision", subject="R2"))
    return found


def _once(found: list[Finding]) -> list[Finding]:
    """Return the findings without repetitions, in order."""
    kept: list[Finding] = []
    seen: set[tuple[object, ...]] = set()
    for item in found:
        key = (item.code, item.subject, tuple(sorted(item.params.items())))
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept
