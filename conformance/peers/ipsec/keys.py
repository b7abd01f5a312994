"""What charon is asked about keys: when one is renewed, and what becomes of data meanwhile."""

from __future__ import annotations

from functools import partial
from typing import Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.ipsec import key_scripts as play
from rekeyspec.conformance.peers.ipsec import scripts
from rekeyspec.conformance.peers.ipsec.asking import (
    LIMIT,
    LINK,
    Asked,
    aged,
    asked,
    beats,
    limited,
    of_close,
    of_count,
    of_proof,
    of_renewals,
    renegotiated_often,
)
from rekeyspec.conformance.peers.ipsec.settings import GIVE_UP, Settings, Version

_BYTES: Final = LINK.but(byte_limit=LIMIT)
_FOLLOW: Final = ("byte_limit", "byte_trigger", "byte_test", "byte_counts")
_RENEWED: Final = dict.fromkeys(("BYTE-3", "BYTE-4", "BYTE-5", "EST-3"), measures.renewed)

_IMPOSTOR: Final = "a key of its own"
_MANUAL_BYTES: Final = (
    'swanctl.conf: rekey_bytes is the "Number of bytes processed before initiating CHILD_SA rekeying"; a CHILD_SA has '
    "one ESP key for each direction, and each counts for itself"
)
_MANUAL_REKEY: Final = {
    1: "the old CHILD_SA is used until the new one is there, and no option holds data back meanwhile",
    2: 'RFC 7296, 2.8: "create a new, equivalent SA (see Section 2.17 below), and when the new one is established, '
    'delete the old one"; no option holds data back meanwhile',
}
_MANUAL_AFTER: Final = {
    1: 'strongswan.conf: delete_rekeyed, no by default: "Delete CHILD_SAs right after they got successfully rekeyed '
    '(IKEv1 only)"; so they stay until they expire',
    2: 'strongswan.conf: delete_rekeyed_delay, 5 s by default: "To process delayed packets the inbound part of a '
    'CHILD_SA is kept installed up to the configured number of seconds after it got replaced during a rekeying"',
}
_MANUAL_ONE: Final = (
    'RFC 7296, 2.3: "An IKE endpoint MUST wait for a response to each of its messages before sending a subsequent '
    'message"; where none comes, charon drops the IKE_SA and the DELETE that waits with it'
)
_MANUAL_BOTH: Final = {
    1: "RFC 2409 has no rule for it; both are answered, and two new CHILD_SAs result",
    2: 'RFC 7296, 2.8.1: both are answered, and of the two new SAs "the SA created with the lowest of the four nonces '
    'used in the two exchanges SHOULD be closed by the endpoint that created it"',
}


def limits() -> tuple[Asked, ...]:
    """The byte limit."""
    sent = tuple(
        asked(
            f"BYTE-3-sent.{limit}", ("BYTE-3", "BYTE-4", "BYTE-5", "FLOW-1", "EST-3"), LINK.but(byte_limit=limit),
            play.bytes_sent(count), partial(measures.of_bytes, limit), _MANUAL_BYTES, one=limited(limit),
            shows=_RENEWED, follow=_FOLLOW,
        )
        for limit, count in ((3000, 8), (LIMIT, 13), (20_000, 44))
    )  # fmt: skip
    of_limit = partial(measures.of_bytes, LIMIT)
    return (
        *sent,
        asked(
            "BYTE-3-received", ("BYTE-3", "BYTE-5"), _BYTES, play.bytes_received, of_limit, _MANUAL_BYTES,
            one=limited(LIMIT), stands_for={"IDLE-2": ("BYTE-5",)},
        ),
        asked(
            "BYTE-3-both", ("BYTE-1", "BYTE-3"), _BYTES, play.bytes_both, of_limit, _MANUAL_BYTES,
            one=limited(LIMIT), stands_for={"BYTE-5": ("BYTE-1",), "BYTE-3": ("BYTE-1",)},
        ),
        asked(
            "BYTE-1-small", ("BYTE-1", "NEED-1"), LINK.but(byte_limit=3000), play.bytes_small,
            partial(measures.of_bytes, 3000), _MANUAL_BYTES, one=limited(3000),
            stands_for={"NEED-1": ("BYTE-1", "NEED-1"), "IDLE-2": ("BYTE-1", "NEED-1"), "BYTE-3": ("BYTE-1",)},
            shows={"BYTE-1": measures.renewed, "NEED-1": measures.renewed},
        ),
        asked(
            "BYTE-2-heartbeats", ("BYTE-2", "HB-4", "IDLE-2"), beats(1, byte_limit=300), scripts.silence,
            partial(measures.of_bytes, 300), _MANUAL_BYTES, one=Settings({"dpd_delay": "1s"}, limited(300).child),
            stands_for={"IDLE-2": ("BYTE-2", "HB-4", "IDLE-2")},
        ),
    )  # fmt: skip


