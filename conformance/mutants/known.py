"""Known failures of real programs, rebuilt: each has the shape of a public bug report.

Messaging clients, SSH, IPsec and TLS implementations had them. What is rebuilt is what can be seen at the link; in
which program, and why, is the report's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rekeyspec.conformance.mutants.engine import Mistaken
from rekeyspec.conformance.mutants.mutant import Mutant
from rekeyspec.reference.obligations import Obligation
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import NEVER, Do, Event, Message, Role


class StallsAtLimit(Mistaken):
    """The bytes are used up: it holds its data back, and nothing brings a new key."""

    def due(self) -> list[Obligation]:  # noqa: D102
        return [o for o in super().due() if not (o.do in ("Start", "Request") and o.rule in ("BYTE-3", "BYTE-5"))]


class StartsTwice(Mistaken):
    """Two of its threads see that a new key is needed, and each starts."""

    def do(self, action: Event, taken: Message | None, did: list[Event]) -> None:  # noqa: D102
        super().do(action, taken, did)
        if action.do == "Start" and self.state.epoch:
            did.append(action)


class StartsAnew(Mistaken):
    """The limit is met, and while the first renegotiation is on it starts another at every message of its user's."""

    def step(self, event: Event) -> tuple[tuple[Event, ...], int]:  # noqa: D102
        s = self.state
        again = event.do == "Offer" and s.epoch > 0 and s.negotiation is not None and s.negotiation.mine
        did, deadline = super().step(event)
        if again and s.negotiation is not None and self.state.phase == "open":
            p, n = self.rules.policy, s.negotiation
            start = Message("start", n.epoch, 0, n.id, n.session, channel=p.channel("start"))
            did = (*did, Event(event.t, s.role, "Start", start))
        return did, deadline


class CountsForLife(Mistaken):
    """Against floods it lets a link renegotiate three times, and counts over the whole life of the link."""

    __slots__ = ("_left",)

    def __init__(self, policy: Policy, role: Role) -> None:
        super().__init__(policy, role)
        self._left = 3

    def do(self, action: Event, taken: Message | None, did: list[Event]) -> None:  # noqa: D102
        if action.do in ("Answer", "Start") and self.state.epoch:
            self._left -= 1
        if self._left < 0 and action.do in ("Answer", "Start"):
            return
        super().do(action, taken, did)


class ClosesLater(Mistaken):
    """Told to end the link during a renegotiation, it waits for the end of that first."""

    def due(self) -> list[Obligation]:  # noqa: D102
        s = self.state
        waits = s.ending == "CLOSE-1" and s.negotiation is not None
        return [o for o in super().due() if not (waits and o.do == "Close" and o.rule == "CLOSE-1")]


class KeepsTheOther(Mistaken):
    """Both started at once: it answers, as it must, but the key of its own start is the one that it then waits for."""

    __slots__ = ("_crossed",)

    def __init__(self, policy: Policy, role: Role) -> None:
        super().__init__(policy, role)
        self._crossed = False

    def due(self) -> list[Obligation]:  # noqa: D102
        return [o for o in super().due() if not (self._crossed and o.do == "Establish")]

    def changed(self, do: Do, before: End, after: End) -> End:  # noqa: D102
        if do == "Answer":
            self._crossed = before.negotiation is not None
        return super().changed(do, before, after)


class IgnoresCrossing(Mistaken):
    """Both started at once: it waits for its own answer, and takes no notice of the other start."""

    def due(self) -> list[Obligation]:  # noqa: D102
        mine = self.state.negotiation is not None
        return [o for o in super().due() if not (mine and o.do == "Answer")]


class WaitsFromLatest(Mistaken):
    """The time of the reply counts from whatever came last, and not from the heartbeat that is unanswered."""

    def changed(self, do: Do, before: End, after: End) -> End:  # noqa: D102
        if do == "Arrive" and after.series is not None:
            return after.but(series=after.series._replace(last_at=after.t))
        return super().changed(do, before, after)


class ReplyIsActivity(Mistaken):
    """To answer a heartbeat counts as use of the link, which so never looks idle."""

    def changed(self, do: Do, before: End, after: End) -> End:  # noqa: D102
        if do == "SendReply":
            at = after.t + self.rules.policy.idle_period
            return after.but(active_at=after.t, next_beat=at, expected_at=at)
        return super().changed(do, before, after)


