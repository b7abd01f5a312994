"""What charon is asked about idleness, heartbeats (dead peer detection) and dead peers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.ipsec import life_scripts as play
from rekeyspec.conformance.peers.ipsec import scripts
from rekeyspec.conformance.peers.ipsec.asking import (
    LINK,
    TIMEOUT,
    Asked,
    asked,
    beats,
    checked,
    given_up_with_traffic,
    of_close,
    of_count,
    of_first_beat,
    silent_after_close,
)
from rekeyspec.conformance.peers.ipsec.scene import Script
from rekeyspec.conformance.peers.ipsec.settings import GIVE_UP, Settings, Version
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

_MANUAL_DPD: Final = (
    'swanctl.conf: "Active DPD checking is only enforced if no IKE or ESP/AH packet has been received for the '
    'configured DPD delay"'
)
_WHOLE_SECONDS: Final = f"{_MANUAL_DPD}, by a clock of whole seconds"
_MANUAL_TIMEOUT: Final = (
    'swanctl.conf: "Charon by default uses the normal retransmission mechanism and timeouts to check the liveness of a '
    'peer"; with IKEv1 the delay is taken off their sum, and what is left where that is negative is 49 days'
)
_NO_IDLE: Final = (
    "no option ties a new key to idleness: rekey_time, rekey_bytes and rekey_packets are all that renew a CHILD_SA"
)
_MANUAL_REPLAY: Final = (
    'RFC 7296, 2.1: "The responder MUST remember each response until it receives a request whose sequence number is '
    'larger than or equal to the sequence number in the response plus its window size"'
)


def idle() -> tuple[Asked, ...]:
    """Data after idleness."""
    rejecting = LINK.but(idle_period=1000, heartbeat_sender="server", reject_trigger="heartbeat")
    return (
        asked(
            "IDLE-1-data", ("IDLE-1",), beats(1, idle_trigger="heartbeat"), play.idle_then_data, measures.of_keys,
            _NO_IDLE, one=checked(1), follow=("idle_trigger",),
        ),
        asked(
            "IDLE-3-data", ("IDLE-3", "HB-3"), rejecting, play.data_after_heartbeat, measures.of_keys, _NO_IDLE,
            two=checked(1), follow=("reject_trigger",),
        ),
    )  # fmt: skip


def intervals() -> tuple[Asked, ...]:
    """The interval at three settings, replies coming."""
    return tuple(
        asked(
            f"HB-2-interval.{seconds}s", ("HB-1", "HB-2"), beats(seconds, reply_timeout=300, negotiation_timeout=900),
            script, partial(measures.of_intervals, seconds * 1000), _MANUAL_DPD,
            one=checked(seconds, retransmit_timeout="0.3"), follow=("idle_period",),
        )
        for seconds, script in ((1, scripts.silence), (2, play.long_silence), (3, play.long_silence))
    )  # fmt: skip


def heartbeats(version: Version) -> tuple[Asked, ...]:
    """Heartbeats and data, and heartbeats that are answered, forged, repeated."""
    received = LINK.but(idle_period=1000, heartbeat_sender="server")
    count = of_count("SendReply", "heartbeat")
    return (
        asked(
            "HB-1-idle", ("HB-1", "HB-2"), beats(2), play.data_then_idle, of_first_beat, _WHOLE_SECONDS,
            one=checked(2), opened=False,
        ),
        asked("HB-2-sending", ("HB-2",), beats(1), play.data_out, measures.of_flow, _MANUAL_DPD, one=checked(1)),
        asked(
            "HB-2-receiving", ("HB-1", "HB-2"), beats(2), play.data_in, measures.of_flow, _MANUAL_DPD,
            one=checked(2), opened=False,
        ),
        asked("HB-3-reply", ("HB-3",), received, scripts.silence, count, two=checked(1)),
        asked("HB-5-forged", ("HB-5",), received, play.forged_heartbeat, count, two=checked(1)),
        asked(
            "HB-5-replayed", ("HB-5",), received, play.repeated_heartbeat, count,
            _MANUAL_REPLAY if version == 2 else "", two=checked(1),
        ),
        asked(
            "DEAD-3-silent", ("DEAD-3",),
            LINK.but(idle_period=1000, heartbeat_sender="server", grace=100, on_missed_heartbeat="close"),
            scripts.silence, of_close,
            "no option makes it expect heartbeats of its peer (inactivity is about data, and closes in spite of them)",
            follow=("on_missed_heartbeat",),
        ),
    )  # fmt: skip


def death(version: Version) -> tuple[Asked, ...]:
    """Dead peers."""
    return _death_v2() if version == 2 else _death_v1()


def _death_v2() -> tuple[Asked, ...]:
    """IKEv2 sends a heartbeat three times, and gives up."""
    took = partial(measures.of_death, GIVE_UP)
    return (
        *(
            asked(
                name, ("DEAD-1", "DEAD-2"), beats(2), script, took, one=checked(2),
                follow=("retries", "on_missed_reply"),
            )
            for name, script in (("DEAD-1-muted", play.dead_peer), ("DEAD-1-muted.killed", play.killed_peer))
        ),
        asked("DEAD-1-repeated", ("DEAD-1",), beats(2), play.late_reply, took, one=checked(2)),
        asked(
            "HB-2-slow-replies", ("HB-2",), beats(2), play.slow_reply, partial(measures.of_intervals, 2000),
            _MANUAL_DPD, one=checked(2),
        ),
        asked(
            "DEAD-4-traffic", ("DEAD-4",), beats(2), play.dead_peer_with_traffic, took, one=checked(2),
            shows={"DEAD-4": given_up_with_traffic}, follow=("proof_of_life",),
        ),
        asked("DEAD-5-gone", ("DEAD-5",), beats(2), play.after_death, silent_after_close, one=checked(2)),
    )  # fmt: skip


def _death_v1() -> tuple[Asked, ...]:
    """IKEv1 sends a heartbeat once. It gives up `dpd_timeout` (else the sum of the retransmissions' times) after the
    last sign of life, which was `dpd_delay` before the heartbeat: so the rest is the `reply_timeout`."""
    by_timeout = beats(2, reply_timeout=1000, retries=0)
    timeout = Settings({"dpd_delay": "2s", "dpd_timeout": "3s"})

    def muted(name: str, policy: Policy, one: Settings, limit: int, manual: str, script: Script) -> Asked:
        rules = ("DEAD-1", "DEAD-2") if policy.retries else ("DEAD-2",)
        return asked(name, rules, policy, script, partial(measures.of_death, limit), manual, one=one)

    once = beats(1, reply_timeout=TIMEOUT, retries=0)
    return (
        muted("DEAD-1-muted.1s", once, checked(1), TIMEOUT, "", play.dead_peer),
        muted("DEAD-1-muted.2s", beats(2), checked(2), GIVE_UP, _MANUAL_TIMEOUT, play.dead_peer),
        muted("DEAD-1-muted.timeout-3s", by_timeout, timeout, 1000, "", play.dead_peer),
        muted("DEAD-1-muted.killed", by_timeout, timeout, 1000, "", play.killed_peer),
        asked(
            "DEAD-4-traffic", ("DEAD-4",), by_timeout.but(proof_of_life="any"), play.dead_peer_with_traffic,
            partial(measures.of_death, 1000), one=timeout, shows={"DEAD-4": _lived_on},
            follow=("proof_of_life",),
        ),
        asked("DEAD-5-gone", ("DEAD-5",), by_timeout, play.after_death, silent_after_close, one=timeout),
    )  # fmt: skip


def _lived_on(events: Sequence[Event]) -> bool:
    """Was the peer, which answered no heartbeat, held to be alive because of its data, for three times the limit?"""
    sent, ends = measures.times(events, "SendHeartbeat"), measures.times(events, "Close")
    answered = any(e.do == "Arrive" and e.message is not None and e.message.kind == "reply" for e in events)
    return bool(sent) and not ends and not answered and measures.times(events, "Deliver")[-1:] > [sent[0] + 3000]
