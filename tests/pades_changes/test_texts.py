"""Every finding of the room has a sentence in three languages."""

from __future__ import annotations

import re
from importlib import resources

from signkit.texts import LANGUAGES, codes


def test_every_code_has_sentences() -> None:
    """Whatever code the sources name is in the catalogue."""
    folder = resources.files("signkit.pades.changes")
    source = "".join(item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith(".py"))
    used = {f"changes.{code}" for code in re.findall(r'(?:failed|undecided)\(\s*"([a-z_]+)"', source)}
    used |= {"changes.limit", "changes.unreadable"}
    known = {code for code in codes() if code.startswith("changes.")}
    assert used <= known
    assert all(set(codes()[code]) == set(LANGUAGES) for code in used)
