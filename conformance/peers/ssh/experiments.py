"""What an SSH program is asked: one table for all of them, made for each from what it can be configured to.

How options read in our words: a limit in bytes is a `byte_limit`, in seconds an `age_limit`, both looked at with the
next packet, so `byte_trigger: next-data` and `age_trigger: data`; a keepalive's interval is the `idle_period`, and the
`reply_timeout` too, since the same timer runs after a heartbeat; the count of unanswered ones is one heartbeat and the
`retries`. Where a program has no option for a rule, it is asked all the same by the policy that would have one.

Bytes: SSH programs count packets, with all that SSH adds to the user's bytes, and some look ahead, so that the packet
that would pass the limit waits for the new key. So a key may be renewed up to one message early, or late: that is the
margin, but where the question is what is counted (BYTE-1-small).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ssh import scripts
from rekeyspec.conformance.peers.ssh.ability import Ability, Subject
from rekeyspec.conformance.peers.ssh.scene import Provocation
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

LIMIT: Final = 18_000
"""bytes: passed by the fifth message, with room for what SSH counts besides."""

SIZES: Final = (("small", 3000, 500, 14), ("medium", LIMIT, 2000, 24), ("large", 300_000, 6000, 110))
"""Settings of the byte limit: name, limit (bytes), size and number of messages. The large one asks whether a key is
renewed near the limit, with messages that are small against it; the others exactly."""

MEANS: Final = Margin(bytes=LIMIT)
"""Where the byte limit is only the means to make the program start a renegotiation: when it does is not asked."""

BYTES: Final = ("byte_limit", "byte_trigger", "byte_counts")

GIVEN_UP: Final = {"CLOSE-1": ("DEAD-2",)}
"""Where nobody asks the program to end the link, ending it without a reason is to give the peer up too early. (Where it
is sent what it should not heed, ending the link is to heed it.)"""

AS_CONFIGURED: Final = frozenset({"HB-1-idle", "HB-2-interval", "DEAD-1-muted"})
"""Questions whose policy is the configured one, also where the program is known to do otherwise: `Ability.stretch`."""

TIMELY: Final = ("AGE", "HB-1", "HB-2", "HB-4", "HB-6", "IDLE-1", "DEAD", "EST", "BYTE-2")
"""Beginnings of the questions that are about times, and begin at the part of a second that makes them the same."""

UNALIGNED: Final = ("EST-4-first", "EST-4-half", "DEAD-3")
"""Those of them whose scripts do without."""

UNTIMED: Final = 400
"""ms: the margin elsewhere. No time is asked about there, so that a machine that stands still need not matter."""

Asked = Experiment[Provocation]


def experiments(a: Ability) -> Sequence[Asked]:
    """All of the program's, the longest first, since they start one after the other."""
    every = [*_renegotiation(a), *_death(a), *_age(a), *_heartbeats(a), *_bytes(a), *_idle(a), *_ends(a)]
    return [_configured(a, e) for e in every if not {e.name, e.name.partition(".")[0]}.intersection(a.skips)]


def _configured(a: Ability, e: Asked) -> Asked:
    """With the program's own options for the experiment's policy, and its own clock."""
    stretched = e.policy.but(reply_timeout=e.policy.reply_timeout * a.stretch)
    options = dict(a.options(stretched if e.name.partition(".")[0] in AS_CONFIGURED else e.policy))
    timely = e.name.startswith(TIMELY)
    begins = a.seconds and timely and not e.name.startswith(UNALIGNED)
    p = replace(e.provocation, options=options, seconds=begins, gated=begins and (a.truncates or a.woken))
    margin = Margin(a.margin if timely else UNTIMED, e.margin.bytes)
    return replace(e, provocation=p, settings=a.shown(options), end=a.end, margin=margin)


def limited(a: Ability, limit: int = LIMIT) -> Policy:
    """The policy that a byte limit comes to."""
    return Policy(byte_limit=limit, byte_trigger=a.byte_trigger)


def fresh(measure: Callable[[Sequence[Event]], str]) -> Callable[[Sequence[Event]], str]:
    """The same measure, of what came after the first key: those scripts begin with a fresh one."""

    def since(events: Sequence[Event]) -> str:
        return measure([e for e in events if e.message is None or e.message.epoch != 1])

    return since


