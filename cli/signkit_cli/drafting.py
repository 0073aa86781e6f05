"""What ``envelope create`` is asked for, put together: command line over template over what is usual."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from signkit.errors import UsageError
from signkit_cli.asking import read_deadline, read_invitees, read_kind, read_metadata, read_risks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from signkit.model.template import Template
    from signkit.workflows.create import EnvelopeDraft
    from signkit_cli.session import Session

__all__ = ["Asked", "draft_of"]

DEFAULT_KIND = "protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options as they were given; None and empty: not given."""

    documents: list[Path]
    kind: str | None = None
    template: str | None = None
    title: str | None = None
    meta: list[str] = field(default_factory=list)
    signatory: list[str] = field(default_factory=list)
    signatories: Path | None = None
    group: list[str] = field(default_factory=list)
    rule: list[str] = field(default_factory=list)
    deadline: str | None = None
    disclosure: str | None = None
    accept_risk: list[str] = field(default_factory=list)
    repair: bool = False


def draft_of(session: Session, asked: Asked) -> EnvelopeDraft:
    """Return the draft of an envelope.

    Raises:
        UsageError: options contradict each other or the template.
        ConfigError: the home or the template cannot be read.
    """
    from signkit.config import groups
    from signkit_cli.kinds import home_template

    metadata = read_metadata(asked.meta)
    invitees, rules = read_invitees(asked.signatory, asked.signatories, asked.rule)
    risks = read_risks(asked.accept_risk)
    kind = read_kind(asked.kind) if asked.kind else None
    deadline = read_deadline(asked.deadline) if asked.deadline else None
    home = session.open()
    for name in asked.group:
        invitees += groups.read_group(home.folder, name)
    disclosure = asked.disclosure
    if asked.template:
        template = home_template(session, asked.template)
        if kind not in {None, template.kind}:
            raise UsageError(
                f"template {template.name} is for {template.kind}, not for {kind}",
                code="usage.kind",
                hint="leave out --kind",
            )
        kind, disclosure = template.kind, disclosure or template.disclosure
        metadata = template.metadata(metadata, strict=True)
        invitees, rules = template.people(invitees), rules.over(template.rules)
        deadline = deadline or _usual_deadline(session, template, metadata)
    elif kind:
        _check_values(kind, metadata)

    from signkit.workflows.create import EnvelopeDraft

    return EnvelopeDraft(
        paths=asked.documents,
        kind=kind or DEFAULT_KIND,
        invitees=invitees,
        title=asked.title,
        metadata=metadata,
        deadline=deadline,
        disclosure=disclosure or "none",
        accepted_risks=risks | frozenset(home.config.accept_risks),
        repair=asked.repair,
        language=home.config.language,
        rules=rules,
    )


def _check_values(kind: str, metadata: Mapping[str, str]) -> None:
    """Refuse a date that is none where the kind knows the key; what else is there is the clerk's to say."""
    from signkit_cli.kinds import kind_template

    template = kind_template(kind)
    if template is not None:
        template.metadata(metadata, strict=False)


def _usual_deadline(session: Session, template: Template, metadata: Mapping[str, str]) -> datetime | None:
    """Return the end of the last day that the template gives; none where it has passed already."""
    from datetime import date, timedelta

    from signkit.texts.dates import swedish_day

    if template.deadline_days is None:
        return None
    now = session.open().clock.now()
    since = metadata.get(template.deadline_from) if template.deadline_from else None
    day = date.fromisoformat(since) if since else swedish_day(now)
    deadline = read_deadline((day + timedelta(days=template.deadline_days)).isoformat())
    if deadline <= now:
        session.terminal.note("cli.create.too_late", days=template.deadline_days, day=day.isoformat())
        return None
    return deadline
