"""What a log of events shows, as numbers in a sentence: what a reader wants beside the oracle's word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from rekeyspec.reference.vocabulary import Do, Event


def times(events: Iterable[Event], *do: Do) -> list[int]:
    """When (ms) the end did any of these."""
    return [e.t for e in events if e.do in do]


def bytes_by_epoch(events: Iterable[Event]) -> list[int]:
    """Application data (bytes) sent and delivered at this end under each epoch, from the first on."""
    counts: dict[int, int] = {}
    for e in events:
        if e.message is not None and e.do in ("SendData", "Deliver"):
            counts[e.message.epoch] = counts.get(e.message.epoch, 0) + e.message.bytes
        elif e.message is not None and e.do == "Start":
            counts.setdefault(e.message.epoch, 0)
    return [counts[epoch] for epoch in sorted(counts)]


def renewed(events: Sequence[Event]) -> bool:
    """Did data flow under a key that took another one's place?"""
    return any(e.do == "SendData" and e.message is not None and e.message.epoch > 1 for e in events)


def delivered_during(events: Sequence[Event]) -> bool:
    """Was data delivered while a renegotiation of this end's was under way?"""
    open_since = 0
    for e in events:
        if e.do == "Start" and e.message is not None:
            open_since = e.message.epoch
        elif e.do == "Finish":
            open_since = 0
        elif e.do == "Deliver" and open_since > 1:
            return True
    return False


def span(values: Sequence[int], unit: str) -> str:
    """`5 ms`, `5 to 9 ms`, or `none`."""
    if not values:
        return "none"
    low, high = min(values), max(values)
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def of_bytes(limit: int, events: Sequence[Event]) -> str:
    """How much each key carried, against the limit."""
    *full, last = bytes_by_epoch(events) or [0]
    keys = f"rekeyed {len(full)} times, after {span(full, 'bytes')}" if full else "never rekeyed"
    return f"{keys}; the last key carried {last} bytes; the limit is {limit}"


def of_ages(limit: int, events: Sequence[Event]) -> str:
    """How old each key was when the next was asked for, against the limit."""
    ages = [b - a for a, b in pairwise(times(events, "Start", "Answer"))]
    asked = f"rekeyed {len(ages)} times, the key being {span(ages, 'ms')} old" if ages else "never rekeyed"
    return f"{asked}, in {_length(events)} ms; the limit is {limit} ms"


def of_intervals(interval: int, events: Sequence[Event]) -> str:
    """How far heartbeats were apart, against the interval."""
    beats = times(events, "SendHeartbeat")
    gaps = [b - a for a, b in pairwise(beats)]
    return f"{len(beats)} heartbeats, {span(gaps, 'ms')} apart; the interval is {interval} ms"


def of_flow(events: Sequence[Event]) -> str:
    """How many heartbeats fell among how much data."""
    data = times(events, "SendData", "Deliver")
    inside = [t for t in times(events, "SendHeartbeat") if data and data[0] <= t <= data[-1]]
    gaps = [b - a for a, b in pairwise(data)]
    return f"{len(inside)} heartbeats while {len(data)} messages flowed, at most {max(gaps, default=0)} ms apart"


def of_death(limit: int, events: Sequence[Event]) -> str:
    """How long after its first heartbeat the end gave the peer up, against what is configured."""
    beats, ended = times(events, "SendHeartbeat"), times(events, "Shut", "Close")
    if not beats:
        return "no heartbeat"
    lasted = (ended[0] if ended else events[-1].t) - beats[0]
    gave_up = ended and not times(events, "Shut")
    how = f"gave up {lasted} ms after the first" if gave_up else f"had not given up {lasted} ms after the first"
    return f"{len(beats)} heartbeats, {how}; configured are {limit} ms"


def of_renegotiation(limit: int, events: Sequence[Event]) -> str:
    """How long the last renegotiation took, or how it ended, against its time limit."""
    started = times(events, "Start", "Answer")
    if not started:
        return "no renegotiation started"
    done = [t for t in times(events, "Finish", "Close") if t >= started[-1]]
    lasted = (done[0] if done else events[-1].t) - started[-1]
    how = f"ended {lasted} ms after it started" if done else f"was open for {lasted} ms and did not end"
    return f"the last negotiation {how}; its time limit is {limit} ms"


def of_keys(events: Sequence[Event]) -> str:
    """Under which epochs data flowed."""
    sent = [e.message.epoch for e in events if e.do == "SendData" and e.message]
    came = [e.message.epoch for e in events if e.do == "Deliver" and e.message]
    return f"data sent under epochs {_list(sent)}, delivered under {_list(came)}"


def of_first_heartbeat(events: Sequence[Event]) -> str:
    """How long the link was idle before the first heartbeat."""
    beats = times(events, "SendHeartbeat")
    if not beats:
        return "no heartbeat"
    idle = beats[0] - max([t for t in times(events, "SendData", "Deliver") if t <= beats[0]], default=0)
    return f"the first heartbeat came after {idle} ms of idleness"


def of_end(events: Sequence[Event]) -> str:
    """Whether and how the end closed the link: announced or not, and with which words."""
    last = next((e for e in reversed(events) if e.do == "Close"), None)
    if last is None:
        return "the link was not closed"
    words = f" ({last.reason})" if last.reason else ""
    return f"the link was closed {'with' if last.message else 'without'} an announcement{words}"


def of_opening(limit: int, events: Sequence[Event]) -> str:
    """When the end gave up a link on which the first negotiation was never done, against its time limit."""
    closed = times(events, "Close")
    lasted = f"given up after {closed[0]} ms" if closed else f"still open after {_length(events)} ms"
    return f"the link was {lasted}; the time limit is {limit} ms"


def _list(epochs: Sequence[int]) -> str:
    """In their order, each with how often in a row: `1 (4 times), 2`."""
    rows = [(epoch, len(list(some))) for epoch, some in groupby(epochs)]
    return ", ".join(f"{epoch} ({count} times)" if count > 1 else str(epoch) for epoch, count in rows) or "none"


def _length(events: Sequence[Event]) -> int:
    return events[-1].t if events else 0
