"""``signkit template``: what each kind of document needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from signkit_cli.helping import App
from signkit_cli.session import Session
from signkit_cli.terminal import printable
from signkit_cli.words import h

if TYPE_CHECKING:
    from signkit.model.template import Template

app = App(help=h("help.template"), no_args_is_help=True)


@app.command("list", help=h("help.template.list"))
def list_(context: typer.Context) -> None:
    """List the templates, signkit's and the home's own."""
    from signkit.texts import text
    from signkit_cli.kinds import home_templates

    session: Session = context.obj
    for template, own in home_templates(session):
        if session.terminal.as_json:
            session.terminal.json(_to_json(template, own=own, lang=session.terminal.lang))
            continue
        label = template.label.said(session.terminal.lang, template.name)
        row = "cli.template.own" if own else "cli.template.row"
        session.terminal.line(text(row, session.terminal.lang, name=template.name, label=printable(label)))


@app.command(help=h("help.template.show"))
def show(
    context: typer.Context, name: Annotated[str, typer.Argument(help=h("help.template.name"), show_default=False)]
) -> None:
    """Show what a template asks for."""
    from signkit_cli.kinds import home_template, home_templates
    from signkit_cli.render.template import template_lines

    session: Session = context.obj
    template = home_template(session, name)
    own = any(own for item, own in home_templates(session) if item.name == name)
    if session.terminal.as_json:
        session.terminal.json(_to_json(template, own=own, lang=session.terminal.lang))
        return
    for words, style in template_lines(template, session.terminal.lang):
        session.terminal.line(words, style=style)


def _to_json(template: Template, *, own: bool, lang: str) -> dict[str, Any]:
    rules = template.rules
    return {
        "schema": "signkit.template/1",
        "name": template.name,
        "own": own,
        "kind": template.kind,
        "label": template.label.said(lang, template.name),
        "description": template.description.said(lang),
        "keys": [
            {
                "name": key.name,
                "type": key.type.value,
                "required": key.required,
                "values": list(key.values),
                "label": key.label.said(lang, key.name),
            }
            for key in template.keys
        ],
        "other_keys": template.other_keys,
        "roles": [
            {
                "code": role.code,
                "needed": role.needed,
                "most": role.most,
                "order": role.order,
                "label": role.label.said(lang, role.code),
            }
            for role in template.roles
        ],
        "rules": {
            "roles": dict(rules.roles),
            "decline": rules.decline.value if rules.decline else None,
            "comment_required": rules.comment_required,
            "deadline": rules.deadline.value if rules.deadline else None,
            "level": rules.level,
            "providers": list(rules.providers) if rules.providers else None,
        },
        "disclosure": template.disclosure,
        "deadline_days": template.deadline_days,
        "deadline_from": template.deadline_from,
        "erase_after_days": template.erase_after_days,
        "retention": template.retention_note.said(lang),
        "notice": template.notice,
        "review": template.review,
    }
