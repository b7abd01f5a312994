"""What OpenVPN is asked, at either end: each experiment with the policy that its options come to, and its script.

How its options read in our words. `reneg-bytes` is a `byte_limit`, `byte_trigger: at-once`; `reneg-sec` is an
`age_limit`, `age_trigger: timer`; `hand-window` the `negotiation_timeout`. `ping` is the `idle_period`. A ping is never
answered, and the next one comes whether or not anything else did: that reads as a series of repeats `ping` seconds
apart, which ends with whatever comes (`proof_of_life: any`); so `heartbeat_interval` is set out of the way. `ping-exit`
is the time from the last sign of life to the end: `idle_period` and `reply_timeout`, or, for the peer's pings,
`idle_period` and `grace`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.openvpn import manual, scripts
from rekeyspec.conformance.peers.openvpn.scene import Provocation, Scene
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Event, Role

Asked = Experiment[Provocation]
Script = Callable[[Scene], Awaitable[None]]

LIMIT: Final = 4500
"""bytes: passed by the fifth message of 1000, whether or not what OpenVPN adds is counted."""

COARSE: Final = Margin(ms=600)
"""OpenVPN adds up to 262 ms to what it waits, so that much is said of none of its timers, and as much again where the
machine is busy. Where no timer is asked about it costs nothing."""

WHOLE: Final = Margin(ms=1300)
"""Its clock has whole seconds: what wakes the program meanwhile may shift the end of a timer by up to one of them."""

_UNANSWERED: Final = 1000
"""How often a heartbeat that nobody answers is repeated, where nothing else ends it."""

_UNSEEN: Final[frozenset[Do]] = frozenset({"Discard"})
"""It says nothing, or not always, of what it throws away."""


def _options(text: str) -> Sequence[str]:
    """`--a 1 --b` as a command line has it."""
    return text.split()


class Questions:
    """The experiments of one end. `own` is its role, `peer` the other's."""

    def __init__(self, own: Role) -> None:
        self.own = own
        self.peer: Role = "server" if own == "client" else "client"
        self.plain = Policy(transport="datagram", rekey_initiator="sender")
        self.bytes = self.plain.but(byte_limit=LIMIT)
        self.full = f"--reneg-bytes {LIMIT}"

    def provoked(self, script: Script, options: str = "", peer: str = "", **more: object) -> Provocation:
        """A script with the options of both ends."""
        return Provocation(script, _options(options), _options(peer), **more)  # type: ignore[arg-type]

    def beats(self, seconds: int, **more: object) -> Policy:
        """The policy that `ping` comes to."""
        ms = seconds * 1000
        policy = self.plain.but(
            idle_period=ms, heartbeat_sender=self.own, reply_timeout=ms, retries=_UNANSWERED, proof_of_life="any",
            heartbeat_interval=ms * (_UNANSWERED + 1),
        )  # fmt: skip
        return policy.but(**more)

    def watches(self, ping: int, ping_exit: int, **more: object) -> Policy:
        """The policy that the peer's `ping` and this end's `ping-exit` come to."""
        policy = self.plain.but(
            idle_period=ping * 1000, heartbeat_sender=self.peer, on_missed_heartbeat="close",
            grace=(ping_exit - ping) * 1000,
        )  # fmt: skip
        return policy.but(**more)

    def volume(self) -> list[Asked]:
        """What fills a key."""
        of_bytes = partial(measures.of_bytes, LIMIT)
        return [
            Experiment(
                "BYTE-3-sent.later", ("BYTE-3", "BYTE-5"), self.bytes,
                self.provoked(scripts.bytes_sent_later, self.full), of_bytes, manual.BYTES, self.full,
                follow=("byte_limit",), margin=COARSE, end=self.own,
            ),
            Experiment(
                "BYTE-3-sent.soon", ("BYTE-3", "BYTE-4", "BYTE-5", "FLOW-1", "ORDER-1"), self.bytes,
                self.provoked(scripts.bytes_sent, self.full), of_bytes, manual.BYTES, self.full,
                shows={"BYTE-4": measures.renewed, "BYTE-3": measures.renewed, "ORDER-1": measures.renewed},
                follow=("byte_limit", "byte_trigger"), margin=COARSE, end=self.own,
            ),
            Experiment(
                "BYTE-3-received", ("BYTE-1", "BYTE-5"), self.bytes,
                self.provoked(scripts.bytes_received, self.full), of_bytes, manual.BYTES, self.full,
                stands_for={"IDLE-2": ("BYTE-5",)}, margin=COARSE, end=self.own,
            ),
            Experiment(
                "BYTE-3-both", ("BYTE-1", "BYTE-5"), self.bytes,
                self.provoked(scripts.bytes_both, self.full), of_bytes, manual.BYTES, self.full,
                stands_for={"BYTE-5": ("BYTE-1", "BYTE-5")}, margin=COARSE, end=self.own,
            ),
            Experiment(
                "BYTE-1-small", ("BYTE-1",), self.plain.but(byte_limit=2000),
                self.provoked(scripts.bytes_small, "--reneg-bytes 2000"), partial(measures.of_bytes, 2000),
                manual.BYTES_ENCRYPTED, "--reneg-bytes 2000",
                stands_for={"IDLE-2": ("BYTE-1",), "NEED-1": ("BYTE-1",), "BYTE-5": ("BYTE-1",)},
                margin=COARSE, end=self.own,
            ),
            Experiment(
                "BYTE-2-heartbeats", ("BYTE-2", "IDLE-2"), self.beats(1).but(byte_limit=116),
                self.provoked(scripts.bytes_heartbeats, "--ping 1 --reneg-bytes 140"),
                partial(measures.of_bytes, 116), manual.BYTES, "--ping 1 --reneg-bytes 140", COARSE,
                stands_for={"IDLE-2": ("BYTE-2", "IDLE-2")},  hidden=frozenset({"SendHeartbeat"}), end=self.own,
            ),
            Experiment(
                "LIM-2-many", ("LIM-2", "BYTE-3", "BYTE-4", "BYTE-5"), self.plain.but(byte_limit=2800),
                self.provoked(scripts.many, "--reneg-bytes 2800"), partial(measures.of_bytes, 2800), manual.BYTES,
                "--reneg-bytes 2800",
                shows={"LIM-2": lambda events: len(measures.bytes_by_epoch(events)) > 9, "BYTE-4": measures.renewed},
                margin=COARSE, end=self.own,
            ),
        ]  # fmt: skip

    def ages(self) -> list[Asked]:
        """How old a key becomes."""
        aging = self.plain.but(age_trigger="timer", rekey_initiator=self.own)
        one, two, four = "--reneg-sec 1 1", "--reneg-sec 2 2", "--reneg-sec 4 4"
        return [
            Experiment(
                "AGE-1-busy", ("AGE-1", "AGE-2", "REKEY-3"), aging.but(age_limit=1000),
                self.provoked(scripts.age_busy, one), partial(measures.of_ages, 1000), manual.SECONDS, one, COARSE,
                shows={"AGE-1": measures.renewed, "REKEY-3": measures.renewed}, end=self.own,
            ),
            Experiment(
                "AGE-1-busy.late-in-second", ("AGE-1", "AGE-2"), aging.but(age_limit=1000),
                self.provoked(scripts.age_slow, one), partial(measures.of_ages, 1000), manual.SECONDS, one, COARSE,
                end=self.own,
            ),
            Experiment(
                "AGE-2-idle", ("AGE-2",), aging.but(age_limit=2000),
                self.provoked(scripts.age_idle, two), partial(measures.of_ages, 2000), manual.SECONDS, two, COARSE,
                follow=("age_limit", "age_trigger"), end=self.own,
            ),
            Experiment(
                "REKEY-1-slow.afterwards", ("REKEY-1",), aging.but(age_limit=4000),
                self.provoked(scripts.age_old_key, four), measures.of_keys, manual.DEFERRED, four, COARSE,
                end=self.own,
            ),
            Experiment(
                "HB-4-age", ("HB-4", "IDLE-2"), self.beats(1).but(byte_limit=100_000),
                self.provoked(scripts.heartbeats, "--ping 1 --reneg-bytes 100000"),
                partial(measures.of_intervals, 1000), manual.PING, "--ping 1 --reneg-bytes 100000", COARSE,
                shows={
                    "HB-4": lambda events: len(measures.times(events, "SendHeartbeat")) > 2,
                    "IDLE-2": lambda events: len(measures.times(events, "SendHeartbeat")) > 2,
                }, end=self.own,
            ),
            Experiment(
                "IDLE-1-data", ("IDLE-1",), self.beats(1).but(idle_trigger="heartbeat"),
                self.provoked(scripts.idle_then_data, "--ping 1"), measures.of_keys, manual.NO_IDLE, "--ping 1", COARSE,
                follow=("idle_trigger",), end=self.own,
            ),
            Experiment(
                "IDLE-3-data", ("IDLE-3",),
                self.plain.but(
                    idle_period=1000, heartbeat_sender=self.peer, idle_trigger="heartbeat", reject_trigger="heartbeat"
                ),
                self.provoked(scripts.data_after_heartbeat, "", "--ping 1"), measures.of_keys, manual.NO_IDLE,
                "--ping 1 at the other end", COARSE, hidden=frozenset({"SendReply"}),
                follow=("reject_trigger",), end=self.own,
            ),
        ]  # fmt: skip

    def heartbeats(self) -> list[Asked]:
        """Pings, which have no reply."""
        repeated = {"DEAD-1": ("HB-2", "DEAD-1")}
        return [
            *(
                Experiment(
                    f"HB-2-interval.{n}s", ("HB-1", "HB-2", "DEAD-1"), self.beats(n),
                    self.provoked(script, f"--ping {n}"), partial(measures.of_intervals, n * 1000), manual.PING,
                    f"--ping {n}", COARSE, stands_for=repeated, end=self.own,
                )
                for n, script in ((1, scripts.heartbeats), (2, scripts.heartbeats), (3, scripts.heartbeats_rare))
            ),
            Experiment(
                "HB-2-sending", ("HB-2",), self.beats(1),
                self.provoked(scripts.heartbeats_data_out, "--ping 1"), measures.of_flow, manual.PING, "--ping 1",
                COARSE, shows={"HB-2": lambda events: len(measures.times(events, "SendData")) > 20}, end=self.own,
            ),
            Experiment(
                "HB-2-receiving", ("HB-1", "HB-2"), self.beats(1),
                self.provoked(scripts.heartbeats_data_in, "--ping 1"), measures.of_flow, manual.PING, "--ping 1",
                COARSE, stands_for={"HB-1": ("HB-1", "HB-2")}, end=self.own,
            ),
            Experiment(
                "HB-3-reply", ("HB-3",), self.plain.but(idle_period=1000, heartbeat_sender=self.peer),
                self.provoked(scripts.heartbeats_received, "", "--ping 1"), _of_replies, manual.NO_REPLY,
                "--ping 1 at the other end", COARSE, end=self.own,
            ),
            Experiment(
                "HB-5-forged", ("HB-5", "AUTH-1", "DEAD-3"), self.watches(1, 3),
                self.provoked(scripts.forged, "--ping-exit 3", "--ping 1"), _of_silence, manual.PING_EXIT,
                "--ping-exit 3, and --ping 1 at the other end", WHOLE,
                shows={"HB-5": _gave_up, "AUTH-1": _gave_up},
                hidden=frozenset({"SendReply", "Discard"}), end=self.own,
            ),
            Experiment(
                "HB-5-forged.tls-crypt", ("AUTH-1", "DEAD-3"), self.watches(1, 3),
                self.provoked(
                    scripts.forged_reset, "--ping-exit 3 --tls-crypt {keys}/tls.key",
                    "--ping 1 --tls-crypt {keys}/tls.key",
                ),
                _of_silence, manual.ANY_PACKET, "--ping-exit 3, --ping 1 at the other end, --tls-crypt at both", WHOLE,
                shows={"AUTH-1": _gave_up}, hidden=frozenset({"SendReply", "Discard"}), end=self.own,
            ),
            Experiment(
                "HB-4-idle", ("HB-4",), self.plain,
                self.provoked(scripts.idle, "--ping 1 --inactive 3", "--ping 1"), _of_idleness, manual.INACTIVE,
                "--ping 1 --inactive 3, and --ping 1 at the other end", WHOLE,
                shows={"HB-4": lambda events: _idle_for(events) <= 3000 + WHOLE.ms},
                breaks={"HB-4": lambda events: "" if _idle_for(events) <= 9000 else _of_idleness(events)},
                hidden=frozenset({"SendReply", "SendHeartbeat", "Close"}), end=self.own,
            ),
            Experiment(
                "HB-5-forged.reset", ("AUTH-1", "DEAD-3"), self.watches(1, 3),
                self.provoked(scripts.forged_reset, "--ping-exit 3", "--ping 1"), _of_silence, manual.ANY_PACKET,
                "--ping-exit 3, and --ping 1 at the other end; no --tls-auth or --tls-crypt", WHOLE,
                stands_for={"DEAD-3": ("AUTH-1", "DEAD-3")},
                hidden=frozenset({"SendReply", "Discard"}), end=self.own,
            ),
            Experiment(
                "CHAN-1-heartbeats", ("CHAN-1",), self.beats(1).but(channels=2),
                self.provoked(scripts.idle_then_data, "--ping 1", channels=2), _of_channels, manual.PING_CHANNEL,
                "--ping 1", COARSE, end=self.own,
            ),
        ]  # fmt: skip

    def deaths(self) -> list[Asked]:
        """How a dead peer is noticed."""
        muted = "--ping 2 --ping-exit 4"
        return [
            Experiment(
                "DEAD-1-muted", ("DEAD-2",),
                self.beats(2).but(retries=0, heartbeat_interval=2000), self.provoked(scripts.dead_peer, muted),
                partial(measures.of_death, 2000), manual.PING_EXIT, muted, WHOLE, end=self.own,
            ),
            Experiment(
                "DEAD-3-silent", ("DEAD-3",), self.watches(1, 4),
                self.provoked(scripts.dead_peer, "--ping-exit 4", "--ping 1"), _of_silence, manual.PING_EXIT,
                "--ping-exit 4, and --ping 1 at the other end", WHOLE, follow=("on_missed_heartbeat",), end=self.own,
            ),
            Experiment(
                "DEAD-3-silent.killed", ("DEAD-3",), self.watches(1, 4),
                self.provoked(scripts.killed_peer, "--ping-exit 4", "--ping 1"), _of_silence, manual.PING_EXIT,
                "--ping-exit 4, and --ping 1 at the other end, which is killed", WHOLE, end=self.own,
            ),
            Experiment(
                "DEAD-3-sending", ("DEAD-3",), self.watches(1, 4),
                self.provoked(scripts.dead_peer_busy, "--ping-exit 4", "--ping 1"), _of_silence, manual.PING_EXIT,
                "--ping-exit 4, and --ping 1 at the other end", WHOLE,
                stands_for={"CLOSE-1": ("DEAD-3",)}, end=self.own,
            ),
            Experiment(
                "DEAD-4-traffic", ("DEAD-4",),
                self.beats(2).but(retries=0),
                self.provoked(scripts.traffic, "--ping 2 --ping-exit 4", "--ping 1"), _of_life, manual.PING_EXIT,
                "--ping 2 --ping-exit 4", WHOLE, hidden=frozenset({"SendHeartbeat"}),
                shows={"DEAD-4": _alive}, follow=("proof_of_life",), end=self.own,
            ),
            Experiment(
                "DEAD-4-idle-traffic", ("DEAD-3",), self.watches(1, 4),
                self.provoked(scripts.traffic, "--ping-exit 4", "--ping 1"), _of_life, manual.PING_EXIT,
                "--ping-exit 4, and --ping 1 at the other end", WHOLE, shows={"DEAD-3": _alive}, end=self.own,
            ),
        ]  # fmt: skip

    def renegotiations(self) -> list[Asked]:
        """What goes on while keys change, and when that fails."""
        limited = self.bytes.but(negotiation_timeout=2000)
        window, short = f"{self.full} --hand-window 2", f"{self.full} --hand-window 2 --tran-window 1"
        of_time = partial(measures.of_renegotiation, 2000)
        both = f"--reneg-bytes {LIMIT} at both ends"
        return [
            Experiment(
                "EST-4-ignored", ("EST-4",), limited, self.provoked(scripts.ignored, window), of_time,
                manual.HAND_WINDOW, window, WHOLE, end=self.own,
            ),
            Experiment(
                "EST-4-ignored-busy", ("EST-4",), limited, self.provoked(scripts.ignored_busy, window), of_time,
                manual.OLD_KEY, window, WHOLE, end=self.own,
            ),
            Experiment(
                "EST-4-ignored.tran-window", ("EST-4",), limited, self.provoked(scripts.ignored, short), of_time,
                manual.HAND_WINDOW, short, WHOLE, end=self.own,
            ),
            Experiment(
                "REKEY-2-after.tran-window", ("REKEY-2",), self.bytes,
                self.provoked(scripts.very_late_data, f"{self.full} --tran-window 1"), measures.of_keys,
                manual.TRAN_WINDOW, f"{self.full} --tran-window 1", hidden=_UNSEEN, margin=COARSE, end=self.own,
            ),
            Experiment(
                "REKEY-2-after", ("REKEY-2",), self.bytes, self.provoked(scripts.late_data, self.full),
                measures.of_keys, manual.TRAN_WINDOW, self.full, hidden=_UNSEEN,
                stands_for={"FLOW-1": ("REKEY-2",)}, margin=COARSE, end=self.own,
            ),
            Experiment(
                "REKEY-5-both", ("REKEY-5", "EST-3"), self.bytes,
                self.provoked(scripts.both_start, self.full, self.full), measures.of_keys, "", both,
                shows={"REKEY-5": _crossed_once, "EST-3": _crossed_once}, margin=COARSE, end=self.own,
            ),
            Experiment(
                "REKEY-1-slow", ("REKEY-1",), self.bytes, self.provoked(scripts.slow_answer, self.full),
                measures.of_keys, manual.OLD_KEY, self.full, margin=COARSE, end=self.own,
            ),
            Experiment(
                "REKEY-1-peer", ("REKEY-1",), self.plain, self.provoked(scripts.slow_peer, "", self.full),
                measures.of_keys, manual.OLD_KEY, f"{self.full} at the other end", margin=COARSE, end=self.own,
            ),
            Experiment(
                "REKEY-2-old-key", ("REKEY-2", "BYTE-4"), self.bytes,
                self.provoked(scripts.slow_receiving, self.full), measures.of_keys, manual.OLD_KEY, self.full,
                shows={"REKEY-2": measures.delivered_during, "BYTE-4": measures.delivered_during},
                margin=COARSE, end=self.own,
            ),
        ]  # fmt: skip

    def endings(self) -> list[Asked]:
        """How a link ends that is told to."""
        said = "--explicit-exit-notify 1"
        return [
            Experiment(
                "CLOSE-1-quit", ("CLOSE-1",), self.plain, self.provoked(scripts.quit_idle, said), _of_quit,
                manual.EXIT, said, COARSE, end=self.own,
            ),
            Experiment(
                "CLOSE-1-rekeying", ("CLOSE-1",), self.bytes,
                self.provoked(scripts.quit_rekeying, f"{said} {self.full}"), _of_quit, manual.EXIT,
                f"{said} {self.full}", COARSE, end=self.own,
            ),
        ]  # fmt: skip


