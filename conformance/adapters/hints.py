"""What to change, in plain words, for the slips that a first adapter makes most.

What is wrong is said where it is noticed (`wire.py`, `child.py`, the oracle); here is what usually lies behind it. A
hint is a guess; the message that stands before it is not.
"""

from __future__ import annotations

import re
from typing import Final

from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.vocabulary import NEVER, SILENT, Event

STDOUT: Final = (
    "nothing but answers may be written on standard output, one line for each request; what is for people (a banner, a "
    "log, a warning of a library) goes to standard error"
)
FLUSH: Final = (
    "flush standard output after each answer (flush=True in Python, fflush(stdout) in C); read line by line and not to "
    "the end of input; end each answer with a newline; do not wait for time to pass"
)
CLOCK: Final = (
    "the only time is `t` of the event, in ms: a clock, a timer or a sleep of your own sees none of it pass. Give `t` "
    "to whatever measures time in your implementation"
)
AT_ONCE: Final = (
    "what is due at once is done, and reported, in the answer to the event that made it due, not in the answer to a "
    "later one"
)
SAME: Final = "look for a clock, a random number, or something that ends share though each should have its own"

FAR: Final = 60_000
"""A deadline that is so much too late (ms) was not reckoned from `t`: no timer of the first walk is so long."""

_WORDS: Final = ", ".join(SILENT)
BROKEN: Final = (
    (r"cannot be started", "try the same command in this folder, by hand"),
    (r"it answered '[^{]", STDOUT),
    (r"did not answer within|wrote only half a line", FLUSH),
    (r"without having been asked", STDOUT),
    (r"this is for id|missing required field `id`", "answer with the `id` of the request; each end has its own"),
    (
        rf"Invalid enum value '({'|'.join(SILENT)})'",
        f"leave it out of `did`: {_WORDS} are what an end only thinks, and are not reported",
    ),
    (
        r"unknown field `(end|link)`|a time of its own, `t`",
        "leave it out of `did`: the time and the end are those of the event",
    ),
    (r"missing required field `deadline`", 'add "deadline": the next `t` at which a timer of yours fires, or null'),
    (r"missing required field `did`", 'add "did": what the end did, in order, or []'),
    (r"replies to \d+ events", "answer `run` with one reply for each of its events, in their order"),
    (r"speaks version", "see the first lines of docs/adapters.md for what hello is answered with"),
    (r"says no message|says a \w+ message", "each action carries the message that it sent or took: see What to report"),
    (r"unknown field", "look the field up in docs/adapters.md; one that is misspelt would pass for its default"),
    (r"instead of answering", "it may have raised an error: its last words on standard error say which"),
    (r"did not read its standard input", "read standard input until it ends, one line after the other"),
)
"""By what the message says."""


def of_broken(message: str) -> str:
    """What to change where the protocol was broken; empty where nothing can be guessed."""
    return next((hint for pattern, hint in BROKEN if re.search(pattern, message)), "see docs/adapters.md")


def of_violation(found: Divergence, given: Event) -> str:
    """What to change where the end did, in answer to this event, what no rule allows or not what one demands."""
    if found.kind == "not-done" and given.do == "Tick":
        return CLOCK
    if found.kind == "not-done" and given.do == "Open":
        return f"a client starts the first negotiation when the link opens; {AT_ONCE}"
    if found.kind == "not-done":
        return AT_ONCE
    allowed = "; ".join(found.allowed)
    return f"allowed here: {allowed}" if allowed else "see docs/adapters.md, What to report"


def of_deadline(declared: int, expected: int) -> str:
    """What to change in a deadline (ms; NEVER for null) where a rule's timer fires at another; empty where it is of
    use. No rule is broken by it, since the harness calls an end whenever a rule does."""
    if declared <= expected:
        return ""
    if declared == NEVER:
        return f"it declares no deadline, though a timer runs until {expected}; declare the time at which it fires"
    looks = "it looks like a real clock's: " if declared - expected > FAR else ""
    return (
        f"its deadline is {declared}, though a timer fires at {expected}; {looks}{CLOCK if looks else 'declare that'}"
    )
