"""What wireguard-go is asked: each experiment with the policy that its fixed timers and one option come to.

How they read in our words. `RekeyAfterTime` (120 s) and `RejectAfterTime` (180 s) are two age limits, `age_trigger:
data`: past the first a message is still sent and then brings a new key, past the second it waits for one. Where what
comes after the first is asked about, the key is left idle until then, so that `age_trigger: timer` allows what it does.
`RekeyAttemptTime` (90 s) is the `negotiation_timeout`. `PersistentKeepalive` is the `idle_period`, read as a series of
repeats that nobody answers, so `heartbeat_interval` is set out of the way. `KeepaliveTimeout` (10 s) is an
`idle_period` too, but only after data came, and once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.wireguard import scripts
from rekeyspec.conformance.peers.wireguard.scene import Provocation
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Event

Asked = Experiment[Provocation]

_PLAIN: Final = Policy(transport="datagram", negotiation_timeout=90_000)
_SLOW: Final = Margin(ms=1000)
"""Of timers of a minute and more."""
_TIMER: Final = Margin(ms=250)
_UNSEEN: Final[frozenset[Do]] = frozenset({"SendHeartbeat", "SendReply", "Discard"})
"""Where keepalives are not what is asked about: one follows data that comes, and none is answered."""
_UNANSWERED: Final = 1000
"""How often a heartbeat that nobody answers is repeated."""

_KEEPALIVE: Final = (
    "wg(8), persistent-keepalive: 'how often to send an authenticated empty packet to the peer, for the purpose of "
    "keeping a stateful firewall or NAT mapping valid persistently'"
)
_NO_DEATH: Final = f"no option ends a link; {_KEEPALIVE}"
_NO_IDLE: Final = "no option ties a new key to idleness; a key is used until RejectAfterTime, 180 s"
_NO_BYTES: Final = "no option counts bytes; its only limits are RekeyAfterMessages, 2^60, and RekeyAfterTime, 120 s"
_AFTER: Final = "its constants: RekeyAfterTime, 120 s; it asks for a new key when it has sent under one so old"
_ATTEMPTS: Final = (
    "its constants: RekeyAttemptTime is 90 s, and MaxTimerHandshakes 'RekeyAttemptTime / RekeyTimeout', 18; it gives "
    "up after 20 attempts, each RekeyTimeout, 5 s, and up to 334 ms of jitter"
)
_PASSIVE: Final = (
    "Linux's timers.c, which it follows: 'Timer for sending empty packet if we have received a packet but after have "
    "not sent one for `KEEPALIVE_TIMEOUT` ms'"
)
_UNHEARD: Final = (
    "Linux's timers.c, which it follows: 'Timer for initiating new handshake if we have sent a packet but after have "
    "not received one (even empty) for `(KEEPALIVE_TIMEOUT + REKEY_TIMEOUT) + jitter` ms'"
)
_OLD_KEY: Final = "it keeps the previous key beside the current one, and uses that until the next is there"
_CROSSED: Final = (
    "nothing is said of two handshakes that cross; whoever is asked while it asks answers, and forgets that it asked"
)
_NO_CLOSE: Final = "no message of its protocol ends a session"


def _beats(seconds: int) -> Policy:
    """The policy that PersistentKeepalive comes to."""
    ms = seconds * 1000
    return _PLAIN.but(
        idle_period=ms, heartbeat_sender="client", reply_timeout=ms, retries=_UNANSWERED, proof_of_life="any",
        heartbeat_interval=ms * (_UNANSWERED + 1),
    )  # fmt: skip


def _of_key_and_end(events: Sequence[Event]) -> str:
    """How long after its last data the client asked for a new key, or gave up."""
    sent, started = measures.times(events, "SendData"), measures.times(events, "Start")
    closed = measures.times(events, "Close")
    later = started[-1] - sent[-1] if sent and started else 0
    asked = f"asked for a new key {later} ms after its last data" if later > 0 else "asked for no new key"
    return f"{asked}; {'gave up' if closed else 'had not given up'}"


def _of_silence(events: Sequence[Event]) -> str:
    came = measures.times(events, "Arrive")
    how = "gave up" if measures.times(events, "Close") else "had not given up"
    return f"{how} {events[-1].t - came[-1]} ms after the last that came"


def _of_replies(events: Sequence[Event]) -> str:
    came = sum(e.do == "Arrive" and e.message is not None and e.message.kind == "heartbeat" for e in events)
    return f"{len(measures.times(events, 'SendReply'))} replies to {came} heartbeats"


def _of_quit(events: Sequence[Event]) -> str:
    ended = [e for e in events if e.do == "Close"]
    return "did not end" if not ended else "announced" if ended[0].message else "ended without a word to the peer"


def _waited(events: Sequence[Event]) -> bool:
    return bool(measures.times(events, "SendData"))


RENEWING: Final[tuple[Asked, ...]] = (
    Experiment(
        "EST-4-ignored", ("EST-4", "AGE-1"), _PLAIN.but(age_limit=180_000),
        Provocation(scripts.ignored), partial(measures.of_renegotiation, 90_000), _ATTEMPTS, margin=_SLOW,
        hidden=_UNSEEN,
    ),
    Experiment(
        "REKEY-5-both", ("REKEY-5",), _PLAIN.but(age_limit=180_000),
        Provocation(scripts.both_start), partial(measures.of_renegotiation, 90_000),
        _CROSSED, margin=_SLOW, hidden=_UNSEEN,
        stands_for={"EST-4": ("REKEY-5",)},
    ),
    Experiment(
        "AGE-2-idle", ("AGE-1", "AGE-2", "IDLE-2", "FLOW-1"), _PLAIN.but(age_limit=180_000),
        Provocation(scripts.age_idle), partial(measures.of_ages, 180_000), _AFTER, margin=_SLOW, hidden=_UNSEEN,
        shows={"AGE-2": measures.renewed}, follow=("age_limit", "age_trigger"),
    ),
    Experiment(
        "HB-4-age", ("HB-4", "IDLE-2"), _beats(25).but(age_limit=120_000),
        Provocation(scripts.age_heartbeats, keepalive=25), partial(measures.of_ages, 120_000),
        f"{_AFTER}, and a keepalive is sent under it too", "PersistentKeepalive = 25", _SLOW, hidden=_UNSEEN,
        stands_for={"IDLE-2": ("HB-4", "IDLE-2")},
    ),
    Experiment(
        "AGE-1-busy", ("AGE-1",), _PLAIN.but(age_limit=120_000),
        Provocation(scripts.age_busy), partial(measures.of_ages, 120_000), _AFTER, margin=_TIMER, hidden=_UNSEEN,
    ),
    Experiment(
        "REKEY-1-slow", ("REKEY-1",), _PLAIN.but(age_limit=123_000, age_trigger="timer"),
        Provocation(scripts.renewing_slowly), measures.of_keys, _OLD_KEY, margin=_SLOW, hidden=_UNSEEN,
    ),
    Experiment(
        "REKEY-2-after", ("REKEY-2",), _PLAIN.but(age_limit=123_000, age_trigger="timer"),
        Provocation(scripts.late_data), measures.of_keys, _OLD_KEY, margin=_SLOW, hidden=_UNSEEN,
        stands_for={"FLOW-1": ("REKEY-2",)},
    ),
    Experiment(
        "EST-4-first", ("EST-4", "EST-1"), _PLAIN, Provocation(scripts.deaf),
        partial(measures.of_renegotiation, 90_000), _ATTEMPTS, margin=_SLOW, hidden=_UNSEEN,
    ),
)  # fmt: skip

HEARTBEATS: Final[tuple[Asked, ...]] = (
    Experiment(
        "HB-1-idle", ("HB-1", "HB-2"),
        _PLAIN.but(idle_period=10_000, heartbeat_sender="client", reply_timeout=10_000, retries=_UNANSWERED,
                   proof_of_life="any", heartbeat_interval=10_000 * (_UNANSWERED + 1)),
        Provocation(scripts.passive), partial(measures.of_intervals, 10_000), _PASSIVE, margin=_TIMER,
        stands_for={"DEAD-1": ("HB-2",)},
    ),
    *(
        Experiment(
            f"HB-2-interval.{n}s", ("HB-1", "HB-2", "DEAD-1"), _beats(n), Provocation(script, keepalive=n),
            partial(measures.of_intervals, n * 1000), _KEEPALIVE, f"PersistentKeepalive = {n}", _TIMER,
            stands_for={"DEAD-1": ("HB-2", "DEAD-1")},
        )
        for n, script in ((1, scripts.heartbeats), (2, scripts.heartbeats), (3, scripts.heartbeats_rare))
    ),
    Experiment(
        "HB-2-sending", ("HB-2",), _beats(1), Provocation(scripts.sending, keepalive=1), measures.of_flow, _KEEPALIVE,
        "PersistentKeepalive = 1", _TIMER,
        shows={"HB-2": lambda events: len(measures.times(events, "SendData")) > 20},
    ),
    Experiment(
        "HB-2-receiving", ("HB-2",), _beats(1), Provocation(scripts.receiving, keepalive=1), measures.of_flow,
        _KEEPALIVE, "PersistentKeepalive = 1", _TIMER,
        shows={"HB-2": lambda events: len(measures.times(events, "Deliver")) > 20},
    ),
    Experiment(
        "HB-3-reply", ("HB-3",), _PLAIN.but(idle_period=1000, heartbeat_sender="server"),
        Provocation(scripts.heartbeats_received, peer_keepalive=1), _of_replies, _KEEPALIVE,
        "PersistentKeepalive = 1 at the other end", _TIMER,
    ),
    Experiment(
        "IDLE-1-data", ("IDLE-1",), _beats(1).but(idle_trigger="heartbeat"),
        Provocation(scripts.idle_then_data, keepalive=1), measures.of_keys, _NO_IDLE, "PersistentKeepalive = 1",
        _TIMER, follow=("idle_trigger",),
    ),
    Experiment(
        "IDLE-3-data", ("IDLE-3",),
        _PLAIN.but(
            idle_period=1000, heartbeat_sender="server", idle_trigger="heartbeat", reject_trigger="heartbeat"
        ),
        Provocation(scripts.data_after_heartbeat, peer_keepalive=1), measures.of_keys, _NO_IDLE,
        "PersistentKeepalive = 1 at the other end", _TIMER, hidden=frozenset({"SendReply"}),
        follow=("reject_trigger",),
    ),
)  # fmt: skip

ENDINGS: Final[tuple[Asked, ...]] = (
    Experiment(
        "DEAD-1-muted.data", ("IDLE-2",), _PLAIN, Provocation(scripts.unanswered), _of_key_and_end, _UNHEARD,
        margin=_TIMER, hidden=_UNSEEN,
    ),
    Experiment(
        "DEAD-1-muted", ("DEAD-2",), _beats(1).but(retries=1, heartbeat_interval=2000),
        Provocation(scripts.silence, keepalive=1), partial(measures.of_death, 2000), _NO_DEATH,
        "PersistentKeepalive = 1", _TIMER, follow=("retries", "proof_of_life"),
    ),
    Experiment(
        "DEAD-3-silent", ("DEAD-3",),
        _PLAIN.but(idle_period=1000, heartbeat_sender="server", on_missed_heartbeat="close", grace=2000),
        Provocation(scripts.silence, peer_keepalive=1), _of_silence, _NO_DEATH,
        "PersistentKeepalive = 1 at the other end", _TIMER, hidden=_UNSEEN,
        follow=("on_missed_heartbeat",),
    ),
    Experiment(
        "BYTE-3-sent", ("BYTE-3",), _PLAIN.but(byte_limit=10_000), Provocation(scripts.bytes_sent),
        partial(measures.of_bytes, 10_000), _NO_BYTES, margin=_TIMER, hidden=_UNSEEN,
        stands_for={"BYTE-5": ("BYTE-3",)}, follow=("byte_limit",),
    ),
    Experiment(
        "CLOSE-1-quit", ("CLOSE-1",), _PLAIN, Provocation(scripts.quit_idle), _of_quit, _NO_CLOSE, margin=_TIMER,
    ),
)  # fmt: skip

EXPERIMENTS: Final = RENEWING + HEARTBEATS + ENDINGS
"""The longest first, since there are not places for all at once."""
