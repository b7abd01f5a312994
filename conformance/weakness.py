"""What conforms, and is weaker all the same: choices that a rule allows on the condition that they are named.

A weakness is no verdict: the rule held. It is told beside the verdict on that rule, wherever a case showed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.vocabulary import Event

SERVER_ONLY: Final = (
    "authentication server-only: nobody authenticates the client, so that whoever reaches the server may send as it "
    "(K:C11 is kept only because all data flows to the server)"
)
ABBREVIATED: Final = (
    "a negotiation was abbreviated: no public-key operation took place, so that whoever has the session has the key"
)


def weaknesses(case: Case) -> Mapping[str, str]:
    """What was weak in this case, by the rule that allows it."""
    found = {}
    if case.policy.get("authentication") == "server-only":
        found["EST-2"] = SERVER_ONLY
    if abbreviated(case.log):
        found["CACHE-2"] = ABBREVIATED
    return found


def abbreviated(log: Iterable[Event]) -> bool:
    """CACHE-2: did an end answer or finish a negotiation by resuming a session, instead of making one?"""
    return any(
        e.do in ("Answer", "Finish") and e.message is not None and e.message.session not in ("", e.message.negotiation)
        for e in log
    )