class DiesLate(Mistaken):
    """A dead peer is given up after thirteen times the time that was configured."""

    def __init__(self, policy: Policy, role: Role) -> None:
        late = replace(policy, reply_timeout=13 * policy.reply_timeout, grace=13 * max(policy.grace, 1))
        super().__init__(late, role)


class NeverDies(Mistaken):
    """A dead peer is never given up."""

    def due(self) -> list[Obligation]:  # noqa: D102
        return [o for o in super().due() if o.rule not in ("DEAD-2", "DEAD-3")]


class WedgesIdle(Mistaken):
    """Renewed by the timer on a link without data, it never takes the answer."""

    def due(self) -> list[Obligation]:  # noqa: D102
        idle = self.state.epoch > 0 and not self.state.queue
        return [o for o in super().due() if not (idle and o.do == "Finish")]


class SwitchesEarly(Mistaken):
    """It has answered, and uses the new key before the other end has finished."""

    def changed(self, do: Do, before: End, after: End) -> End:  # noqa: D102
        n = after.negotiation
        if do == "Answer" and n is not None:
            return after.but(epoch=n.epoch, in_force_at=after.t, count=0, negotiation=None, awaiting_since=-1)
        return super().changed(do, before, after)


class Wraps(Mistaken):
    """Its counter of messages has two bits, and begins anew under the same key."""

    def changed(self, do: Do, before: End, after: End) -> End:  # noqa: D102
        if do == "SendData":
            return after.but(sent_number=after.sent_number % 4)
        return super().changed(do, before, after)


def _misread(policy: Policy, role: Role, **changes: int) -> Mistaken:
    return Mistaken(replace(policy, **changes), role)  # type: ignore[arg-type]


KNOWN: Final[Sequence[Mutant]] = (
    Mutant("stalls-when-bytes-are-used-up", StallsAtLimit.__doc__ or "", "BYTE-3", StallsAtLimit, "known"),
    Mutant("two-threads-start", StartsTwice.__doc__ or "", "REKEY-5", StartsTwice, "known"),
    Mutant("starts-anew-at-each-message", StartsAnew.__doc__ or "", "REKEY-5", StartsAnew, "known"),
    Mutant(
        "knows-no-floor",
        "A limit below the floor is taken as it stands, and renegotiations follow each other.",
        "BYTE-3",
        lambda policy, role: _misread(policy, role, byte_floor=0),
        "known",
    ),
    Mutant("counts-renegotiations-for-life", CountsForLife.__doc__ or "", "LIM-2", CountsForLife, "known"),
    Mutant(
        "sends-while-the-key-changes",
        "Data goes out between the start of a renegotiation and its end.",
        "REKEY-1",
        lambda policy, role: Mistaken(policy, role, unasked=("SendData", "REKEY-1")),
        "known",
    ),
    Mutant("closes-after-the-key-change", ClosesLater.__doc__ or "", "CLOSE-1", ClosesLater, "known"),
    Mutant(
        "queues-without-bound",
        "What its user offers while the peer never finishes is queued without end.",
        "LIM-1",
        lambda policy, role: _misread(policy, role, queue_limit=NEVER),
        "known",
    ),
    Mutant("keeps-the-other-key", KeepsTheOther.__doc__ or "", "REKEY-5", KeepsTheOther, "known"),
    Mutant("ignores-a-crossing-start", IgnoresCrossing.__doc__ or "", "REKEY-5", IgnoresCrossing, "known"),
    Mutant("waits-from-what-came-last", WaitsFromLatest.__doc__ or "", "DEAD-1", WaitsFromLatest, "known"),
    Mutant("an-answer-is-activity", ReplyIsActivity.__doc__ or "", "HB-4", ReplyIsActivity, "known"),
    Mutant("dies-thirteen-times-too-late", DiesLate.__doc__ or "", "DEAD-2", DiesLate, "known"),
    Mutant("never-dies", NeverDies.__doc__ or "", "DEAD-3", NeverDies, "known"),
    Mutant("wedges-when-idle", WedgesIdle.__doc__ or "", "AGE-2", WedgesIdle, "known"),
    Mutant("switches-before-the-finish", SwitchesEarly.__doc__ or "", "EST-4", SwitchesEarly, "known"),
    Mutant("wraps-its-numbers", Wraps.__doc__ or "", "LIM-3", Wraps, "known"),
)
"""In the order of the reports."""