def _bytes(a: Ability) -> Iterator[Asked]:
    pause = 0.06 if a.byte_trigger == "next-data" else 0.15  # s: time to do it at once, before the next message
    for name, limit, size, count in SIZES:
        yield Experiment(
            f"BYTE-3-sent.{name}",
            ("BYTE-3", "BYTE-4", "BYTE-5", "REKEY-1", "FLOW-1"),
            limited(a, limit),
            Provocation(partial(scripts.bytes_sent, size=size, count=count, pause=0.03 if name == "large" else pause)),
            fresh(partial(measures.of_bytes, limit)),
            _says(a, "bytes"),
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
        _says(a, "received"),
        margin=Margin(bytes=scripts.MESSAGE),
        stands_for={"BYTE-3": ("BYTE-1", "BYTE-3")},
    )
    yield Experiment(
        "BYTE-3-both",
        ("BYTE-1", "BYTE-3"),
        limited(a, 60_000),
        Provocation(scripts.bytes_both),
        fresh(partial(measures.of_bytes, 60_000)),
        _says(a, "received"),
        margin=Margin(bytes=10_000),
        stands_for={"BYTE-3": ("BYTE-1", "BYTE-3")},
    )
    yield Experiment(
        "BYTE-1-small",
        ("BYTE-1", "NEED-1"),
        limited(a, 6000),
        Provocation(scripts.bytes_small),
        fresh(partial(measures.of_bytes, 6000)),
        _says(a, "bytes"),
        margin=Margin(bytes=600),
        stands_for={"NEED-1": ("BYTE-1", "NEED-1"), "IDLE-2": ("BYTE-1", "NEED-1"), "BYTE-3": ("BYTE-1",)},
    )
    yield Experiment(
        "BYTE-2-heartbeats",
        ("BYTE-2", "HB-4", "IDLE-2"),
        a.beats(a.pace, byte_limit=8000, byte_trigger=a.byte_trigger),
        Provocation(scripts.bytes_heartbeats, unit=a.pace),
        fresh(partial(measures.of_bytes, 8000)),
        _says(a, "bytes"),
        stands_for={"IDLE-2": ("BYTE-2", "HB-4", "IDLE-2")},
        shows=dict.fromkeys(("BYTE-2", "HB-4", "IDLE-2"), _only_heartbeats),
    )
    yield Experiment(
        "LIM-2-many",
        ("LIM-2",),
        limited(a, 3000),
        Provocation(scripts.bytes_many),
        fresh(partial(measures.of_bytes, 3000)),
        _says(a, "bytes"),
        margin=Margin(bytes=3000),
        shows={"LIM-2": lambda events: len(measures.times(events, "Start")) >= 8},
    )


def _only_heartbeats(events: Sequence[Event]) -> bool:
    """Were there enough heartbeats to fill what the message left of the limit, and no new key for it?"""
    renewed = any(e.do == "Start" and e.message and e.message.epoch > 1 for e in events)
    return len(measures.times(events, "SendHeartbeat")) >= 3 and not renewed


def _quiet(events: Sequence[Event]) -> bool:
    """Did data flow, for longer than an interval, and no heartbeat?"""
    return len(measures.times(events, "SendData")) >= 8 and not measures.times(events, "SendHeartbeat")


def _age(a: Ability) -> Iterator[Asked]:
    age = 2 * a.unit
    yield Experiment(
        "AGE-1-busy",
        ("AGE-1", "AGE-2", "REKEY-3"),
        Policy(age_limit=age, age_trigger="data"),
        Provocation(partial(scripts.age_busy, age=age / 1000), unit=a.unit),
        fresh(partial(measures.of_ages, age)),
        _says(a, "age"),
        shows={"AGE-2": measures.renewed, "REKEY-3": measures.renewed},
        follow=("age_limit", "age_trigger"),
    )
    yield Experiment(
        "AGE-2-idle",
        ("AGE-1", "AGE-2", "IDLE-2"),
        Policy(age_limit=age, age_trigger=a.age_trigger, rekey_initiator=a.end),
        Provocation(scripts.age_idle, unit=a.unit),
        partial(measures.of_ages, age),
        _says(a, "age"),
        shows={"AGE-2": measures.renewed},
        follow=("age_limit", "age_trigger"),
    )
    yield Experiment(
        "HB-4-age",
        ("IDLE-2", "HB-4"),
        a.beats(a.pace, age_limit=age, age_trigger="data"),
        Provocation(scripts.age_heartbeats, unit=a.pace),
        fresh(partial(measures.of_ages, age)),
        _says(a, "age"),
        stands_for={"IDLE-2": ("HB-4", "IDLE-2")},
    )


