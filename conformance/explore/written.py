"""From what was told to a trace in the trace form: a message that arrives says only what an honest peer's would not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rekeyspec.conformance.explore.line import Line, Tested
from rekeyspec.conformance.explore.telling import Told
from rekeyspec.conformance.player import Peer, Walk
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.trace import MessageForm, Step, Trace
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import Message

_FOLLOWING: Final = ("heartbeat_interval", "rekey_idle")
_FIELDS: Final = ("epoch", "number", "negotiation", "session", "channel")
"""What a message form may leave out, in the order in which they are filled in: an epoch settles more than the rest."""


def trace_of(name: str, about: str, rules: Sequence[str], policy: Policy, tested: Tested, lines: list[Line]) -> Trace:
    """The trace that tells these lines, under the profile from which the policy differs least."""
    profile = nearest(policy)
    steps = _written_out(lines) if tested == "both" else _foretold(policy, tested, lines)
    return Trace(
        trace=0,
        name=name,
        about=about,
        profile=profile,
        rules=list(rules),
        steps=steps,
        end=tested,
        policy=differs(policy, profiles()[profile]),
    )


def called(told: Told) -> list[Line]:
    """The lines of what was told, with a line of its own for every call at a deadline."""
    lines = list(told.lines)
    given = {(line.t, line.end) for line in lines if line.do == "Tick"}
    calls = [Line(e.t, e.end, "Tick") for e in told.log if e.do == "Tick" and (e.t, e.end) not in given]
    return sorted(lines + calls, key=lambda line: line.t)


def nearest(policy: Policy) -> str:
    """The profile from which it differs in the fewest parameters."""
    known = profiles()
    return min(known, key=lambda name: len(differs(policy, known[name])))


def differs(policy: Policy, base: Policy) -> dict[str, int | str]:
    """What has to be changed of `base` to have this policy."""
    wanted, old = policy.plain(), base.plain()
    changes: dict[str, Any] = {n: v for n, v in wanted.items() if v != old[n] and n not in _FOLLOWING}
    made = base.but(**changes).plain()
    return changes | {name: wanted[name] for name in _FOLLOWING if made[name] != wanted[name]}


def _written_out(lines: list[Line]) -> list[Step]:
    """With both ends under test what an adversary sends is written out, and the rest is in flight."""
    steps, now = [], 0
    for line in lines:
        steps.append(_step(line, now, line.message and _whole(line.message)))
        now = line.t
    return [Step(**(_fields(step) | {"end": line.end})) for step, line in zip(steps, lines, strict=True)]


def _foretold(policy: Policy, tested: Tested, lines: list[Line]) -> list[Step]:
    """With one end under test the reference walks along, and says what an honest peer would send at each line."""
    assert tested != "both"
    walk, steps, now = Walk(policy, tested), list[Step](), 0
    for number, line in enumerate(lines, 1):
        form = None
        if line.message is not None:
            walk.wait(number, Step("Tick"), line.t)
            seat = walk.seats[""]
            form = shortest(line.message, seat.peer, seat.engine.state.but(t=line.t), policy)
        steps.append(_step(line, now, form))
        walk.line(number, steps[-1], line.t)
        now = line.t
    return steps


def _step(line: Line, now: int, form: MessageForm | None) -> Step:
    return Step(
        do=line.do,
        after=line.t - now or None,
        established=line.established,
        bytes=line.bytes,
        times=line.times,
        message=form,
        kind=line.kind,
    )


def _fields(step: Step) -> dict[str, Any]:
    return {name: getattr(step, name) for name in step.__struct_fields__}


def _whole(m: Message) -> MessageForm:
    return MessageForm(
        m.kind, m.epoch, m.number or None, m.negotiation or None, m.session or None, m.bytes,
        m.channel if m.channel != "single" else None, m.sealed_by,
    )  # fmt: skip


def shortest(message: Message, peer: Peer, s: End, policy: Policy) -> MessageForm:
    """The form with the fewest fields that stands for this message towards an end in state `s`."""
    said: dict[str, Any] = {"kind": message.kind, "bytes": message.bytes}
    clear = message.kind in ("heartbeat", "reply") and policy.heartbeat_protection == "clear"
    if message.sealed_by != ("nobody" if clear else "peer"):
        said["sealed_by"] = message.sealed_by
    while True:
        form = MessageForm(**said)
        stands = Peer(peer.data, peer.beats).message(form, s, policy)
        wrong = next((name for name in _FIELDS if getattr(stands, name) != getattr(message, name)), None)
        if wrong is None:
            return form
        said[wrong] = getattr(message, wrong)