def ages() -> tuple[Asked, ...]:
    """The age limit, of a busy link and of an idle one."""
    timer = LINK.but(age_limit=1000, age_trigger="timer", rekey_initiator="client")
    follow = ("age_limit", "age_trigger")
    return (
        asked(
            "AGE-1-busy", ("AGE-1", "AGE-2", "REKEY-3"), timer, play.trickle, partial(measures.of_ages, 1000),
            one=aged(1), shows={"AGE-1": measures.renewed, "REKEY-3": measures.renewed}, follow=follow,
        ),
        asked(
            "AGE-2-idle", ("AGE-2",), timer, scripts.silence, partial(measures.of_ages, 1000), one=aged(1),
            follow=follow,
        ),
    )  # fmt: skip


def renegotiations(version: Version) -> tuple[Asked, ...]:
    """Renegotiations that go wrong, and data meanwhile."""
    one = limited(LIMIT)
    # In main mode a wrong key shows before anybody has proved anything: nothing can be read any more.
    wrong_key = [
        asked(
            "EST-2-wrong-key", ("EST-2",), LINK, play.impostor, of_proof, two=Settings(secret=_IMPOSTOR),
            opened=False,
        )
    ] if version == 2 else []  # fmt: skip
    took = partial(measures.of_renegotiation, GIVE_UP)
    return (
        *wrong_key,
        asked("EST-4-first", ("EST-4",), LINK, play.deaf, took, opened=False),
        asked("EST-4-ignored", ("EST-4",), _BYTES, play.ignored, took, one=one, follow=("negotiation_timeout",)),
        asked("EST-4-ignored-busy", ("EST-4",), _BYTES, play.ignored_busy, took, one=one),
        asked(
            "REKEY-1-slow", ("REKEY-1",), _BYTES, play.slow_answer, measures.of_keys, _MANUAL_REKEY[version],
            one=one,
        ),
        asked("REKEY-1-peer", ("REKEY-1",), LINK, play.peer_starts, measures.of_keys, _MANUAL_REKEY[version]),
        asked(
            "REKEY-2-old-key", ("REKEY-2",), _BYTES, play.old_key, measures.of_keys, one=one,
            shows={"REKEY-2": measures.delivered_during},
        ),
        asked("REKEY-2-after", ("REKEY-2",), LINK, play.after_new_key, measures.of_keys, _MANUAL_AFTER[version]),
        asked(
            "REKEY-5-both", ("REKEY-5",), _BYTES, play.both_start, measures.of_keys, _MANUAL_BOTH[version], one=one,
        ),
        asked("CLOSE-1-quit", ("CLOSE-1",), LINK, play.quit_at_once, of_close),
        asked(
            "CLOSE-1-rekeying", ("CLOSE-1",), _BYTES, play.quit_early, of_close,
            _MANUAL_ONE, one=one,
        ),
        asked(
            "LIM-2-many", ("LIM-2", "LIM-3"), LINK.but(byte_limit=2000), play.bytes_sent(40), of_renewals,
            one=limited(2000), shows={"LIM-2": renegotiated_often, "LIM-3": measures.renewed},
        ),
    )  # fmt: skip


def packets() -> tuple[Asked, ...]:
    """Packets that come forged, twice, or late."""
    delivered = of_count("Deliver", "data")
    return (
        asked("AUTH-1-forged", ("AUTH-1",), LINK, play.forged_data, delivered),
        asked("ORDER-1-repeated", ("ORDER-1",), LINK, play.repeated_data, delivered),
        asked(
            "ORDER-1-late", ("ORDER-1",), LINK, play.late_data, delivered,
            'swanctl.conf: replay_window [32] is the "IPsec replay window to configure for this CHILD_SA"; what is '
            "late but within it is taken",
        ),
    )  # fmt: skip
