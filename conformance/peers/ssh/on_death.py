"""What an SSH program is asked of peers that are gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ssh import scripts
from rekeyspec.conformance.peers.ssh.ability import Ability
from rekeyspec.conformance.peers.ssh.asked import Asked, says
from rekeyspec.conformance.peers.ssh.on_heartbeats import longer_unit
from rekeyspec.conformance.peers.ssh.scene import Provocation
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

GIVEN_UP: Final = {"CLOSE-1": ("DEAD-2",)}
"""Where nobody asks the program to end the link, ending it without a reason is to give the peer up too early. (Where it
is sent what it should not heed, ending the link is to heed it.)"""


def on_death(a: Ability) -> Iterator[Asked]:
    """Replies and heartbeats that stay away."""
    bound = a.repeats * a.unit
    yield Experiment(
        "DEAD-1-muted",
        ("DEAD-1", "DEAD-2"),
        a.beats(
            a.unit,
            a.repeats,
            retries=a.repeats - 1,
            heartbeat_interval=10 * bound,
            idle_period=a.pace - 500 * a.truncates,
        ),
        Provocation(partial(scripts.dead_peer, count=a.repeats), unit=a.unit),
        partial(measures.of_death, bound),
        says(a, "death"),
        stands_for=GIVEN_UP,
    )
    late = 1.05 if a.truncates else 1.3  # a whole second's clock begins to count at the last full one
    yield Experiment(
        "DEAD-1-late",
        ("DEAD-1",),
        a.beats(a.pace, a.repeats, heartbeat_interval=round((late + 1) * a.pace)),
        Provocation(partial(scripts.late_reply, late=late), unit=a.pace),
        partial(measures.of_death, a.repeats * a.pace),
        says(a, "death"),
    )
    yield Experiment(
        "DEAD-4-traffic",
        ("DEAD-4",),
        a.beats(longer_unit(a)),
        Provocation(scripts.traffic_instead, unit=longer_unit(a)),
        partial(measures.of_death, longer_unit(a)),
        says(a, "traffic"),
        stands_for={"DEAD-2": ("DEAD-4",)},
        shows={"DEAD-4": _lives_on},
        follow=("proof_of_life",),
    )
    yield Experiment(
        "DEAD-3-silent",
        ("DEAD-3",),
        watching(a),
        Provocation(partial(scripts.silent_peer, bound=1 + a.grace), unit=a.unit),
        measures.of_end,
        says(a, "watch"),
        stands_for={"CLOSE-1": ("DEAD-3",)},
        follow=("on_missed_heartbeat",),
    )


def _lives_on(events: Sequence[Event]) -> bool:
    """Did data come for long after a heartbeat that nothing answered, and the link last?"""
    beats = measures.times(events, "SendHeartbeat")
    later = [t for t in measures.times(events, "Deliver") if beats and t > beats[0]]
    return len(later) >= 8 and not measures.times(events, "Close")


def watching(a: Ability) -> Policy:
    """The policy of an end that waits for the watch's heartbeats, and gives up `grace` after a missing one."""
    return Policy(
        idle_period=a.unit, heartbeat_sender=a.other, on_missed_heartbeat="close", grace=round(a.grace * a.unit),
        proof_of_life=a.proof,
    )  # fmt: skip
