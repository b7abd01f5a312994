"""Mutants that are no mutants: rules that are not asked where another condition asks for as much.

`rekeyspec model bisimulate --mutants` finds the graph of each of these equal on every model, and fails where it does
not; so a mutant is excused only if nobody could ever tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from rekeyspec.reference.guards import TAKING

Kind = Literal["guard", "effect", "duty"]


class Change(NamedTuple):
    """One way to break the reference: of an action, the rule that is not asked, the field that is left, or the rule by
    which it is not due."""

    kind: Kind
    do: str
    what: str

    def __str__(self) -> str:
        verb = {"guard": "without", "effect": "leaves", "duty": "is not due by"}[self.kind]
        return f"{self.do} {verb} {self.what}"


def _guards(reason: str, rule: str, *dos: str) -> dict[Change, str]:
    return {Change("guard", do, rule): reason for do in dos}


_CLOSED: Final = "nothing that arrives at an end that is not open is kept, so there is nothing to take"
_NO_EPOCH: Final = "an end that is not open is in no epoch, which another condition asks for"
_UNSEALED: Final = "one that comes over another channel is sealed by no key, which another condition asks for"

EQUAL: Final[Mapping[Change, str]] = {
    **_guards(_CLOSED, "DEAD-5", *TAKING),
    **_guards(_NO_EPOCH, "DEAD-5", "Request", "SendData", "SendHeartbeat", "SendNotice", "Suspect"),
    **_guards(_UNSEALED, "CHAN-1", "Answer", "Finish", "Establish", "RefuseStart", "Deliver", "Reject", "Discard"),
    **_guards("NEED-1 asks for more", "IDLE-2", "Start", "Request"),
    **_guards("REKEY-2 asks for more", "EARLY-1", "Deliver"),
    **_guards("AUTH-1 and REKEY-2 ask for more", "EST-1", "Deliver"),
    **_guards("nobody can make a first start that a client would take", "EST-4", "Answer"),
}
"""Each with the reason why nobody can tell."""
