"""What a log of a TLS client shows, in words with numbers, beside the measures that all families share."""

from __future__ import annotations

from collections.abc import Sequence

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.tls.scripts import MANY, TIMEOUT
from rekeyspec.reference.vocabulary import Event


def derived(events: Sequence[Event]) -> str:
    """EST-3: what our server sees where it opens data under a second key."""
    if not measures.renewed(events):
        return ""
    return (
        "data under the second key was opened with a key computed from the first one alone, to which neither end had "
        "contributed anything new"
    )


def renegotiations(events: Sequence[Event]) -> str:
    """How many there were."""
    return f"{_counted(events)} renegotiations, of {MANY} asked for"


def many(events: Sequence[Event]) -> bool:
    """Was each one asked for done?"""
    return _counted(events) >= MANY


def _counted(events: Sequence[Event]) -> int:
    return len(measures.times(events, "Answer"))


def believed(events: Sequence[Event]) -> str:
    """Whether the handshake was completed."""
    return "completed the handshake" if measures.times(events, "Finish") else "broke the handshake off"


def ending(events: Sequence[Event]) -> str:
    """How the link ended."""
    said = [e for e in events if e.do == "Close"]
    return ("announced the end" if said[-1].message else "ended without a word") if said else "did not end"


def ended(events: Sequence[Event]) -> bool:
    """Did the user end the link, so that the script was played to its end?"""
    return bool(measures.times(events, "Shut"))


def silence(events: Sequence[Event]) -> str:
    """How long it stood the silence."""
    last, closed = measures.times(events, "Deliver"), measures.times(events, "Close")
    lasted = (closed or [events[-1].t])[0] - (last or [0])[-1]
    return f"{'gave up' if closed else 'had not given up'} {lasted} ms after the last data; configured are {TIMEOUT} ms"
