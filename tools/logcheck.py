"""A log asked of TLC: is what one end did a behaviour of our own specification?

The oracle answers that with the reference's guards; here TLC does, from the TLA+ (`Logged.tla`), so that the two can be
compared. This module knows what a log is and what the specification's variables mean. One log is one life of one end,
from `Open` to the next; a tick is `unit` milliseconds, and every time, of the log and of the policy, must be a multiple
of it. Logs under one policy are asked in one run.

Not comparable, because the specification cannot say it: `channel` where there is one channel but another is named, an
id of a negotiation or a session that no honest end gives, an Offer while the one before is not refused yet, a heartbeat
of another size than ours where those count, a tolerance, hidden actions, and a gateway's bound. What waits in a channel
holds back what came behind it there, as a stream does; the reference takes messages of one channel in any order.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from math import gcd
from pathlib import Path
from typing import Final

from rekeyspec.reference.enabled import TAKEN
from rekeyspec.reference.messages import CONTROL_BYTES, SENDS
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import SILENT, Event, Message, Role
from rekeyspec.tools.abstraction import said
from rekeyspec.tools.checker import Tlc, check
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.output import Output
from rekeyspec.tools.values import Function, text

SPEC: Final = Path(__file__).parent.parent / "spec"

TIMES: Final = (
    "negotiation_timeout", "age_limit", "idle_period", "heartbeat_interval", "rekey_idle", "reply_timeout", "grace",
    "session_lifetime", "delay",
)  # fmt: skip
"""The parameters that are times (ms)."""

PRINTED: Final = 1_500
"""In a run of fewer events it is known of every log how far TLC went along."""

_SILENT: Final = frozenset(SILENT)
_NAMES: Final = frozenset({"Arrive", "Deliver", "Reject", "Discard", "RefuseStart"})
"""Actions whose event names the message that they take."""

_SEEN_TAKEN: Final = frozenset({"data", "heartbeat", "start", "answer"})

_REACHED: Final = re.compile(r'<<"reached", (\d+), (\d+)>>')
_MODULE: Final = """---- MODULE Asked ----
EXTENDS Logged
AskedPolicies == {policies}
AskedSizes == {sizes}
AskedEvery == {every}
{logs}
AskedLogs == <<{names}>>
====
"""
_LOG: Final = """Log{number} == Log("{end}", {policy}, <<
  {events}>>)"""
_CFG: Final = """INIT LInit
NEXT LNext
CONSTANTS
  Chosen <- FirstPolicy
  ServerLimit <- NONE
  Delay = 0
  Losable = {}
  Sizes <- AskedSizes
  Wishes <- Always
  Shuts <- Ends
  Links = 1
  Tries <- Reasons4
  Powers = {}
  Strikes = 0
  Dropped = {}
  Inverted = {}
  Every <- AskedEvery
  Policies <- AskedPolicies
  Logs <- AskedLogs
  Sent <- AlwaysSent
  Base <- NoBase
  ControlSize <- OurBytes
CONSTRAINT Furthest
"""
_EACH_ITS_OWN: Final = "CONSTANT policy <- ItsPolicy\n"
"""For logs under several policies. TLC then evaluates the policy wherever it is asked, and takes thrice as long."""


class NotComparable(ValueError):
    """The specification cannot say what is in this log. The text says what."""


@dataclass(frozen=True)
class Life:
    """One life of one end under a policy: its events from Open on."""

    policy: Policy
    role: Role
    link: str
    events: tuple[Event, ...]

    @property
    def unit(self) -> int:
        """The longest tick (ms) of which every time is a multiple."""
        times = [getattr(self.policy, name) for name in TIMES]
        times += [e.t - self.events[0].t for e in self.events]
        return reduce(gcd, times, 0) or 1

    @property
    def ticks(self) -> int:
        """How many there are from its first event to its last: what TLC's effort goes with."""
        return (self.events[-1].t - self.events[0].t) // self.unit


@dataclass(frozen=True)
class Answer:
    """With how many of a log's events TLC went along, and of how many. (In a run of `PRINTED` events or more with all
    or none: what TLC prints is not kept without bound.)"""

    reached: int
    events: int
    output: Output

    @property
    def accepted(self) -> bool:
        """Is the log a behaviour of the specification?"""
        return self.reached == self.events


def lives(policy: Policy, log: Iterable[Event]) -> list[Life]:
    """The lives of the ends in a log, in the order of their beginning; silent actions left out. What comes before an
    end's first Open is of none."""
    found: list[tuple[Role, str, list[Event]]] = []
    current: dict[tuple[Role, str], list[Event]] = {}
    for e in log:
        if e.do == "Open":
            current[e.end, e.link] = []
            found.append((e.end, e.link, current[e.end, e.link]))
        if e.do not in _SILENT and (e.end, e.link) in current:
            current[e.end, e.link].append(e)
    return [Life(policy, role, link, tuple(events)) for role, link, events in found]


