"""Pages that tell people what to type: the commands taken out of them, so that a test can type them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

__all__ = ["commands_of", "follow"]

_COMMAND = re.compile(r"   (sha256sum|grep|openssl|head|sed|curl) ")


def commands_of(page: str) -> list[str]:
    """Return the blocks of commands of a page, each as it would be typed."""
    blocks = page.split("\n\n")
    return [block for block in blocks if _COMMAND.match(block)]


def follow(commands: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Type the commands in ``folder``; stops at the first that fails."""
    script = "\n".join(["set -e -o pipefail", *commands])
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, check=False)  # noqa: S603, S607
