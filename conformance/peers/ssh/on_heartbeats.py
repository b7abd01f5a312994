"""What an SSH program is asked of heartbeats and idleness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ssh import scripts
from rekeyspec.conformance.peers.ssh.ability import Ability
from rekeyspec.conformance.peers.ssh.asked import Asked, says
from rekeyspec.conformance.peers.ssh.scene import Provocation
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event


def on_idleness(a: Ability) -> Iterator[Asked]:
    """Data after idleness, sent and received."""
    yield Experiment(
        "IDLE-1-data",
        ("IDLE-1",),
        a.beats(a.pace, idle_trigger="heartbeat"),
        Provocation(scripts.idle_then_data, unit=a.pace),
        measures.of_keys,
        says(a, "idle"),
        follow=("idle_trigger",),
    )
    yield Experiment(
        "IDLE-3-data",
        ("IDLE-3", "HB-3"),
        Policy(idle_period=300, heartbeat_sender=a.other, idle_trigger="heartbeat", reject_trigger="heartbeat"),
        Provocation(scripts.data_after_heartbeat),
        measures.of_keys,
        says(a, "reject"),
        follow=("reject_trigger",),
    )


def on_heartbeats(a: Ability) -> Iterator[Asked]:
    """When they come, whether they are answered, and what they hold back."""
    # Heartbeats that ask for no answer are repeats of the first one: that they are kept apart is what HB-2 says.
    repeats = {} if a.answered else {"DEAD-1": ("HB-2",)}
    longer = longer_unit(a)
    for n, intervals in ((3, 2), (2, 3), (1, 5)):
        interval = 1000 * n
        yield Experiment(
            f"HB-2-interval.{n}s",
            ("HB-1", "HB-2"),
            a.beats(interval),
            Provocation(partial(scripts.heartbeats, intervals=intervals), unit=interval),
            partial(measures.of_intervals, interval),
            says(a, "keepalive"),
            stands_for=repeats,
        )
    if a.tenths:
        yield Experiment(
            "HB-2-interval.tenths",
            ("HB-1", "HB-2"),
            a.beats(400),
            Provocation(scripts.heartbeats, unit=400),
            partial(measures.of_intervals, 400),
            says(a, "keepalive"),
            stands_for=repeats,
        )
    yield Experiment(
        "HB-1-idle",
        ("HB-1",),
        a.beats(a.unit, idle_period=a.unit),
        Provocation(scripts.heartbeat_between, unit=a.unit),
        measures.of_first_heartbeat,
        says(a, "keepalive"),
        stands_for={"HB-2": ("HB-1",)},
    )
    yield Experiment(
        "HB-2-slow-replies",
        ("HB-2",),
        a.beats(a.pace),
        Provocation(scripts.heartbeats_slow, unit=a.pace),
        partial(measures.of_intervals, a.pace),
        says(a, "keepalive"),
        stands_for={"DEAD-1": ("HB-2",)},
    )
    yield Experiment(
        "HB-2-sending",
        ("HB-2",),
        a.beats(a.pace),
        Provocation(scripts.heartbeats_data_out, unit=a.pace),
        measures.of_flow,
        says(a, "keepalive"),
        shows={"HB-2": _quiet},
    )
    yield Experiment(
        "HB-2-receiving",
        ("HB-1", "HB-2"),
        a.beats(longer),
        Provocation(partial(scripts.heartbeats_data_in, count=7 if a.truncates else 9), unit=longer),
        measures.of_flow,
        says(a, "keepalive"),
    )
    yield Experiment(
        "HB-3-reply",
        ("HB-3",),
        Policy(idle_period=200, heartbeat_sender=a.other),
        Provocation(scripts.heartbeats_received),
        lambda events: f"{len(measures.times(events, 'SendReply'))} replies to 4 heartbeats",
        says(a, "keepalive"),
    )
    yield Experiment(
        "HB-5-forged",
        ("HB-5",),
        Policy(idle_period=300, heartbeat_sender=a.other),
        Provocation(scripts.forged),
        measures.of_end,
        says(a, "forged"),
        stands_for={"CLOSE-1": ("HB-5",)},
    )
    yield Experiment(
        "HB-6-data",
        ("HB-6",),
        a.beats(a.pace, while_waiting="hold"),
        Provocation(scripts.held_back, unit=a.pace),
        measures.of_keys,
        says(a, "hold"),
        follow=("while_waiting",),
    )


def _quiet(events: Sequence[Event]) -> bool:
    """Did data flow, for longer than an interval, and no heartbeat?"""
    return len(measures.times(events, "SendData")) >= 8 and not measures.times(events, "SendHeartbeat")


def longer_unit(a: Ability) -> int:
    """The interval (ms) where heartbeats are to stay away while data comes: with a clock of whole seconds one of a
    single second may come after none at all."""
    return 2 * a.pace if a.truncates else a.pace