def ask(logs: Sequence[Life], tlc: Tlc, *, timeout: float = 600) -> list[Answer]:
    """TLC's answer to each of these logs, in one run. Raises NotComparable, and ModelError for all that stops TLC."""
    policies = list(dict.fromkeys((life.policy, life.unit) for life in logs))
    with tempfile.TemporaryDirectory(prefix="rekeyspec-tlc-") as folder:
        module, cfg = Path(folder) / "Asked.tla", Path(folder) / "Asked.cfg"
        module.write_text(_module(logs, policies), encoding="utf-8")
        cfg.write_text(_CFG + (_EACH_ITS_OWN if len(policies) > 1 else ""), encoding="utf-8")
        run = TlcRun(spec=module, cfg=cfg, deadlock=False, library=(Path(__file__).parent, SPEC))
        output = check(run, tlc, timeout=timeout)
    reached = dict.fromkeys(range(1, len(logs) + 1), 0)
    for number, at in _REACHED.findall("\n".join(output.printed)):
        reached[int(number)] = int(at)
    return [Answer(reached[number], len(life.events), output) for number, life in enumerate(logs, 1)]


def overtakes(life: Life) -> bool:
    """Does this end take a message while an older one, of a kind whose taking is logged, waits in its channel? The
    specification takes the oldest first; to the rules it is the same."""
    waiting: list[Message] = []
    for e in life.events:
        if e.do == "Arrive" and e.message is not None:
            waiting.append(e.message)
        kind = TAKEN.get(e.do)
        named = e.message if e.do in _NAMES else None
        for at, m in enumerate(waiting if kind else ()):
            if m.kind == kind and named in (None, m):
                if any(old.channel == m.channel and old.kind in _SEEN_TAKEN for old in waiting[:at]):
                    return True
                del waiting[: at + 1]
                break
    return False


def comparable(life: Life) -> None:
    """Raise NotComparable for a log of which the specification cannot say all."""
    for _ in _events(life):
        pass


def _module(logs: Sequence[Life], policies: Sequence[tuple[Policy, int]]) -> str:
    """What is asked, as a module. A definition for each log and a line for each event: one large expression takes the
    parser minutes."""
    told = [
        _LOG.format(
            number=number,
            end=life.role,
            policy=policies.index((life.policy, life.unit)) + 1,
            events=",\n  ".join(_events(life)),
        )
        for number, life in enumerate(logs, 1)
    ]
    return _MODULE.format(
        policies=text(tuple(_policy(*one) for one in policies)),
        sizes=text(frozenset({1} | {e.bytes for life in logs for e in life.events if e.do == "Offer"})),
        logs="\n".join(told),
        every=1 if sum(len(life.events) for life in logs) < PRINTED else 1 << 30,
        names=", ".join(f"Log{number}" for number in range(1, len(logs) + 1)),
    )


def _policy(policy: Policy, tick: int) -> Function:
    return Function({name: value // tick if name in TIMES else value for name, value in policy.plain().items()})


def _events(life: Life) -> Iterator[str]:
    """The events of a log in the words of `Logged.tla`."""
    begun, tick, policy = life.events[0].t, life.unit, life.policy
    for number, e in enumerate(life.events):
        if e.do == "Offer" and _crowding(life.events, number):
            raise NotComparable(f"an Offer at {e.t} ms while another may have to be refused")
        taken = _message(policy, e.message if e.do in _NAMES else None)
        sent = _message(policy, e.message if e.do in SENDS else None)
        yield f'Ev({(e.t - begun) // tick}, "{e.do}", {e.bytes}, {taken}, {sent})'


def _crowding(events: Sequence[Event], number: int) -> bool:
    """Does this Offer come right after another, and a refusal after both, in the same instant?"""
    e, before = events[number], events[number - 1]
    refused = any(later.do == "Refuse" and later.t == e.t for later in events[number:])
    return (before.do, before.t) == ("Offer", e.t) and refused


def _message(policy: Policy, m: Message | None) -> str:
    if m is None:
        return "Nobody"
    if (m.channel == "single") != (policy.channels == 1):
        raise NotComparable(f"the channel {m.channel} with {policy.channels}")
    negotiating = m.kind in ("start", "answer", "finish")
    if (m.negotiation not in (f"c{m.epoch}", f"s{m.epoch}")) if negotiating else m.negotiation:
        raise NotComparable(f"the negotiation {m.negotiation!r} of a {m.kind} for epoch {m.epoch}")
    counted = policy.byte_counts == "data+control" and m.kind in ("heartbeat", "reply")
    if counted and m.bytes != CONTROL_BYTES:
        raise NotComparable(f"a {m.kind} of {m.bytes} bytes")
    if m.session and not re.fullmatch(r"[cs][0-9]+", m.session):
        raise NotComparable(f"the session {m.session!r}")
    s = said(m)
    if m.kind == "notice":
        s = s._replace(bytes=min(s.bytes, policy.limit + 1))  # where the specification stops counting
    seal = "nobody" if s.seal == "nobody" else "peer"  # no end can tell an adversary from its peer
    return f'M("{s.kind}", {s.epoch}, {s.number}, {s.bytes}, {s.session}, "{s.channel}", "{seal}")'