def _of_replies(events: Sequence[Event]) -> str:
    came = sum(e.do == "Arrive" and e.message is not None and e.message.kind == "heartbeat" for e in events)
    return f"{len(measures.times(events, 'SendReply'))} replies to {came} heartbeats"


def _of_silence(events: Sequence[Event]) -> str:
    """How long after the latest authentic message the end gave up."""
    first: dict[tuple[str, int], int] = {}
    for e in events:
        if e.do == "Arrive" and e.message is not None and e.message.sealed_by == "peer":
            first.setdefault((e.message.kind, e.message.number), e.t)
    genuine = max(first.values(), default=0)
    ended = measures.times(events, "Close")
    if not ended:
        return f"had not given up {events[-1].t - genuine} ms after the last that came"
    return f"gave up {ended[0] - genuine} ms after the last that came"


def _idle_for(events: Sequence[Event]) -> int:
    """How long (ms) it was watched after its last data. The watching ends with the link."""
    sent = measures.times(events, "SendData")
    return events[-1].t - sent[-1] if sent else 0


def _of_idleness(events: Sequence[Event]) -> str:
    return f"the link was there for {_idle_for(events)} ms after its last data; configured are 3000 ms"


def _of_life(events: Sequence[Event]) -> str:
    came = measures.times(events, "Deliver")
    how = "gave up" if measures.times(events, "Close") else "went on"
    return f"{len(came)} messages came in {came[-1] - came[0] if came else 0} ms, and nothing else; the link {how}"


