"""What the tables of SSH experiments have in common: the usual limit, and what is said beside a violation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ssh.ability import Ability, Subject
from rekeyspec.conformance.peers.ssh.scene import Provocation
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

LIMIT: Final = 18_000
"""bytes: passed by the fifth message, with room for what SSH counts besides."""

MEANS: Final = Margin(bytes=LIMIT)
"""Where the byte limit is only the means to make the program start a renegotiation: when it does is not asked."""

Asked = Experiment[Provocation]


def limited(a: Ability, limit: int = LIMIT) -> Policy:
    """The policy that a byte limit comes to."""
    return Policy(byte_limit=limit, byte_trigger=a.byte_trigger)


def fresh(measure: Callable[[Sequence[Event]], str]) -> Callable[[Sequence[Event]], str]:
    """The same measure, of what came after the first key: those scripts begin with a fresh one."""

    def since(events: Sequence[Event]) -> str:
        return measure([e for e in events if e.message is None or e.message.epoch != 1])

    return since


def says(a: Ability, subject: Subject) -> str:
    """The word of the program's manual on this; empty where there is none."""
    return a.manual.get(subject, "")
