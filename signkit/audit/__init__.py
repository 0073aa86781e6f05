"""The archivist: what a file proves, by the recipe, from the file and trust anchors alone (``recipe.md``, proof.md).

``verify_file`` gives a :class:`~signkit.model.report.Report`; ``report_to_json`` and ``render_report`` put it into
words. Nothing here knows a store, a provider, a network or the code that makes files: a fault there must not excuse
itself here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signkit.audit.report_json import report_to_json as report_to_json
    from signkit.audit.verify import read_evidence as read_evidence
    from signkit.audit.verify import unread_report as unread_report
    from signkit.audit.verify import verify_file as verify_file
    from signkit.audit.words import Line as Line
    from signkit.audit.words import render_report as render_report

__all__ = ["Line", "read_evidence", "render_report", "report_to_json", "unread_report", "verify_file"]

_HOMES = {
    "Line": "words",
    "read_evidence": "verify",
    "render_report": "words",
    "report_to_json": "report_json",
    "unread_report": "verify",
    "verify_file": "verify",
}
"""Where each name lives: loaded when asked for, since validators and parsers take a fifth of a second."""


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(name)
    import importlib  # noqa: PLC0415 - only needed here

    return getattr(importlib.import_module(f"signkit.audit.{_HOMES[name]}"), name)
