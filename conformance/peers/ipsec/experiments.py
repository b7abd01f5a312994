"""What charon is asked by IKEv2, and IKEv1 besides: each experiment with the policy that its options come to.

How its options read in our words: `rekey_bytes` is a `byte_limit` with `byte_trigger: at-once`, since charon starts
when the limit is reached; `rekey_time` an `age_limit` with `age_trigger: timer`, of the one end that has the option.
`dpd_delay` is the `idle_period` and the `heartbeat_interval`. `retransmit_timeout` with `retransmit_base` 1 is the
`reply_timeout`, `retransmit_tries` the `retries`, and both together, since every request is given up so, the
`negotiation_timeout`. IKE and ESP are two channels over datagrams. What ESP discards is not seen, so discarding is
hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypedDict, Unpack

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ipsec import scripts
from rekeyspec.conformance.peers.ipsec.scene import Provocation, Script
from rekeyspec.conformance.peers.ipsec.settings import GIVE_UP, Settings
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Event

Asked = Experiment[Provocation]

HIDDEN: Final[frozenset[Do]] = frozenset({"Discard"})
LINK: Final = Policy(transport="datagram", channels=2, negotiation_timeout=GIVE_UP)
LIMIT: Final = 5000
"""bytes: reached by the fifth message."""

_BYTES: Final = LINK.but(byte_limit=LIMIT)
_BYTE_FOLLOW: Final = ("byte_limit", "byte_trigger", "byte_test", "byte_counts")

_MANUAL_BYTES: Final = (
    'swanctl.conf: rekey_bytes is the "Number of bytes processed before initiating CHILD_SA rekeying"; a CHILD_SA has '
    "one ESP key for each direction, and each counts for itself"
)
_MANUAL_REKEY: Final = (
    'RFC 7296, 2.8: "the new SA is established" first and "when it is, the new one replaces the old"; no option holds '
    "data back meanwhile"
)
_MANUAL_DPD: Final = (
    'swanctl.conf: "Active DPD checking is only enforced if no IKE or ESP/AH packet has been received for the '
    'configured DPD delay"'
)
_NO_IDLE: Final = (
    "no option ties a new key to idleness: rekey_time, rekey_bytes and rekey_packets are all that renew a CHILD_SA"
)


def limited(limit: int) -> Settings:
    """A byte limit, at exactly that."""
    return Settings(child={"rekey_bytes": str(limit), "rand_bytes": "0", "life_bytes": str(20 * limit)})


def aged(seconds: int) -> Settings:
    """An age limit, at exactly that."""
    return Settings(child={"rekey_time": f"{seconds}s", "rand_time": "0s", "life_time": "60s"})


def checked(seconds: int, **charon: str) -> Settings:
    """Dead peer detection."""
    return Settings(connection={"dpd_delay": f"{seconds}s"}, charon=charon)


def beats(seconds: int, **more: object) -> Policy:
    """The policy that it comes to."""
    plain = LINK.but(idle_period=seconds * 1000, heartbeat_sender="client", reply_timeout=500, retries=2)
    return plain.but(**more)


class More(TypedDict, total=False):
    """What only some experiments have: see `Provocation` and `Experiment`."""

    one: Settings
    two: Settings
    opened: bool
    stands_for: Mapping[str, tuple[str, ...]]
    shows: Mapping[str, Callable[[Sequence[Event]], bool]]
    follow: tuple[str, ...]


def asked(
    name: str,
    rules: Sequence[str],
    policy: Policy,
    script: Script,
    observe: Callable[[Sequence[Event]], str],
    manual: str = "",
    **more: Unpack[More],
) -> Asked:
    """One experiment, with what they have in common."""
    one, two = more.get("one", Settings()), more.get("two", Settings())
    options = [one.written(), f"its peer: {two.written()}" if two.written() else ""]
    return Experiment(
        name, tuple(rules), policy, Provocation(script, one, two, more.get("opened", True)), observe, manual,
        "; ".join(filter(None, options)), stands_for=more.get("stands_for", {}), shows=more.get("shows", {}),
        follow=more.get("follow", ()), hidden=HIDDEN,
    )  # fmt: skip


def given_up_with_traffic(events: Sequence[Event]) -> bool:
    """Was the peer given up although its data was delivered after the first heartbeat?"""
    beats = measures.times(events, "SendHeartbeat")
    return bool(
        beats and measures.times(events, "Close") and any(t > beats[0] for t in measures.times(events, "Deliver"))
    )


def renegotiated_often(events: Sequence[Event]) -> bool:
    """Was there a new key at least fifteen times?"""
    return len(measures.times(events, "Finish")) > 15


def silent_after_close(events: Sequence[Event]) -> str:
    """What was delivered and sent after the link had been given up."""
    closed = measures.times(events, "Close")
    if not closed:
        return "was not given up"
    came, got, left = (
        sum(t > closed[0] for t in measures.times(events, do)) for do in ("Arrive", "Deliver", "SendData")
    )
    return f"given up; of {came} packets that came after it {got} were delivered, and {left} were sent"


def of_close(events: Sequence[Event]) -> str:
    """Whether the end of the link was announced."""
    ends = [e for e in events if e.do == "Close"]
    if not ends:
        return "the link did not end"
    asked_at = measures.times(events, "Shut") or [ends[0].t]
    word = "announced" if ends[0].message else f"not announced ({ends[0].reason})"
    return f"the end was {word}, {ends[0].t - asked_at[0]} ms after the user asked for it"


def of_count(what: Do, of: Do | str) -> Callable[[Sequence[Event]], str]:
    """How many of the one, of how many of the other kind of message that came."""

    def sentence(events: Sequence[Event]) -> str:
        came = sum(e.do == "Arrive" and e.message is not None and e.message.kind == of for e in events)
        return f"{came} {of} came, {len(measures.times(events, what))} times {what}"

    return sentence


def of_renewals(events: Sequence[Event]) -> str:
    """How many negotiations were completed."""
    return f"{len(measures.times(events, 'Finish'))} negotiations were completed in {events[-1].t} ms"


RENEWED: Final = {"BYTE-4": measures.renewed, "BYTE-5": measures.renewed, "EST-3": measures.renewed}


def _bytes() -> tuple[Asked, ...]:
    sent = tuple(
        asked(
            f"BYTE-3-sent.{limit}",
            ("BYTE-3", "BYTE-4", "BYTE-5", "FLOW-1", "EST-3"),
            LINK.but(byte_limit=limit),
            scripts.bytes_sent(count),
            partial(measures.of_bytes, limit),
            _MANUAL_BYTES,
            one=limited(limit),
            shows={**RENEWED, "BYTE-3": measures.renewed},
            follow=_BYTE_FOLLOW,
        )
        for limit, count in ((3000, 8), (LIMIT, 13), (20_000, 44))
    )
    return (
        *sent,
        asked(
            "BYTE-3-received",
            ("BYTE-3", "BYTE-5"),
            _BYTES,
            scripts.bytes_received,
            partial(measures.of_bytes, LIMIT),
            _MANUAL_BYTES,
            one=limited(LIMIT),
            stands_for={"IDLE-2": ("BYTE-5",)},
        ),
        asked(
            "BYTE-3-both",
            ("BYTE-1", "BYTE-3"),
            _BYTES,
            scripts.bytes_both,
            partial(measures.of_bytes, LIMIT),
            _MANUAL_BYTES,
            one=limited(LIMIT),
            stands_for={"BYTE-5": ("BYTE-1",), "BYTE-3": ("BYTE-1",)},
        ),
        asked(
            "BYTE-1-small",
            ("BYTE-1", "NEED-1"),
            LINK.but(byte_limit=3000),
            scripts.bytes_small,
            partial(measures.of_bytes, 3000),
            _MANUAL_BYTES,
            one=limited(3000),
            stands_for={"NEED-1": ("BYTE-1", "NEED-1"), "IDLE-2": ("BYTE-1", "NEED-1"), "BYTE-3": ("BYTE-1",)},
            shows={"BYTE-1": measures.renewed, "NEED-1": measures.renewed},
        ),
        asked(
            "BYTE-2-heartbeats",
            ("BYTE-2", "HB-4", "IDLE-2"),
            beats(1, byte_limit=300),
            scripts.silence,
            partial(measures.of_bytes, 300),
            _MANUAL_BYTES,
            one=Settings({"dpd_delay": "1s"}, limited(300).child),
            stands_for={"IDLE-2": ("BYTE-2", "HB-4", "IDLE-2")},
        ),
    )


def _age() -> tuple[Asked, ...]:
    timer = LINK.but(age_limit=1000, age_trigger="timer", rekey_initiator="client")
    follow = ("age_limit", "age_trigger")
    return (
        asked(
            "AGE-1-busy", ("AGE-1", "AGE-2", "REKEY-3"), timer, scripts.trickle, partial(measures.of_ages, 1000),
            one=aged(1), shows={"AGE-1": measures.renewed, "REKEY-3": measures.renewed}, follow=follow,
        ),
        asked(
            "AGE-2-idle", ("AGE-2",), timer, scripts.silence, partial(measures.of_ages, 1000), one=aged(1),
            follow=follow,
        ),
    )  # fmt: skip


def _idle() -> tuple[Asked, ...]:
    return (
        asked(
            "IDLE-1-data", ("IDLE-1",), beats(1, idle_trigger="heartbeat"), scripts.idle_then_data, measures.of_keys,
            _NO_IDLE, one=checked(1), follow=("idle_trigger",),
        ),
        asked(
            "IDLE-3-data", ("IDLE-3", "HB-3"),
            LINK.but(idle_period=1000, heartbeat_sender="server", reject_trigger="heartbeat"),
            scripts.data_after_heartbeat, measures.of_keys, _NO_IDLE, two=checked(1), follow=("reject_trigger",),
        ),
    )  # fmt: skip


def intervals() -> tuple[Asked, ...]:
    """The interval at three settings."""
    quick = {"retransmit_timeout": "0.3"}
    return tuple(
        asked(
            f"HB-2-interval.{seconds}s", ("HB-1", "HB-2"), beats(seconds, reply_timeout=300, negotiation_timeout=900),
            script, partial(measures.of_intervals, seconds * 1000), _MANUAL_DPD, one=checked(seconds, **quick),
            follow=("idle_period",),
        )
        for seconds, script in ((1, scripts.silence), (2, scripts.long_silence), (3, scripts.long_silence))
    )  # fmt: skip


def flow() -> tuple[Asked, ...]:
    """Heartbeats and data."""
    return (
        asked(
            "HB-1-idle", ("HB-1", "HB-2"), beats(2), scripts.data_then_idle, of_first_beat, _MANUAL_DPD,
            one=checked(2), opened=False,
        ),
        asked("HB-2-sending", ("HB-2",), beats(1), scripts.data_out, measures.of_flow, _MANUAL_DPD, one=checked(1)),
        asked(
            "HB-2-receiving", ("HB-1", "HB-2"), beats(2), scripts.data_in, measures.of_flow, _MANUAL_DPD,
            one=checked(2), opened=False,
        ),
        asked(
            "HB-3-reply", ("HB-3",), LINK.but(idle_period=1000, heartbeat_sender="server"), scripts.silence,
            of_count("SendReply", "heartbeat"), two=checked(1),
        ),
    )  # fmt: skip


def of_first_beat(events: Sequence[Event]) -> str:
    """How long after the last data the first heartbeat came."""
    data, beats = measures.times(events, "SendData", "Deliver"), measures.times(events, "SendHeartbeat")
    after = [t for t in beats if data and t > data[-1]]
    return f"a heartbeat {after[0] - data[-1]} ms after the last data" if after else "no heartbeat after data"


def _forged() -> tuple[Asked, ...]:
    heartbeats = LINK.but(idle_period=1000, heartbeat_sender="server")
    count = of_count("SendReply", "heartbeat")
    delivered = of_count("Deliver", "data")
    return (
        asked("HB-5-forged", ("HB-5",), heartbeats, scripts.forged_heartbeat, count, two=checked(1)),
        asked(
            "HB-5-replayed", ("HB-5",), heartbeats, scripts.repeated_heartbeat, count,
            'RFC 7296, 2.1: "The responder MUST remember each response until it receives a request whose sequence '
            'number is larger than or equal to the sequence number in the response plus its window size"',
            two=checked(1),
        ),
        asked("AUTH-1-forged", ("AUTH-1",), LINK, scripts.forged_data, delivered),
        asked("ORDER-1-repeated", ("ORDER-1",), LINK, scripts.repeated_data, delivered),
        asked(
            "ORDER-1-late", ("ORDER-1",), LINK, scripts.late_data, delivered,
            'swanctl.conf: replay_window is the "IPsec replay window to configure for this CHILD_SA", 32 packets by '
            "default: what is late but within it is taken",
        ),
    )  # fmt: skip


def death() -> tuple[Asked, ...]:
    """Dead peers."""
    killed = tuple(
        asked(
            name, ("DEAD-1", "DEAD-2"), beats(2), script, partial(measures.of_death, GIVE_UP), _MANUAL_DPD,
            one=checked(2), follow=("retries", "on_missed_reply"),
        )
        for name, script in (("DEAD-1-muted", scripts.dead_peer), ("DEAD-1-muted.killed", scripts.killed_peer))
    )  # fmt: skip
    return (
        *killed,
        asked(
            "DEAD-1-repeated", ("DEAD-1",), beats(2), scripts.late_reply, partial(measures.of_death, GIVE_UP),
            one=checked(2),
        ),
        asked(
            "HB-2-slow-replies", ("HB-2",), beats(2), scripts.slow_reply, partial(measures.of_intervals, 2000),
            _MANUAL_DPD, one=checked(2),
        ),
        asked(
            "DEAD-3-silent", ("DEAD-3",),
            LINK.but(idle_period=1000, heartbeat_sender="server", grace=100, on_missed_heartbeat="close"),
            scripts.silence, of_close, "no option makes it expect heartbeats of its peer",
            follow=("on_missed_heartbeat",),
        ),
        asked(
            "DEAD-4-traffic", ("DEAD-4",), beats(2), scripts.dead_peer_with_traffic,
            partial(measures.of_death, GIVE_UP), one=checked(2), shows={"DEAD-4": given_up_with_traffic},
            follow=("proof_of_life",),
        ),
        asked("DEAD-5-gone", ("DEAD-5",), beats(2), scripts.after_death, silent_after_close, one=checked(2)),
    )  # fmt: skip


def _renegotiation() -> tuple[Asked, ...]:
    one = limited(LIMIT)
    took = partial(measures.of_renegotiation, GIVE_UP)
    return (
        asked("EST-4-first", ("EST-4",), LINK, scripts.deaf, took, opened=False),
        asked("EST-4-ignored", ("EST-4",), _BYTES, scripts.ignored, took, one=one, follow=("negotiation_timeout",)),
        asked("EST-4-ignored-busy", ("EST-4",), _BYTES, scripts.ignored_busy, took, one=one),
        asked("REKEY-1-slow", ("REKEY-1",), _BYTES, scripts.slow_answer, measures.of_keys, _MANUAL_REKEY, one=one),
        asked(
            "REKEY-1-peer", ("REKEY-1",), LINK, scripts.peer_starts, measures.of_keys, _MANUAL_REKEY,
        ),
        asked(
            "REKEY-2-old-key", ("REKEY-2",), _BYTES, scripts.old_key, measures.of_keys, one=one,
            shows={"REKEY-2": measures.delivered_during},
        ),
        asked(
            "REKEY-2-after", ("REKEY-2",), LINK, scripts.after_new_key, measures.of_keys,
            'strongswan.conf: delete_rekeyed_delay, 5 s by default: "To process delayed packets the inbound part of '
            'a CHILD_SA is kept installed up to the configured number of seconds after it got replaced during a '
            'rekeying"',
        ),
        asked(
            "REKEY-5-both", ("REKEY-5",), _BYTES, scripts.both_start, measures.of_keys,
            'RFC 7296, 2.8.1: both are answered, and of the two new SAs "the SA created with the lowest of the four '
            'nonces ... SHOULD be closed"',
            one=one,
        ),
        asked("CLOSE-1-quit", ("CLOSE-1",), LINK, scripts.quit_at_once, of_close),
        asked("CLOSE-1-rekeying", ("CLOSE-1",), _BYTES, scripts.quit_early, of_close, one=one),
        asked(
            "LIM-2-many", ("LIM-2", "LIM-3"), LINK.but(byte_limit=2000), scripts.bytes_sent(40), of_renewals,
            one=limited(2000), shows={"LIM-2": renegotiated_often, "LIM-3": measures.renewed},
        ),
    )  # fmt: skip


def experiments() -> tuple[Asked, ...]:
    """All of them, the longest first, since they start one after the other."""
    return (*death(), *intervals(), *_renegotiation(), *_age(), *flow(), *_bytes(), *_idle(), *_forged())
