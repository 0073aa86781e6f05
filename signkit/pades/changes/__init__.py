"""Recipe steps 2 (places), 3 and 6: what happened to a document, by object number, computed by us.

``check_signkit_file`` and ``check_revision`` for files with a manifest, ``classify_changes`` for anybody's,
``forbidding`` for what a signature rules out, ``check_places`` and ``statement_strings`` for both. None raises for bad
input, but for ``places`` and ``statement_strings`` as they say. What is not here: cryptography, rules of the envelope,
images.
"""

from __future__ import annotations

from signkit.pades.changes.classify import Classified, classify_changes
from signkit.pades.changes.facts import LayoutFacts
from signkit.pades.changes.levels import highest_level
from signkit.pades.changes.locks import forbidding
from signkit.pades.changes.places import Place, check_places, places, statement_strings
from signkit.pades.changes.signkit_file import check_revision, check_signkit_file

__all__ = [
    "Classified",
    "LayoutFacts",
    "Place",
    "check_places",
    "check_revision",
    "check_signkit_file",
    "classify_changes",
    "forbidding",
    "highest_level",
    "places",
    "statement_strings",
]
