"""The PDF/A checker that a home's configuration names, run before a document is sent."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from signkit.errors import ConfigError, DocumentError

__all__ = ["check_pdfa"]

_SECONDS: Final = 120
"""Longest that a checker may take, ours."""


def check_pdfa(command: Sequence[str], path: Path) -> None:
    """Return if the command, given the file's path as its last argument, ends with 0.

    Raises:
        DocumentError: it says that the file is not the PDF/A that it claims to be.
        ConfigError: it cannot be run, or does not end.
    """
    try:
        done = subprocess.run([*command, str(path)], capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise ConfigError("the configured PDF/A checker cannot be run", code="config.pdfa_command") from exc
    if done.returncode != 0:
        raise DocumentError(
            f"{path.name} is not the PDF/A that it claims to be",
            code="document.pdfa",
            hint="save it as PDF/A again, or take the claim away",
            subject={"file": path.name},
        )
