"""Recipe steps 2 (places), 3 and 6: what happened to a document, by object number, computed by us."""

from __future__ import annotations

from signkit.pades.changes.facts import LayoutFacts
from signkit.pades.changes.signkit_file import check_revision, check_signkit_file

__all__ = ["LayoutFacts", "check_revision", "check_signkit_file"]
