"""What an SSH program is asked of renegotiations, and of the link's end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ssh import scripts
from rekeyspec.conformance.peers.ssh.ability import Ability
from rekeyspec.conformance.peers.ssh.asked import LIMIT, MEANS, Asked, limited, says
from rekeyspec.conformance.peers.ssh.scene import Provocation
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event


def on_renegotiation(a: Ability) -> Iterator[Asked]:
    """One that is ignored, slow, begun by the watch, or by both; and what of the old key is taken."""
    limit = 2 * a.unit if a.unit < 1000 else 1000
    first = 6 if a.ahead == 1 else 2
    once = partial(measures.of_renegotiation, limit)
    missed = 2 * a.pace - 500 * a.truncates  # one heartbeat that would be due, and its answer
    beating = a.beats(a.pace, byte_limit=LIMIT, byte_trigger=a.byte_trigger, negotiation_timeout=missed)
    yield Experiment(
        "EST-4-ignored-busy",
        ("EST-4",),
        limited(a).but(negotiation_timeout=2 * a.unit),
        Provocation(scripts.ignored_busy, unit=a.unit),
        partial(measures.of_renegotiation, 2 * a.unit),
        says(a, "limit"),
        margin=MEANS,
    )
    yield Experiment(
        "EST-4-ignored-heartbeats",
        ("EST-4",),
        beating,
        Provocation(scripts.ignored_heartbeats, unit=a.pace),
        partial(measures.of_renegotiation, missed),
        says(a, "limit"),
        margin=MEANS,
    )
    yield Experiment(
        "EST-4-ignored",
        ("EST-4",),
        limited(a).but(negotiation_timeout=limit),
        Provocation(partial(scripts.ignored, limit=limit / 1000)),
        once,
        says(a, "limit"),
        margin=MEANS,
    )
    yield Experiment(
        "EST-4-half-open",
        ("EST-4",),
        Policy(negotiation_timeout=limit),
        Provocation(partial(scripts.half_open, limit=limit / 1000)),
        once,
        says(a, "limit"),
    )
    yield Experiment(
        "EST-4-first",
        ("EST-4",),
        Policy(negotiation_timeout=limit),
        Provocation(partial(scripts.deaf, limit=limit / 1000), deaf=True),
        partial(measures.of_opening, limit),
        says(a, "first"),
    )
    yield Experiment(
        "REKEY-1-slow",
        ("REKEY-1", "FLOW-1", "ORDER-1"),
        limited(a),
        Provocation(partial(scripts.slow_answer, first=first)),
        measures.of_keys,
        says(a, "bytes"),
        margin=MEANS,
        shows={"ORDER-1": measures.delivered_during},
    )
    yield Experiment(
        "REKEY-1-peer", ("REKEY-1", "FLOW-1"), Policy(), Provocation(scripts.peer_starts), measures.of_keys,
        says(a, "bytes"),
    )  # fmt: skip
    yield Experiment(
        "REKEY-2-old-key",
        ("REKEY-2",),
        limited(a),
        Provocation(partial(scripts.old_key_meanwhile, first=first)),
        measures.of_keys,
        says(a, "bytes"),
        margin=MEANS,
        shows={"REKEY-2": measures.delivered_during},
    )
    yield Experiment(
        "REKEY-2-after", ("REKEY-2",), Policy(), Provocation(scripts.old_key_after), measures.of_end, says(a, "old"),
        stands_for={"CLOSE-1": ("REKEY-2",)},
    )  # fmt: skip
    yield Experiment(
        "REKEY-5-both",
        ("REKEY-5",),
        limited(a),
        Provocation(scripts.both_start),
        measures.of_keys,
        says(a, "bytes"),
        margin=MEANS,
        shows={"REKEY-5": _one_of_two},
    )


def _one_of_two(events: Sequence[Event]) -> bool:
    """Did both ends start for the same epoch, and data flow under it?"""
    own = {e.message.epoch for e in events if e.do == "Start" and e.message}
    peers = {e.message.epoch for e in events if e.do == "Arrive" and e.message and e.message.kind == "start"}
    sent = {e.message.epoch for e in events if e.do == "SendData" and e.message}
    return bool(own & peers & sent)


def on_the_end(a: Ability) -> Iterator[Asked]:
    """Whether the end is announced, when nothing is going on and in a renegotiation."""
    yield Experiment(
        "CLOSE-1-quit", ("CLOSE-1",), Policy(), Provocation(scripts.quit_idle), measures.of_end, says(a, "close")
    )
    yield Experiment(
        "CLOSE-1-rekeying",
        ("CLOSE-1",),
        limited(a),
        Provocation(scripts.quit_early),
        measures.of_end,
        says(a, "close"),
        margin=MEANS,
    )
