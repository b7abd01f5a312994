"""What the asyncssh client is asked: each experiment with the policy that its options come to, and its script.

How its options read in our words: `rekey_bytes` is a `byte_limit` that the next packet looks at, so `byte_trigger:
next-data`; `rekey_seconds` an `age_limit`, `age_trigger: data` for the same reason; `keepalive_interval` is the
`idle_period`, and the `reply_timeout` too, since the same timer runs after a heartbeat; `keepalive_count_max` is one
heartbeat and the `retries`. `login_timeout` is the only limit on the time of a negotiation, so it is set to the
`negotiation_timeout`. With a count above one this is a policy that validation refuses, since a series outlasts the
interval and blurs two heartbeats (HB-2); so `heartbeat_interval` is set out of the way where a series is asked for.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ssh import asyncssh_scripts as scripts
from rekeyspec.conformance.peers.ssh.asyncssh_scene import Provocation
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy

LIMIT: Final = 18_000
"""bytes: passed by the fifth message, with room for what asyncssh counts besides."""

_BYTES: Final = Policy(byte_limit=LIMIT, byte_trigger="next-data")
_REKEY_BYTES: Final = {"rekey_bytes": LIMIT}

_MANUAL_BYTES: Final = (
    "rekey_bytes is 'the number of bytes which can be sent before the SSH session key is renegotiated'"
)
_MANUAL_KEEPALIVE: Final = (
    "keepalive_interval is 'the time in seconds to wait before sending a keepalive message if no data has been "
    "received from the server'"
)
_NO_IDLE: Final = "it has no option that ties a new key to idleness: rekey_bytes and rekey_seconds are all"
_NO_LIMIT: Final = "login_timeout is 'for authentication to complete'; no option limits a later key exchange"


def beats(interval: int, count: int = 1, **more: object) -> Policy:
    """The policy that a keepalive of `interval` ms and `count` comes to."""
    plain = Policy(idle_period=interval, heartbeat_sender="client", reply_timeout=interval, retries=count - 1)
    return plain.but(**more)


def keepalive(interval: int, count: int = 1) -> dict[str, float]:
    """The same in asyncssh's options."""
    return {"keepalive_interval": interval / 1000, "keepalive_count_max": count}


Asked = Experiment[Provocation]

BYTES: Final[tuple[Asked, ...]] = (
    Experiment(
        "BYTE-3-sent",
        ("BYTE-3", "BYTE-4", "BYTE-5", "REKEY-1", "FLOW-1"),
        _BYTES,
        Provocation(scripts.bytes_sent, _REKEY_BYTES),
        partial(measures.of_bytes, LIMIT),
        _MANUAL_BYTES,
        shows={"BYTE-4": measures.renewed, "BYTE-5": measures.renewed},
    ),
    Experiment(
        "BYTE-3-received",
        ("BYTE-1", "BYTE-3"),
        _BYTES,
        Provocation(scripts.bytes_received, _REKEY_BYTES),
        partial(measures.of_bytes, LIMIT),
        _MANUAL_BYTES,
        stands_for={"BYTE-3": ("BYTE-1", "BYTE-3")},
    ),
    Experiment(
        "BYTE-1-small",
        ("BYTE-1", "NEED-1"),
        Policy(byte_limit=6000, byte_trigger="next-data"),
        Provocation(scripts.bytes_small, {"rekey_bytes": 6000}),
        partial(measures.of_bytes, 6000),
        _MANUAL_BYTES,
        margin=Margin(ms=120, bytes=600),
        stands_for={"NEED-1": ("BYTE-1", "NEED-1"), "BYTE-3": ("BYTE-1",)},
    ),
    Experiment(
        "BYTE-2-heartbeats",
        ("BYTE-2", "IDLE-2"),
        beats(300).but(byte_limit=900, byte_trigger="next-data"),
        Provocation(scripts.bytes_heartbeats, {"rekey_bytes": 900, **keepalive(300)}),
        partial(measures.of_bytes, 900),
        _MANUAL_BYTES,
        stands_for={"IDLE-2": ("BYTE-2", "IDLE-2")},
    ),
)

AGE: Final[tuple[Asked, ...]] = (
    Experiment(
        "AGE-1-busy",
        ("AGE-1", "AGE-2", "REKEY-3"),
        Policy(age_limit=1000, age_trigger="data"),
        Provocation(scripts.age_busy, {"rekey_seconds": 1}),
        partial(measures.of_ages, 1000),
        shows={"AGE-2": measures.renewed, "REKEY-3": measures.renewed},
    ),
    Experiment(
        "AGE-2-idle",
        ("AGE-1", "AGE-2", "IDLE-2"),
        Policy(age_limit=800, age_trigger="data"),
        Provocation(scripts.age_idle, {"rekey_seconds": 0.8}),
        partial(measures.of_ages, 800),
        shows={"AGE-2": measures.renewed},
    ),
    Experiment(
        "HB-4-age",
        ("IDLE-2", "HB-4"),
        beats(300).but(age_limit=900, age_trigger="data"),
        Provocation(scripts.age_heartbeats, {"rekey_seconds": 0.9, **keepalive(300)}),
        partial(measures.of_ages, 900),
        "rekey_seconds is 'the maximum time in seconds before the SSH session key is renegotiated'",
        stands_for={"IDLE-2": ("HB-4", "IDLE-2")},
    ),
)

