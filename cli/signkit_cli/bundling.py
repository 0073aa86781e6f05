"""Between ``envelope export --bundle`` and the house: the archivist reports on each document, the clerk packs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signkit.workflows.bundle import BundledDocument
    from signkit.workflows.desk import Desk
    from signkit.workflows.export import Exported

__all__ = ["bundle_envelope"]


def bundle_envelope(desk: Desk, envelope: str, folder: Path, *, overwrite: bool) -> list[Exported]:
    """Write the evidence bundle of an envelope, with a report on each of its documents.

    Raises:
        SignkitError: as ``signkit.workflows.bundle.export_bundle``.
    """
    from signkit.audit import report_to_json, verify_file
    from signkit.workflows.bundle import bundle_languages, export_bundle
    from signkit_cli.render.report import report_lines

    def report(document: BundledDocument) -> Mapping[str, bytes]:
        found = verify_file(
            document.path,
            anchors=desk.anchors,
            at=desk.clock.now(),
            original=document.original,
            evidence=document.evidence,
        )
        found = dataclasses.replace(found, path=document.name)
        value = json.dumps(report_to_json(found, desk.language), ensure_ascii=False, indent=2)
        made = {".json": f"{value}\n".encode()}
        for lang in bundle_languages(desk):
            lines = [words for words, _ in report_lines(found, lang)]
            made[f".{lang}.txt"] = "\n".join([*lines, ""]).encode()
        return made

    return export_bundle(desk, envelope, folder, report=report, overwrite=overwrite)
