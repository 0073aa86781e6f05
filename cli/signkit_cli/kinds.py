"""Templates as a session sees them: signkit's, and those of its home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from signkit.config.groups import group_names, read_group
from signkit.config.templates import find_template, own_names, template_of_kind, templates
from signkit.errors import SignkitError

if TYPE_CHECKING:
    from signkit.model.template import Template
    from signkit_cli.session import Session

__all__ = ["home_template", "home_templates", "kind_template", "review_keys", "unreadable", "usual_retention"]


def home_templates(session: Session) -> list[tuple[Template, bool]]:
    """Return every template that a session's home knows, with whether it is the home's own.

    Raises:
        ConfigError: one of them cannot be read.
    """
    return templates(session.folder)


def home_template(session: Session, name: str) -> Template:
    """Return one template by its name.

    Raises:
        UsageError: there is none.
        ConfigError: it cannot be read.
    """
    return find_template(name, session.folder)


def kind_template(kind: str) -> Template | None:
    """Return the template that signkit ships for a kind; None where it has none."""
    return template_of_kind(kind)


def unreadable(folder: Path) -> list[tuple[str, SignkitError]]:
    """Return the templates and groups of a home that cannot be used, each with the reason."""
    found: list[tuple[str, SignkitError]] = []
    readers = [(name, find_template) for name in own_names(folder)]
    for name, read in [*readers, *((name, _group) for name in group_names(folder))]:
        try:
            read(name, folder)
        except SignkitError as exc:
            found.append((name, exc))
    return found


def _group(name: str, folder: Path) -> object:
    return read_group(folder, name)


def usual_retention(session: Session) -> dict[str, int]:
    """Return the days after which templates have names and evidence erased, by kind; the longest where they differ."""
    days: dict[str, int] = {}
    for item, _ in templates(session.folder):
        if item.erase_after_days is not None:
            days[item.kind] = max(item.erase_after_days, days.get(item.kind, 0))
    return days


def review_keys(session: Session) -> tuple[str, ...]:
    """Return the keys of the metadata that say by when a document is to be reviewed."""
    return tuple(sorted({item.review for item, _ in templates(session.folder) if item.review}))
