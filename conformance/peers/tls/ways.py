"""A stack's own side of the questions that all are asked: its options, how they are written, and its manual's words.

How options read in our words: a limit on the bytes of a key is a `byte_limit` over one direction (see `events`), and
`trigger` says whether the stack looks at it when a message has left or when the next one comes. A time limit of the
handshake is a `negotiation_timeout`. Where a stack has no option, it is asked by the policy that would have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.tls.scripts import Script
from rekeyspec.conformance.peers.tls.stack import Options, Provocation
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

Asked = Experiment[Provocation]
Sees = Callable[[Sequence[Event]], str]


@dataclass(frozen=True)
class Ways:
    """Options go by the names `plain` (what every experiment is run with), `timed` (what limits the time of a handshake
    and of silence to `scripts.TIMEOUT` ms), `careless` (what is verified where nothing is said) and the limits in bytes
    as text. One that the stack does not have is as `plain`."""

    options: Mapping[str, Options]
    written: Mapping[str, str]
    """The same as their user would write them."""
    trigger: str
    """The `byte_trigger` of its limit."""
    manual: Mapping[str, str]
    """Its manual's word by topic: `bytes`, `uneven`, `received`, `age`, `idle`, `heartbeat`, `silent`, `first`,
    `verify`, `answer`. What is no topic is said as it is."""
    margin: Margin = field(default=Margin(ms=120))
    """How long a program of this stack may take to do what it does at once."""
    early: bool = False
    """Its user can write before the handshake is done."""

    @property
    def limited(self) -> bool:
        """Has it a limit on the bytes of a key?"""
        return any(name.isdigit() for name in self.options)

    def ask(  # noqa: PLR0913 - an experiment has as many parts
        self,
        name: str,
        rules: Sequence[str],
        policy: Policy,
        script: Script,
        observe: Sees,
        manual: str = "",
        given: str = "plain",
        *,
        how: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Asked:
        """An experiment with the options of that name; `how` is the rest of its Provocation, `more` its own."""
        known = given if given in self.options else "plain"
        provocation = Provocation(script, self.options[known], **(how or {}))
        word, written = self.manual.get(manual, manual), self.written[known]
        return Experiment(name, tuple(rules), policy, provocation, observe, word, written, self.margin, **more)
