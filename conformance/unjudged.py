"""What this version cannot judge: rules that are written down and whose parameters are in the schema, but which neither
the reference nor the oracle has yet. They are *unsupported* for every target, and a policy that hangs on one of them is
refused: judged without it, a verdict would be about another policy.
"""

from __future__ import annotations

from typing import Final

from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy

_YET: Final = "stated: this version of rekeyspec does not judge it yet"

UNJUDGED: Final[dict[str, str]] = dict.fromkeys(
    ("REKEY-6", "CACHE-1", "CACHE-2", "GATE-1", "LIM-2", "IDLE-5", "IKE-1", "IKE-2"), _YET
)


def refuse_unjudged(policy: Policy, where: str) -> None:
    """Raise BadInput for a policy that changes what is judged by a rule that this version lacks."""
    if policy.accounting != "each":
        raise BadInput(
            f"{where}: read `accounting: {policy.accounting}`, expected `accounting: each`: this version "
            "does not judge REKEY-6 yet, and what an end does hangs on it; judge with `each`"
        )