def _idle(a: Ability) -> Iterator[Asked]:
    yield Experiment(
        "IDLE-1-data",
        ("IDLE-1",),
        a.beats(a.pace, idle_trigger="heartbeat"),
        Provocation(scripts.idle_then_data, unit=a.pace),
        measures.of_keys,
        _says(a, "idle"),
        follow=("idle_trigger",),
    )
    yield Experiment(
        "IDLE-3-data",
        ("IDLE-3", "HB-3"),
        Policy(idle_period=300, heartbeat_sender=a.other, idle_trigger="heartbeat", reject_trigger="heartbeat"),
        Provocation(scripts.data_after_heartbeat),
        measures.of_keys,
        _says(a, "reject"),
        follow=("reject_trigger",),
    )


def _heartbeats(a: Ability) -> Iterator[Asked]:
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
            _says(a, "keepalive"),
            stands_for=repeats,
        )
    if a.tenths:
        yield Experiment(
            "HB-2-interval.tenths",
            ("HB-1", "HB-2"),
            a.beats(400),
            Provocation(scripts.heartbeats, unit=400),
            partial(measures.of_intervals, 400),
            _says(a, "keepalive"),
            stands_for=repeats,
        )
    yield Experiment(
        "HB-1-idle",
        ("HB-1",),
        a.beats(a.unit, idle_period=a.unit),
        Provocation(scripts.heartbeat_between, unit=a.unit),
        measures.of_first_heartbeat,
        _says(a, "keepalive"),
        stands_for={"HB-2": ("HB-1",)},
    )
    yield Experiment(
        "HB-2-slow-replies",
        ("HB-2",),
        a.beats(a.pace),
        Provocation(scripts.heartbeats_slow, unit=a.pace),
        partial(measures.of_intervals, a.pace),
        _says(a, "keepalive"),
        stands_for={"DEAD-1": ("HB-2",)},
    )
    yield Experiment(
        "HB-2-sending",
        ("HB-2",),
        a.beats(a.pace),
        Provocation(scripts.heartbeats_data_out, unit=a.pace),
        measures.of_flow,
        _says(a, "keepalive"),
        shows={"HB-2": _quiet},
    )
    yield Experiment(
        "HB-2-receiving",
        ("HB-1", "HB-2"),
        a.beats(longer),
        Provocation(partial(scripts.heartbeats_data_in, count=7 if a.truncates else 9), unit=longer),
        measures.of_flow,
        _says(a, "keepalive"),
    )
    yield Experiment(
        "HB-3-reply",
        ("HB-3",),
        Policy(idle_period=200, heartbeat_sender=a.other),
        Provocation(scripts.heartbeats_received),
        lambda events: f"{len(measures.times(events, 'SendReply'))} replies to 4 heartbeats",
        _says(a, "keepalive"),
    )
    yield Experiment(
        "HB-5-forged",
        ("HB-5",),
        Policy(idle_period=300, heartbeat_sender=a.other),
        Provocation(scripts.forged),
        measures.of_end,
        _says(a, "forged"),
        stands_for={"CLOSE-1": ("HB-5",)},
    )
    yield Experiment(
        "HB-6-data",
        ("HB-6",),
        a.beats(a.pace, while_waiting="hold"),
        Provocation(scripts.held_back, unit=a.pace),
        measures.of_keys,
        _says(a, "hold"),
        follow=("while_waiting",),
    )


def longer_unit(a: Ability) -> int:
    """The interval (ms) where heartbeats are to stay away while data comes: with a clock of whole seconds one of a
    single second may come after none at all."""
    return 2 * a.pace if a.truncates else a.pace