def _of_channels(events: Sequence[Event]) -> str:
    found = sorted({e.message.channel for e in events if e.do == "SendHeartbeat" and e.message})
    return f"heartbeats flowed on the channels {', '.join(found) or 'none'}"


def _of_quit(events: Sequence[Event]) -> str:
    ended = [e for e in events if e.do == "Close"]
    if not ended:
        return "did not end"
    return "announced its end" if ended[0].message else "ended without a word to the peer"


def _gave_up(events: Sequence[Event]) -> bool:
    return bool(measures.times(events, "Close"))


def _alive(events: Sequence[Event]) -> bool:
    return len(measures.times(events, "Deliver")) == 3 and not measures.times(events, "Close")


def _crossed_once(events: Sequence[Event]) -> bool:
    """Both started, and data flowed both ways under the one key that came of it."""
    starts = [e for e in events if e.message is not None and e.message.kind == "start" and e.message.epoch == 2]
    flowed = {e.do for e in events if e.do in ("SendData", "Deliver") and e.message and e.message.epoch == 2}
    later = any(e.message is not None and e.message.epoch > 2 for e in events)
    return len({e.message.negotiation for e in starts if e.message}) == 2 and len(flowed) == 2 and not later


def experiments(own: Role) -> Sequence[Asked]:
    """All of them, the longest first, since they start one after the other."""
    asked = Questions(own)
    return (
        *asked.volume(), *asked.deaths(), *asked.ages(), *asked.renegotiations(), *asked.heartbeats(),
        *asked.endings(),
    )  # fmt: skip


def first_negotiation() -> Asked:
    """The client's alone: nobody answers it."""
    window = "--hand-window 2"
    return Experiment(
        "EST-4-first", ("EST-4",), Policy(transport="datagram", negotiation_timeout=2000),
        Provocation(scripts.deaf, _options(window), deaf=True), partial(measures.of_renegotiation, 2000),
        manual.HAND_WINDOW, window, WHOLE,
    )  # fmt: skip
