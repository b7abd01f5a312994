"""The model: a key that carries V bytes costs c_handshake + c_data V, so a byte costs c_data + c_handshake / V."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

OVERHEADS: Final = (0.1, 0.01, 0.001)
"""What negotiations may add to what data costs."""


class Line(NamedTuple):
    """Cost of a key (s) by its bytes, fitted: what is fixed (s), what a byte adds (s), their standard errors, and the
    largest deviation of a point from the line, as a part of the point's cost."""

    fixed: float
    per_byte: float
    fixed_error: float
    per_byte_error: float
    worst: float


def predicted(handshake: float, per_byte: float, volume: float) -> float:
    """What a key that carries so many bytes costs (s)."""
    return handshake + per_byte * volume


def volume_for(handshake: float, per_byte: float, overhead: float) -> float:
    """How many bytes a key must carry for its negotiation to add this part to what they cost."""
    return handshake / (per_byte * overhead)


def fit(points: Iterable[tuple[float, float]]) -> Line | None:
    """The line through (bytes, seconds) by least squares of relative deviations; None for fewer than three points."""
    known = sorted(points)
    if len(known) < 3:
        return None
    weights = [1 / cost**2 for _, cost in known]
    w = math.fsum(weights)
    wx = math.fsum(k * x for k, (x, _) in zip(weights, known, strict=True))
    wxx = math.fsum(k * x * x for k, (x, _) in zip(weights, known, strict=True))
    wy = math.fsum(k * y for k, (_, y) in zip(weights, known, strict=True))
    wxy = math.fsum(k * x * y for k, (x, y) in zip(weights, known, strict=True))
    determinant = w * wxx - wx * wx
    fixed, per_byte = (wxx * wy - wx * wxy) / determinant, (w * wxy - wx * wy) / determinant
    relative = [(fixed + per_byte * x) / y - 1 for x, y in known]
    variance = math.fsum(one * one for one in relative) / (len(known) - 2)
    errors = math.sqrt(variance * wxx / determinant), math.sqrt(variance * w / determinant)
    return Line(fixed, per_byte, *errors, max(map(abs, relative)))


def worst(errors: Sequence[float]) -> float:
    """The largest of these in size."""
    return max(map(abs, errors), default=0.0)
