"""`rekeyspec bench cost`: handshake cost against data per key."""

from __future__ import annotations


def cost() -> None:
    """Measure what negotiations and data cost, and fit the model of both."""
