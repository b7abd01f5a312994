"""What an SSH program is asked of the limits of one key: bytes and age."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ssh import scripts
from rekeyspec.conformance.peers.ssh.ability import Ability
from rekeyspec.conformance.peers.ssh.asked import LIMIT, Asked, fresh, limited, says
from rekeyspec.conformance.peers.ssh.scene import Provocation
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

SIZES: Final = (("small", 3000, 500, 14), ("medium", LIMIT, 2000, 24), ("large", 300_000, 6000, 110))
"""Settings of the byte limit: name, limit (bytes), size and number of messages. The large one asks whether a key is
renewed near the limit, with messages that are small against it; the others exactly."""

BYTES: Final = ("byte_limit", "byte_trigger", "byte_counts")


def on_bytes(a: Ability) -> Iterator[Asked]:
    """How many bytes of whom fill a key."""
    often = a.byte_trigger == "next-data"
    pause = 0.06 if often else 0.15  # s: time to do it at once, before the next message
    # A library gets one message after the other, so that one which looks at its count now and then shows it. A program
    # that reads its stdin would make fewer and larger messages of that.
    crowd = 0.001 if a.unit < 1000 else 0.03
    for name, limit, size, count in SIZES:
        yield Experiment(
            f"BYTE-3-sent.{name}",
            ("BYTE-3", "BYTE-4", "BYTE-5", "REKEY-1", "FLOW-1"),
            limited(a, limit),
            Provocation(partial(scripts.bytes_sent, size=size, count=count, pause=crowd if name == "large" else pause)),
            fresh(partial(measures.of_bytes, limit)),
            says(a, "bytes"),
            margin=Margin(bytes=size * (a.ahead if name == "large" else 1)),
            shows={"BYTE-3": measures.renewed, "BYTE-4": measures.renewed, "BYTE-5": measures.renewed},
            follow=BYTES,
        )
    yield Experiment(
        "BYTE-3-received",
        ("BYTE-1", "BYTE-3"),
        limited(a),
        Provocation(scripts.bytes_received),
        fresh(partial(measures.of_bytes, LIMIT)),
        says(a, "received"),
        margin=Margin(bytes=scripts.MESSAGE),
        stands_for={"BYTE-3": ("BYTE-1", "BYTE-3")},
    )
    yield Experiment(
        "BYTE-3-both",
        ("BYTE-1", "BYTE-3"),
        limited(a, 60_000),
        Provocation(scripts.bytes_both),
        fresh(partial(measures.of_bytes, 60_000)),
        says(a, "received"),
        margin=Margin(bytes=10_000),
        stands_for={"BYTE-3": ("BYTE-1", "BYTE-3")},
    )
    yield Experiment(
        "BYTE-1-small",
        ("BYTE-1", "NEED-1"),
        limited(a, 6000),
        Provocation(partial(scripts.bytes_small, count=70 if often else 45, pause=0.02 if often else 0.12)),
        fresh(partial(measures.of_bytes, 6000)),
        says(a, "bytes"),
        margin=Margin(bytes=600),
        stands_for={"NEED-1": ("BYTE-1", "NEED-1"), "IDLE-2": ("BYTE-1", "NEED-1"), "BYTE-3": ("BYTE-1",)},
    )
    yield Experiment(
        "BYTE-2-heartbeats",
        ("BYTE-2", "HB-4", "IDLE-2"),
        a.beats(a.pace, byte_limit=8000, byte_trigger=a.byte_trigger),
        Provocation(scripts.bytes_heartbeats, unit=a.pace),
        fresh(partial(measures.of_bytes, 8000)),
        says(a, "bytes"),
        stands_for={"IDLE-2": ("BYTE-2", "HB-4", "IDLE-2")},
        shows=dict.fromkeys(("BYTE-2", "HB-4", "IDLE-2"), _only_heartbeats),
    )
    yield Experiment(
        "LIM-2-many",
        ("LIM-2",),
        limited(a, 3000),
        Provocation(scripts.bytes_many),
        fresh(partial(measures.of_bytes, 3000)),
        says(a, "bytes"),
        margin=Margin(bytes=3000),
        shows={"LIM-2": lambda events: len(measures.times(events, "Start")) >= 8},
    )


def _only_heartbeats(events: Sequence[Event]) -> bool:
    """Were there enough heartbeats to fill what the message left of the limit, and no new key for it?"""
    renewed = any(e.do == "Start" and e.message and e.message.epoch > 1 for e in events)
    return len(measures.times(events, "SendHeartbeat")) >= 3 and not renewed


def on_age(a: Ability) -> Iterator[Asked]:
    """How old a key may be, busy and idle."""
    # With a clock of whole seconds a key may count as two of them old when it is one and a bit, which is how old the
    # first may become before the script begins.
    age = 3 * a.unit if a.unit >= 1000 else 2 * a.unit
    yield Experiment(
        "AGE-1-busy",
        ("AGE-1", "AGE-2", "REKEY-3"),
        Policy(age_limit=age, age_trigger="data"),
        Provocation(partial(scripts.age_busy, age=age / 1000), unit=a.unit),
        fresh(partial(measures.of_ages, age)),
        says(a, "age"),
        shows={"AGE-2": measures.renewed, "REKEY-3": measures.renewed},
        follow=("age_limit", "age_trigger"),
    )
    yield Experiment(
        "AGE-2-idle",
        ("AGE-1", "AGE-2", "IDLE-2"),
        Policy(age_limit=age, age_trigger=a.age_trigger, rekey_initiator=a.end),
        Provocation(partial(scripts.age_idle, age=age // a.unit), unit=a.unit),
        partial(measures.of_ages, age),
        says(a, "age"),
        shows={"AGE-2": measures.renewed},
        follow=("age_limit", "age_trigger"),
    )
    yield Experiment(
        "HB-4-age",
        ("IDLE-2", "HB-4"),
        a.beats(a.pace, age_limit=2 * a.unit, age_trigger="data"),
        Provocation(scripts.age_heartbeats, unit=a.pace),
        fresh(partial(measures.of_ages, 2 * a.unit)),
        says(a, "age"),
        stands_for={"IDLE-2": ("HB-4", "IDLE-2")},
    )
