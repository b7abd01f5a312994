"""Mutants made from tables: every rule of every guard not asked, every amount off by one, every timer early, late and
not restarted, every duty not done. None is chosen by hand, so that none is chosen because it is caught."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from rekeyspec.conformance.mutants.engine import Mistaken
from rekeyspec.conformance.mutants.equal import EQUAL
from rekeyspec.conformance.mutants.found import FOUND
from rekeyspec.conformance.mutants.known import KNOWN
from rekeyspec.conformance.mutants.mutant import Mutant
from rekeyspec.conformance.rulebook import parameters
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.guards import OWN, TAKING
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Role

TIMERS: Final = (
    "negotiation_timeout", "age_limit", "idle_period", "heartbeat_interval", "rekey_idle", "reply_timeout", "grace",
    "session_lifetime",
)  # fmt: skip
"""Parameters that a timer counts to (ms)."""

AMOUNTS: Final = ("byte_limit", "byte_floor", "retries", "max_message", "queue_limit", "links_per_user")
"""Parameters that something else is counted to."""

RESTARTS: Final[tuple[tuple[str, tuple[Do, ...]], ...]] = (
    ("active_at", ("Start", "Answer", "SendData", "Deliver")),
    ("next_beat", ("Start", "Answer", "SendData", "Deliver", "SendHeartbeat")),
    ("expected_at", ("Start", "Answer", "SendData", "Deliver", "SendReply", "Finish", "Establish")),
    ("in_force_at", ("Finish", "Establish")),
    ("count", ("Finish", "Establish", "SendData", "Deliver")),
    ("awaiting_since", ("Request", "Start", "Answer", "Finish", "Establish")),
    ("series", ("Start", "Answer", "AcceptReply")),
    ("suspect_since", ("Finish", "Establish")),
    ("session_at", ("Finish", "Establish")),
    ("old_until", ("Finish", "Establish", "Deliver")),
    ("marked_sent", ("SendHeartbeat", "Finish", "Establish")),
    ("marked_accepted", ("SendReply", "Finish", "Establish")),
    ("idle_noticed", ("AcceptNotice", "SendNotice", "Deliver", "Establish")),
    ("bytes_noticed", ("SendNotice", "Deliver", "Finish")),
)
"""What is restarted, by which action: the timers, the count, and what is remembered of a key. Left out is what another
action has always restarted before, or does before anybody asks: an end that has given notice of idleness sends nothing
before the next key, and the first delivery under that key forgets a notice of bytes."""


def made() -> Iterator[Mutant]:
    """Every mutant of the tables."""
    yield from _guards()
    yield from _parameters()
    yield from _restarts()
    yield from _duties()


def _guards() -> Iterator[Mutant]:
    taken = {("SendData", "REKEY-1")}  # one of the known failures
    for table in (OWN, TAKING):
        for do, guards in table.items():
            for rule in dict.fromkeys(guard.rule for guard in guards):
                if (do, rule) in taken or ("guard", do, rule) in EQUAL:
                    continue
                words = " and ".join(guard.text for guard in guards if guard.rule == rule)
                about = f"{do} although this may be false: {words}."
                yield Mutant(f"{do}-unasked-{rule}".lower(), about, rule, partial(_unasked, do, rule), "guard")


def _parameters() -> Iterator[Mutant]:
    for name in (*AMOUNTS, *TIMERS):
        sort = "timer" if name in TIMERS else "count"
        # At the very instant of its end a session may be resumed or not, and is not: one later is no mistake.
        for by in (-1, 2 if name == "session_lifetime" else 1):
            words = (
                f"{abs(by)} ms {'less' if by < 0 else 'more'} than it is"
                if sort == "timer"
                else f"one {'less' if by < 0 else 'more'} than it is"
            )
            about = f"It takes {name} for {words}."
            bound = by if name == "links_per_user" else 0
            id_ = f"{name.replace('_', '-')}-{'less' if by < 0 else 'more'}"
            yield Mutant(id_, about, parameters()[name].rules[0], partial(_misread, name, by), sort, bound)


def _restarts() -> Iterator[Mutant]:
    for field, dos in RESTARTS:
        for do in dos:
            about = f"{do} leaves {field} as it was."
            id_ = f"{do}-leaves-{field.replace('_', '-')}".lower()
            yield Mutant(id_, about, _RULE[field], partial(_unset, do, field), "reset")


_RULE: Final = {
    "active_at": "REKEY-3", "next_beat": "HB-2", "expected_at": "DEAD-3", "in_force_at": "AGE-1", "count": "BYTE-4",
    "awaiting_since": "EST-4", "series": "DEAD-4", "suspect_since": "DEAD-3", "session_at": "CACHE-1",
    "old_until": "REKEY-2", "marked_sent": "IDLE-1", "marked_accepted": "IDLE-3", "idle_noticed": "REKEY-6",
    "bytes_noticed": "REKEY-6",
}  # fmt: skip

DUTIES: Final[tuple[tuple[Do, str], ...]] = (
    ("Start", "EST-4"), ("Start", "BYTE-5"), ("Start", "BYTE-3"), ("Start", "AGE-1"), ("Start", "AGE-2"),
    ("Start", "IDLE-1"), ("Start", "DEAD-2"), ("Start", "REKEY-4"), ("Request", "BYTE-5"), ("Request", "BYTE-3"),
    ("Request", "AGE-1"), ("Request", "IDLE-1"), ("Request", "DEAD-2"), ("Answer", "EST-4"), ("Finish", "EST-4"),
    ("Establish", "EST-4"), ("RefuseStart", "REKEY-4"), ("AcceptRequest", "REKEY-4"), ("AcceptNotice", "REKEY-6"),
    ("SendNotice", "REKEY-6"), ("SendData", "FLOW-1"), ("Deliver", "FLOW-1"), ("Reject", "IDLE-4"),
    ("Discard", "REKEY-2"), ("Discard", "EARLY-1"), ("SendHeartbeat", "HB-1"), ("SendHeartbeat", "HB-2"),
    ("SendHeartbeat", "DEAD-1"), ("SendReply", "HB-3"), ("AcceptReply", "DEAD-1"), ("Suspect", "DEAD-3"),
    ("Close", "EST-4"), ("Close", "DEAD-2"), ("Close", "DEAD-3"), ("Close", "CLOSE-1"), ("Close", "IDLE-4"),
    ("Close", "ORDER-1"), ("Refuse", "LIM-1"), ("Refuse", "GATE-1"),
)  # fmt: skip
"""What is due, by which rule (tests hold it to what the reference is seen to owe)."""


def _duties() -> Iterator[Mutant]:
    for do, rule in DUTIES:
        about = f"{do} is due by {rule}, and it does not do it."
        yield Mutant(f"{do}-undone-{rule}".lower(), about, rule, partial(_undone, do, rule), "duty")


def _unasked(do: Do, rule: str, policy: Policy, role: Role) -> Engine:
    return Mistaken(policy, role, unasked=(do, rule))


def _misread(name: str, by: int, policy: Policy, role: Role) -> Engine:
    value = getattr(policy, name)
    if value == 0 and name not in ("retries", "grace"):
        return Mistaken(policy, role)  # 0 is never, and not one too few
    return Mistaken(replace(policy, **{name: max(value + by, 0)}), role)


def _unset(do: Do, field: str, policy: Policy, role: Role) -> Engine:
    return Mistaken(policy, role, unset=(do, field))


def _undone(do: Do, rule: str, policy: Policy, role: Role) -> Engine:
    return Mistaken(policy, role, undone=(do, rule))


def catalogue() -> dict[str, Mutant]:
    """Every mutant by its name: the known failures, what implementers did, then those of the tables."""
    return {mutant.id: mutant for mutant in (*KNOWN, *FOUND, *made())}
