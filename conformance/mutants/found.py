"""Mistakes that implementers made, and that the suite did not notice then. Each is rebuilt as small as it goes.

What an end takes for a sign of life, and what not, is one table: a line for each sort of message (DEAD-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from rekeyspec.conformance.mutants.engine import Mistaken
from rekeyspec.conformance.mutants.mutant import Mutant
from rekeyspec.reference.conditions import full, missed_reply, rejects
from rekeyspec.reference.guards import waits
from rekeyspec.reference.obligations import Obligation, obligations
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE, End
from rekeyspec.reference.vocabulary import Do, Event, Kind, Message, Role


class DropsEarly(Mistaken):
    """Data against the direction is discarded as soon as it comes, also where its key is not in force yet."""

    def due(self) -> list[Obligation]:  # noqa: D102
        r, s = self.rules, self.state
        early = [] if r.policy.may_offer(s.peer) else [m for m in s.inbox if m.kind == "data" and waits(r, s, m)]
        return [*(Obligation(s.t, "Discard", "LIM-1", m) for m in early), *super().due()]


class AsksForAge(Mistaken):
    """It may not start a renegotiation, and asks for one as soon as the key is too old, with nothing to send."""

    def due(self) -> list[Obligation]:  # noqa: D102
        p, s = self.rules.policy, self.state
        old = p.age_trigger == "timer" and p.age_limit > 0 and s.role not in p.alone
        if not old or s.phase != "open" or s.epoch == 0 or s.negotiation is not None or s.requesting:
            return super().due()
        return [*super().due(), Obligation(s.in_force_at + p.age_limit, "Request", "AGE-2")]


class RaisesWhatCame(Mistaken):
    """The limit that the first start carries is raised to the floor by the end that takes it."""

    def changed(self, do: Do, before: End, after: End) -> End:  # noqa: D102
        p = self.rules.policy
        if do == "Answer" and before.epoch == 0 and p.limit_from == "initiator" and after.limit:
            return after.but(limit=max(after.limit, p.byte_floor))
        return super().changed(do, before, after)


class SpoilsBoth(Mistaken):
    """Once nothing may be delivered under the new key, late data of the old one is rejected too."""

    def due(self) -> list[Obligation]:  # noqa: D102
        r, s = self.rules, self.state
        spoilt = rejects(r.policy, s, s.t, r.margin) == 2
        return [
            o._replace(do="Reject") if spoilt and o.do == "Deliver" and o.taken and o.taken.epoch < s.epoch else o
            for o in super().due()
        ]


class ForgetsOldKey(Mistaken):
    """The time of the old key ends with something other than data that is delivered under the new one."""

    __slots__ = ("_at",)

    def __init__(self, policy: Policy, role: Role, at: Do) -> None:
        super().__init__(policy, role)
        self._at = at

    def changed(self, do: Do, before: End, after: End) -> End:  # noqa: D102
        return super().changed(do, before, after.but(old_until=NONE) if do == self._at else after)


class TellsWhileItWaits(Mistaken):
    """It tells the other end of idleness although data waits here, which may leave under a key that is idle there."""

    def due(self) -> list[Obligation]:  # noqa: D102
        s = self.state
        untold = obligations(self.rules, s.but(queue=())) if s.queue else []
        return [*super().due(), *(o for o in untold if o.do == "SendNotice")]

    def do(self, action: Event, taken: Message | None, did: list[Event]) -> None:  # noqa: D102
        if action.do == "SendNotice" and action.message is not None and self.state.queue:
            action = action._replace(message=action.message._replace(bytes=0))
        super().do(action, taken, did)


class Fills(Mistaken):
    """It takes a control message for one that made the count meet the limit, as its own data may."""

    __slots__ = ("_by",)

    def __init__(self, policy: Policy, role: Role, by: Do) -> None:
        super().__init__(policy, role)
        self._by = by

    def changed(self, do: Do, before: End, after: End) -> End:  # noqa: D102
        p = self.rules.policy
        counted = p.byte_counts == "data+control" and p.byte_trigger == "at-once"
        if do == self._by and counted and full(p, after, 0):
            return after.but(reached=True)
        return super().changed(do, before, after)


class BeatsOn(Mistaken):
    """When a whole series was missed and it has asked for a new key, its heartbeats go on at their interval."""

    def due(self) -> list[Obligation]:  # noqa: D102
        s = self.state
        missed = s.requesting and missed_reply(self.rules.policy, s, s.t, self.rules.margin) > 0
        return [*super().due(), *([Obligation(s.next_beat, "SendHeartbeat", "HB-2")] if missed else [])]

    def do(self, action: Event, taken: Message | None, did: list[Event]) -> None:  # noqa: D102
        if action.do == "SendHeartbeat" and self.state.requesting:
            self.state = self.state.but(series=None)  # a new one begins
        super().do(action, taken, did)


class Deaf(Mistaken):
    """With `proof_of_life` any it takes a message of one kind for no sign of life."""

    __slots__ = ("_kind",)

    def __init__(self, policy: Policy, role: Role, kind: Kind) -> None:
        super().__init__(policy, role)
        self._kind = kind

    def do(self, action: Event, taken: Message | None, did: list[Event]) -> None:  # noqa: D102
        series = self.state.series
        super().do(action, taken, did)
        if taken is not None and taken.kind == self._kind and action.do != "AcceptReply":
            self.state = self.state.but(series=series)


Sign = Callable[[End, Do, Message], bool]
"""Is this action of an end in this state, with this message, a sign of life to it?"""


class Credulous(Mistaken):
    """With `proof_of_life` any it takes what is none for a sign of life."""

    __slots__ = ("_sign",)

    def __init__(self, policy: Policy, role: Role, sign: Sign) -> None:
        super().__init__(policy, role)
        self._sign = sign

    def do(self, action: Event, taken: Message | None, did: list[Event]) -> None:  # noqa: D102
        sign = taken is not None and self._sign(self.state, action.do, taken)
        super().do(action, taken, did)
        if sign and self.rules.policy.proof_of_life == "any":
            self.state = self.state.but(series=None)


_UNHEARD: Final[Sequence[tuple[str, Kind, str]]] = (
    ("data", "data", "data that it delivers"),
    ("heartbeats", "heartbeat", "a heartbeat of the peer's, which it answers,"),
    ("requests", "request", "a request that it accepts"),
    ("notices", "notice", "a notice that it accepts"),
    ("late-replies", "reply", "a late reply"),
)

_HEARD: Final[Sequence[tuple[str, str, Sign]]] = (
    ("an-ignored-request", "a request that it ignores", lambda s, do, m: (do, m.kind) == ("Ignore", "request")),
    ("an-ignored-notice", "a notice that it ignores", lambda s, do, m: (do, m.kind) == ("Ignore", "notice")),
    ("a-refused-start", "a start that it refuses", lambda s, do, m: do == "RefuseStart"),
    ("discarded-data", "data that it discards", lambda s, do, m: do == "Discard"),
    ("rejected-data", "data that it rejects", lambda s, do, m: do == "Reject"),
    ("a-replay", "a replayed heartbeat", lambda s, do, m: (do, m.kind) == ("Ignore", "heartbeat")),
    (
        "what-is-clear",
        "a heartbeat that nobody has sealed",
        lambda s, do, m: do == "SendReply" and m.sealed_by == "nobody",
    ),
    ("the-old-key", "data of the key before", lambda s, do, m: do == "Deliver" and m.epoch < s.epoch),
)


def _signs() -> Iterator[Mutant]:
    any_ = "With `proof_of_life` any it takes"
    for name, kind, words in _UNHEARD:
        about = f"{any_} {words} for no sign of life."
        yield Mutant(f"deaf-to-{name}", about, "DEAD-4", partial(Deaf, kind=kind), "found")
    for name, words, sign in _HEARD:
        about = f"{any_} {words} for a sign of life."
        yield Mutant(f"believes-{name}", about, "DEAD-4", partial(Credulous, sign=sign), "found")


def _never_fills(policy: Policy, role: Role, by: Do) -> Mistaken:
    return Mistaken(policy, role, unset=(by, "reached"))


FOUND: Final[Sequence[Mutant]] = (
    Mutant("drops-what-comes-early", DropsEarly.__doc__ or "", "EARLY-1", DropsEarly, "found"),
    Mutant("asks-for-age-alone", AsksForAge.__doc__ or "", "AGE-2", AsksForAge, "found"),
    Mutant("raises-the-limit-that-came", RaisesWhatCame.__doc__ or "", "BYTE-3", RaisesWhatCame, "found"),
    Mutant("spoils-both-keys", SpoilsBoth.__doc__ or "", "REKEY-2", SpoilsBoth, "found"),
    Mutant(
        "forgets-the-old-key-at-a-heartbeat",
        "The first heartbeat under the new key ends the time of the old one, on a channel that it did not come over.",
        "REKEY-2",
        partial(ForgetsOldKey, at="SendReply"),
        "found",
    ),
    Mutant(
        "forgets-the-old-key-at-a-spoof",
        "Data under the new key ends the time of the old one, although it is taken for a spoof.",
        "REKEY-2",
        partial(ForgetsOldKey, at="Reject"),
        "found",
    ),
    Mutant("tells-while-its-data-waits", TellsWhileItWaits.__doc__ or "", "REKEY-6", TellsWhileItWaits, "found"),
    Mutant(
        "starts-after-any-reply",
        "A reply of its own has it start at once where the key was full before, by the peer's heartbeat.",
        "BYTE-5",
        partial(Fills, by="SendReply"),
        "found",
    ),
    Mutant(
        "starts-after-any-heartbeat",
        "A heartbeat of its own has it start at once where the key was full before, by the peer's data.",
        "BYTE-5",
        partial(Fills, by="SendHeartbeat"),
        "found",
    ),
    Mutant(
        "starts-after-no-heartbeat",
        "Its own heartbeat counts, but does not have it start where it makes the count meet the limit.",
        "BYTE-5",
        partial(_never_fills, by="SendHeartbeat"),
        "found",
    ),
    Mutant(
        "starts-after-no-reply",
        "Its own reply counts, but does not have it start where it makes the count meet the limit.",
        "BYTE-5",
        partial(_never_fills, by="SendReply"),
        "found",
    ),
    Mutant("beats-on-after-a-missed-series", BeatsOn.__doc__ or "", "DEAD-2", BeatsOn, "found"),
    *_signs(),
)
"""Those of an end in general, then the signs of life."""
