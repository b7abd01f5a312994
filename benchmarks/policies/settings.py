"""The policies that are compared: every profile as it is, and with one thing changed at a time."""

from __future__ import annotations

from typing import Any, Final

from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.policy import Policy

CHANGES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("timed", {"age_limit": 600_000}),
    ("timed", {"age_limit": 3_600_000}),
    ("timed", {"session_cache": "on"}),
    ("byte-count", {"byte_limit": 32_768}),
    ("byte-count", {"byte_limit": 104_857_600}),
    ("byte-count", {"byte_limit": 1_073_741_824}),
    ("byte-count", {"byte_trigger": "next-data"}),
    ("key-based", {"idle_period": 60_000}),
    ("key-based", {"byte_limit": 104_857_600}),
    ("key-based", {"idle_trigger": "period", "reject_trigger": "never"}),
    ("key-based", {"session_cache": "on"}),
    ("protected-keepalive", {"age_limit": 3_600_000}),
    ("protected-keepalive", {"byte_limit": 1_048_576}),
    ("messaging", {"byte_limit": 32_768}),
    ("messaging", {"idle_period": 60_000}),
    ("messaging", {"session_cache": "on"}),
    ("combined", {"byte_limit": 104_857_600}),
    ("combined", {"idle_period": 60_000}),
    ("combined", {"age_limit": 28_800_000}),
    ("combined", {"age_trigger": "data"}),
    ("combined", {"session_cache": "on", "session_lifetime": 14_400_000}),
)
"""A profile, and what a setting changes of it."""


def settings() -> dict[str, Policy]:
    """Every profile and setting by name: the profile's, and in words what is changed of it."""
    known = profiles()
    found = dict(known)
    for profile, changes in CHANGES:
        words = ", ".join(f"{name} {value}" for name, value in changes.items())
        found[f"{profile}: {words}"] = known[profile].but(**changes)
    return found
