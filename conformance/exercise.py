"""Which rules a log has put to the test: the evidence without which nothing conforms.

A rule was exercised when the end met an obligation of it, when its guard alone kept something from happening that would
otherwise have come (data that waits, a message that is not taken in the ordinary way, a renegotiation that nothing
needs), or when it was spoken to after its end. That a guard happened to be true shows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rekeyspec.reference.conditions import aged, full
from rekeyspec.reference.enabled import NOTHING
from rekeyspec.reference.guards import TAKES, Rules, false_guard
from rekeyspec.reference.messages import SENDS
from rekeyspec.reference.obligations import Obligation
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import Do, Event, Kind

_ORDINARY: Final[dict[Kind, Do]] = {kind: dos[0] for kind, dos in TAKES.items() if dos} | {"data": "Deliver"}
"""How a message of each kind is taken where no rule speaks against it."""


def action(r: Rules, s: End, due: Sequence[Obligation], e: Event, found: set[str]) -> None:
    """The end did something in state `s`, in which this was due: by which rules, and what held back the rest."""
    for o in due:
        if o.do == e.do and (o.taken is None or e.message in (None, o.taken) or e.do in SENDS):
            taking(r, s, o, found)
            break
    if s.queue:
        _held(r, s, e.t, found)


def taking(r: Rules, s: End, o: Obligation, found: set[str]) -> None:
    """An obligation was met. If what arrived was not taken in the ordinary way, a guard has kept it from that."""
    if o.do != "Ignore":  # to ignore is no achievement; what counts is why
        found.add(o.rule)
    if o.taken is None:
        return
    ordinary = _ORDINARY.get(o.taken.kind)
    if ordinary is not None and ordinary != o.do:
        guard = false_guard(r.taking, ordinary, r, s, s.t, o.taken)
        if guard is not None:
            found.add(guard.rule)


def given(r: Rules, s: End, e: Event, found: set[str]) -> None:
    """Something happened to an end in state `s`, or time passed: what did not come of it."""
    if s.phase == "closed":
        if e.do in ("Arrive", "Offer"):
            found.add("DEAD-5")
    elif e.t > s.t and s.epoch and s.negotiation is None:
        if s.queue:
            _held(r, s, s.t, found)
        elif "IDLE-2" not in found and _tempting(r, s, e.t):
            found.add("IDLE-2")
    elif e.t > s.t and s.queue:
        _held(r, s, s.t, found)


def _held(r: Rules, s: End, t: int, found: set[str]) -> None:
    guard = false_guard(r.own, "SendData", r, s, t, NOTHING)
    if guard is not None and s.phase == "open":
        found.add(guard.rule)


def _tempting(r: Rules, s: End, t: int) -> bool:
    """IDLE-2: is there something that would bring a new key, if only there were data to send?"""
    p = r.policy
    rested = p.rekey_idle and t > s.active_at + p.rekey_idle and p.idle_trigger != "never"
    return bool(s.marked or rested or full(p, s, 0) or aged(p, s, t, r.margin))
