"""A template as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signkit.texts import text
from signkit_cli.terminal import printable

if TYPE_CHECKING:
    from signkit.model.template import Template

__all__ = ["template_lines"]

Line = tuple[str, str | None]


def template_lines(template: Template, lang: str) -> list[Line]:
    """Return a template as lines, each with a style or none."""
    lines: list[Line] = [(printable(f"{template.label.said(lang, template.name)}  ({template.name})"), "bold")]
    if about := template.description.said(lang):
        lines.append((f"  {printable(about)}", None))
    lines += _keys(template, lang) + _roles(template, lang) + _terms(template, lang)
    return lines


def _keys(template: Template, lang: str) -> list[Line]:
    if not template.keys:
        return []
    lines: list[Line] = [(text("cli.template.keys", lang), "bold")]
    width = max(len(key.name) for key in template.keys)
    for key in template.keys:
        mark = text("cli.template.required" if key.required else "cli.template.optional", lang)
        kind = " | ".join(key.values) or text(f"cli.template.type_{key.type.value}", lang)
        label = key.label.said(lang, key.name)
        lines.append((printable(f"  {key.name:<{width}}  {label}, {mark}: {kind}"), None))
    return lines


def _roles(template: Template, lang: str) -> list[Line]:
    if not template.roles:
        return []
    lines: list[Line] = [(text("cli.template.roles", lang), "bold")]
    for role in template.roles:
        most = "" if role.most is None else str(role.most)
        count = f"{role.needed}–{most}" if most != str(role.needed) else most
        lines.append((printable(f"  {role.code}  {role.label.said(lang, role.code)}  {count}"), None))
    return lines


def _terms(template: Template, lang: str) -> list[Line]:
    lines: list[Line] = [(text("cli.template.terms", lang), "bold")]
    rules = template.rules
    if rules.level:
        lines.append((f"  {text('cli.template.level', lang, level=rules.level)}", None))
    if rules.decline:
        lines.append((f"  {text(f'cli.template.decline_{rules.decline.value}', lang)}", None))
    if rules.deadline:
        lines.append((f"  {text(f'cli.template.deadline_{rules.deadline.value}', lang)}", None))
    if template.deadline_days is not None:
        since = template.deadline_from or ""
        code = "cli.template.days_from" if since else "cli.template.days"
        lines.append((f"  {text(code, lang, days=template.deadline_days, key=since)}", None))
    if note := template.retention_note.said(lang):
        lines.append((f"  {printable(note)}", None))
    return lines
