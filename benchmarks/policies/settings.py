"""The policies that are compared: every profile as it is, and with one thing changed at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.policy import Policy

CHANGES: Final[Mapping[str, Mapping[str, Any]]] = {
    "timed-10min": {"age_limit": 600_000},
    "timed-1h": {"age_limit": 3_600_000},
    "timed-cached": {"session_cache": "on"},
    "byte-count-32KiB": {"byte_limit": 32_768},
    "byte-count-100MiB": {"byte_limit": 104_857_600},
    "byte-count-1GiB": {"byte_limit": 1_073_741_824},
    "byte-count-next-data": {"byte_trigger": "next-data"},
    "key-based-1min": {"idle_period": 60_000},
    "key-based-100MiB": {"byte_limit": 104_857_600},
    "key-based-by-clock": {"idle_trigger": "period", "reject_trigger": "never"},
    "key-based-cached": {"session_cache": "on"},
    "protected-keepalive-1h": {"age_limit": 3_600_000},
    "protected-keepalive-1MiB": {"byte_limit": 1_048_576},
    "messaging-32KiB": {"byte_limit": 32_768},
    "messaging-1min": {"idle_period": 60_000},
    "messaging-cached": {"session_cache": "on"},
    "combined-100MiB": {"byte_limit": 104_857_600},
    "combined-1min": {"idle_period": 60_000},
    "combined-8h": {"age_limit": 28_800_000},
    "combined-age-with-data": {"age_trigger": "data"},
    "combined-cached": {"session_cache": "on", "session_lifetime": 14_400_000},
}
"""What a setting, which is named for its profile, changes of it."""


def settings() -> dict[str, Policy]:
    """Every profile and setting by name, a profile's settings behind it."""
    found: dict[str, Policy] = {}
    for name, policy in profiles().items():
        found[name] = policy
        found |= {one: policy.but(**changes) for one, changes in CHANGES.items() if profile_of(one) == name}
    return found


def profile_of(name: str) -> str:
    """The profile that a setting changes; the name itself, where it is no setting's."""
    return next((one for one in profiles() if name.startswith(f"{one}-") and name in CHANGES), name)
