"""Who must have signed, in which order, how surely and until when: one evaluator for the clerk and the archivist.

Rules are data, written into the manifest. Places with the same order number may be filled in any order among
themselves; a lower number comes first. A quorum names places and how many of them must be filled. The same functions
decide when an envelope is complete and, decades later, whether it was.
"""

from __future__ import annotations

from signkit.model.rules.data import (
    ALL_PARAGRAPHS,
    Capacity,
    DeadlinePolicy,
    Decline,
    Place,
    Quorum,
    Rules,
    Terms,
    all_must_sign,
)
from signkit.model.rules.evaluation import Evaluation, evaluate, in_the_way, may_sign, possible

__all__ = [
    "ALL_PARAGRAPHS",
    "Capacity",
    "DeadlinePolicy",
    "Decline",
    "Evaluation",
    "Place",
    "Quorum",
    "Rules",
    "Terms",
    "all_must_sign",
    "evaluate",
    "in_the_way",
    "may_sign",
    "possible",
]
