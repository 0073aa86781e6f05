"""Assurance levels of eIDs, and which one reaches which: Sweden's 1 to 4 and eIDAS' low, substantial, high.

Level 2 answers to low, 3 to substantial, 4 to high (Commission Implementing Regulation (EU) 2015/1502).
"""

from __future__ import annotations

from typing import Final

__all__ = ["LEVELS", "TEST_LEVEL", "reaches"]

TEST_LEVEL: Final = "test"
_RANKS: Final = {"loa1": 1, "loa2": 2, "low": 2, "loa3": 3, "substantial": 3, "loa4": 4, "high": 4}
LEVELS: Final = tuple(_RANKS)


def reaches(level: str, wanted: str | None, *, environment: str) -> bool:
    """Tell whether ``level`` is at least ``wanted``.

    The level ``test`` stands in for any in the environment ``test``, and for none in production.
    """
    if wanted is None:
        return True
    if level == TEST_LEVEL:
        return environment == "test"
    return _RANKS.get(level, 0) >= _RANKS.get(wanted, len(LEVELS))