def _death(a: Ability) -> Iterator[Asked]:
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
        _says(a, "death"),
        stands_for=GIVEN_UP,
    )
    late = 1.05 if a.truncates else 1.3  # a whole second's clock begins to count at the last full one
    yield Experiment(
        "DEAD-1-late",
        ("DEAD-1",),
        a.beats(a.pace, a.repeats, heartbeat_interval=round((late + 1) * a.pace)),
        Provocation(partial(scripts.late_reply, late=late), unit=a.pace),
        partial(measures.of_death, a.repeats * a.pace),
        _says(a, "death"),
    )
    yield Experiment(
        "DEAD-4-traffic",
        ("DEAD-4",),
        a.beats(longer_unit(a)),
        Provocation(scripts.traffic_instead, unit=longer_unit(a)),
        partial(measures.of_death, longer_unit(a)),
        _says(a, "traffic"),
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
        _says(a, "watch"),
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


def _renegotiation(a: Ability) -> Iterator[Asked]:
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
        _says(a, "limit"),
        margin=MEANS,
    )
    yield Experiment(
        "EST-4-ignored-heartbeats",
        ("EST-4",),
        beating,
        Provocation(scripts.ignored_heartbeats, unit=a.pace),
        partial(measures.of_renegotiation, missed),
        _says(a, "limit"),
        margin=MEANS,
    )
    yield Experiment(
        "EST-4-ignored",
        ("EST-4",),
        limited(a).but(negotiation_timeout=limit),
        Provocation(partial(scripts.ignored, limit=limit / 1000)),
        once,
        _says(a, "limit"),
        margin=MEANS,
    )
    yield Experiment(
        "EST-4-half-open",
        ("EST-4",),
        Policy(negotiation_timeout=limit),
        Provocation(partial(scripts.half_open, limit=limit / 1000)),
        once,
        _says(a, "limit"),
    )
    yield Experiment(
        "EST-4-first",
        ("EST-4",),
        Policy(negotiation_timeout=limit),
        Provocation(partial(scripts.deaf, limit=limit / 1000), deaf=True),
        partial(measures.of_opening, limit),
        _says(a, "first"),
    )
    yield Experiment(
        "REKEY-1-slow",
        ("REKEY-1", "FLOW-1", "ORDER-1"),
        limited(a),
        Provocation(partial(scripts.slow_answer, first=first)),
        measures.of_keys,
        _says(a, "bytes"),
        margin=MEANS,
        shows={"ORDER-1": measures.delivered_during},
    )
    yield Experiment(
        "REKEY-1-peer", ("REKEY-1", "FLOW-1"), Policy(), Provocation(scripts.peer_starts), measures.of_keys,
        _says(a, "bytes"),
    )  # fmt: skip
    yield Experiment(
        "REKEY-2-old-key",
        ("REKEY-2",),
        limited(a),
        Provocation(partial(scripts.old_key_meanwhile, first=first)),
        measures.of_keys,
        _says(a, "bytes"),
        margin=MEANS,
        shows={"REKEY-2": measures.delivered_during},
    )
    yield Experiment(
        "REKEY-2-after", ("REKEY-2",), Policy(), Provocation(scripts.old_key_after), measures.of_end, _says(a, "old"),
        stands_for={"CLOSE-1": ("REKEY-2",)},
    )  # fmt: skip
    yield Experiment(
        "REKEY-5-both",
        ("REKEY-5",),
        limited(a),
        Provocation(scripts.both_start),
        measures.of_keys,
        _says(a, "bytes"),
        margin=MEANS,
        shows={"REKEY-5": _one_of_two},
    )


def _one_of_two(events: Sequence[Event]) -> bool:
    """Did both ends start for the same epoch, and data flow under it?"""
    own = {e.message.epoch for e in events if e.do == "Start" and e.message}
    peers = {e.message.epoch for e in events if e.do == "Arrive" and e.message and e.message.kind == "start"}
    sent = {e.message.epoch for e in events if e.do == "SendData" and e.message}
    return bool(own & peers & sent)


def _ends(a: Ability) -> Iterator[Asked]:
    yield Experiment(
        "CLOSE-1-quit", ("CLOSE-1",), Policy(), Provocation(scripts.quit_idle), measures.of_end, _says(a, "close")
    )
    yield Experiment(
        "CLOSE-1-rekeying",
        ("CLOSE-1",),
        limited(a),
        Provocation(scripts.quit_early),
        measures.of_end,
        _says(a, "close"),
        margin=MEANS,
    )


def _says(a: Ability, subject: Subject) -> str:
    return a.manual.get(subject, "")