IDLE: Final[tuple[Asked, ...]] = (
    Experiment(
        "IDLE-1-data",
        ("IDLE-1",),
        beats(400).but(idle_trigger="heartbeat"),
        Provocation(scripts.idle_then_data, keepalive(400)),
        measures.of_keys,
        _NO_IDLE,
    ),
    Experiment(
        "IDLE-3-data",
        ("IDLE-3", "HB-3"),
        Policy(idle_period=300, heartbeat_sender="server", idle_trigger="heartbeat", reject_trigger="heartbeat"),
        Provocation(scripts.data_after_heartbeat),
        measures.of_keys,
        _NO_IDLE,
    ),
)

HEARTBEATS: Final[tuple[Asked, ...]] = (
    Experiment(
        "HB-2-interval",
        ("HB-1", "HB-2"),
        beats(400),
        Provocation(scripts.heartbeats, keepalive(400)),
        partial(measures.of_intervals, 400),
        _MANUAL_KEEPALIVE,
    ),
    Experiment(
        "HB-2-slow-replies",
        ("HB-2",),
        beats(400),
        Provocation(scripts.heartbeats_slow, keepalive(400)),
        partial(measures.of_intervals, 400),
        _MANUAL_KEEPALIVE,
    ),
    Experiment(
        "HB-2-sending",
        ("HB-2",),
        beats(400),
        Provocation(scripts.heartbeats_data_out, keepalive(400)),
        measures.of_flow,
        _MANUAL_KEEPALIVE,
    ),
    Experiment(
        "HB-2-receiving",
        ("HB-1", "HB-2"),
        beats(400),
        Provocation(scripts.heartbeats_data_in, keepalive(400)),
        measures.of_flow,
        _MANUAL_KEEPALIVE,
    ),
    Experiment(
        "HB-3-reply",
        ("HB-3",),
        Policy(idle_period=200, heartbeat_sender="server"),
        Provocation(scripts.heartbeats_received),
        lambda events: f"{len(measures.times(events, 'SendReply'))} replies to 4 heartbeats",
    ),
)

DEATH: Final[tuple[Asked, ...]] = (
    Experiment(
        "DEAD-1-muted",
        ("DEAD-1", "DEAD-2"),
        beats(300, 3, heartbeat_interval=1500),
        Provocation(scripts.dead_peer, keepalive(300, 3)),
        partial(measures.of_death, 900),
    ),
    Experiment(
        "DEAD-1-late",
        ("DEAD-1",),
        beats(300, 3, heartbeat_interval=720),
        Provocation(scripts.late_reply, keepalive(300, 3)),
        partial(measures.of_death, 900),
    ),
)

RENEGOTIATION: Final[tuple[Asked, ...]] = (
    Experiment(
        "EST-4-ignored",
        ("EST-4",),
        _BYTES.but(negotiation_timeout=800),
        Provocation(scripts.ignored, {"login_timeout": 0.8, **_REKEY_BYTES}),
        partial(measures.of_renegotiation, 800),
        _NO_LIMIT,
    ),
    Experiment(
        "EST-4-ignored-heartbeats",
        ("EST-4",),
        beats(300, 2, heartbeat_interval=900, byte_limit=LIMIT, byte_trigger="next-data", negotiation_timeout=900),
        Provocation(scripts.ignored_heartbeats, {**keepalive(300, 2), **_REKEY_BYTES}),
        partial(measures.of_renegotiation, 900),
        _NO_LIMIT,
    ),
    Experiment(
        "EST-4-ignored-busy",
        ("EST-4",),
        beats(300, 2, heartbeat_interval=900, byte_limit=LIMIT, byte_trigger="next-data", negotiation_timeout=900),
        Provocation(scripts.ignored_busy, {**keepalive(300, 2), **_REKEY_BYTES}),
        partial(measures.of_renegotiation, 900),
        _NO_LIMIT,
    ),
    Experiment(
        "EST-4-first",
        ("EST-4",),
        Policy(negotiation_timeout=800),
        Provocation(scripts.deaf, {"login_timeout": 0.8}, deaf=True),
        partial(measures.of_renegotiation, 800),
    ),
    Experiment(
        "REKEY-1-slow",
        ("REKEY-1", "REKEY-2", "FLOW-1", "ORDER-1"),
        _BYTES,
        Provocation(scripts.slow_answer, _REKEY_BYTES),
        measures.of_keys,
        shows={"REKEY-2": measures.delivered_during, "ORDER-1": measures.delivered_during},
    ),
    Experiment(
        "REKEY-1-peer",
        ("REKEY-1", "FLOW-1"),
        Policy(),
        Provocation(scripts.server_starts),
        measures.of_keys,
    ),
    Experiment(
        "CLOSE-1-rekeying",
        ("CLOSE-1",),
        _BYTES,
        Provocation(scripts.quit_early, _REKEY_BYTES),
        partial(measures.of_renegotiation, 10_000),
    ),
)

EXPERIMENTS: Final = RENEGOTIATION + BYTES + AGE + HEARTBEATS + DEATH + IDLE
"""The longest first, since they start one after the other."""
