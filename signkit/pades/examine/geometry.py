"""Matrices and boxes of a page (ISO 32000-1 clause 8.3), as plain tuples."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

__all__ = [
    "IDENTITY",
    "Box",
    "Matrix",
    "Point",
    "box_of",
    "inverse",
    "is_inside",
    "meet",
    "moved",
    "multiply",
    "numbers",
    "unit_corners",
]

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""
Point = tuple[float, float]

IDENTITY: Final[Matrix] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_FAR: Final = 1e12


def multiply(first: Matrix, second: Matrix) -> Matrix:
    """Return the matrix that does ``first``, then ``second``."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = second
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def moved(matrix: Matrix, x: float, y: float) -> Point:
    """Return where ``matrix`` takes the point."""
    a, b, c, d, e, f = matrix
    return (a * x + c * y + e, b * x + d * y + f)


def inverse(matrix: Matrix) -> Matrix | None:
    """Return the inverse, or None where there is none."""
    a, b, c, d, e, f = matrix
    det = a * d - b * c
    if not math.isfinite(det) or abs(det) < 1e-9:
        return None
    return (d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det)


def box_of(points: Iterable[Point]) -> Box:
    """Return the smallest box around ``points``; far values are cut."""
    held = list(points)
    xs = [min(max(x, -_FAR), _FAR) for x, _ in held]
    ys = [min(max(y, -_FAR), _FAR) for _, y in held]
    return (min(xs), min(ys), max(xs), max(ys))


def meet(first: Box | None, second: Box | None) -> Box | None:
    """Return what both boxes share (None is everywhere); it may be empty, left above right."""
    if first is None or second is None:
        return first or second
    return (max(first[0], second[0]), max(first[1], second[1]), min(first[2], second[2]), min(first[3], second[3]))


def is_inside(point: Point, box: Box, *, slack: float = 0.0) -> bool:
    """Say whether ``point`` lies in ``box``."""
    return box[0] - slack <= point[0] <= box[2] + slack and box[1] - slack <= point[1] <= box[3] + slack


def unit_corners(matrix: Matrix) -> tuple[Point, ...]:
    """Return where the corners of the unit square go."""
    return tuple(moved(matrix, x, y) for x, y in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))


def numbers(values: Any, count: int) -> tuple[float, ...] | None:
    """Return ``count`` finite floats, or None."""
    if not isinstance(values, (list, tuple)) or len(values) < count:
        return None
    found = values[:count]
    if any(not isinstance(item, (int, float)) or not math.isfinite(item) or abs(item) > _FAR for item in found):
        return None
    return tuple(float(item) for item in found)
