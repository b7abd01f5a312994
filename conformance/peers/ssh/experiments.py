"""What an SSH program is asked: the same tables for all of them, made for each from what it can be configured to.

How options read in our words: a limit in bytes is a `byte_limit`, in seconds an `age_limit`, both looked at with the
next packet, so `byte_trigger: next-data` and `age_trigger: data`; a keepalive's interval is the `idle_period`, and the
`reply_timeout` too, since the same timer runs after a heartbeat; the count of unanswered ones is one heartbeat and the
`retries`. Where a program has no option for a rule, it is asked all the same by the policy that would have one.

Bytes: SSH programs count packets, with all that SSH adds to the user's bytes, and some look ahead, so that the packet
that would pass the limit waits for the new key. So a key may be renewed up to one message early, or late: that is the
margin, but where the question is what is counted (BYTE-1-small).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rekeyspec.conformance.peers.ssh.ability import Ability
from rekeyspec.conformance.peers.ssh.asked import Asked
from rekeyspec.conformance.peers.ssh.on_death import on_death
from rekeyspec.conformance.peers.ssh.on_heartbeats import on_heartbeats, on_idleness
from rekeyspec.conformance.peers.ssh.on_limits import on_age, on_bytes
from rekeyspec.conformance.peers.ssh.on_renegotiation import on_renegotiation, on_the_end
from rekeyspec.reference.conditions import Margin

AS_CONFIGURED: Final = frozenset({"HB-1-idle", "HB-2-interval", "DEAD-1-muted"})
"""Questions whose policy is the configured one, also where the program is known to do otherwise: `Ability.stretch`."""

TIMELY: Final = ("AGE", "HB-1", "HB-2", "HB-4", "HB-6", "IDLE-1", "DEAD", "EST", "BYTE-2")
"""Beginnings of the questions that are about times, and begin at the part of a second that makes them the same."""

UNALIGNED: Final = frozenset({"EST-4-first", "EST-4-half-open", "EST-4-ignored", "DEAD-3-silent"})
"""Those of them whose scripts do without."""

UNTIMED: Final = 400
"""ms: the margin elsewhere. No time is asked about there, so that a machine that stands still need not matter."""


def experiments(a: Ability) -> Sequence[Asked]:
    """All of the program's, the longest first, since they start one after the other."""
    every = [
        *on_renegotiation(a),
        *on_death(a),
        *on_age(a),
        *on_heartbeats(a),
        *on_bytes(a),
        *on_idleness(a),
        *on_the_end(a),
    ]
    return [_configured(a, e) for e in every if not {e.name, e.name.partition(".")[0]}.intersection(a.skips)]


def _configured(a: Ability, e: Asked) -> Asked:
    """With the program's own options for the experiment's policy, and its own clock."""
    stretched = e.policy.but(reply_timeout=e.policy.reply_timeout * a.stretch)
    options = dict(a.options(stretched if e.name.partition(".")[0] in AS_CONFIGURED else e.policy))
    timely = e.name.startswith(TIMELY)
    begins = a.seconds and timely and e.name not in UNALIGNED
    p = replace(e.provocation, options=options, seconds=begins, gated=begins and (a.truncates or a.woken))
    margin = Margin(a.margin if timely else UNTIMED, e.margin.bytes)
    return replace(e, provocation=p, settings=a.shown(options), end=a.end, margin=margin)
