"""How charon is asked: the policy that its options come to, and what an experiment's sentences are made of.

How its options read in our words: `rekey_bytes` is a `byte_limit` with `byte_trigger: at-once`, since charon starts
when the limit is reached; `rekey_time` an `age_limit` with `age_trigger: timer`, of the one end that has the option.
`dpd_delay` is the `idle_period` and the `heartbeat_interval`. `retransmit_timeout` with `retransmit_base` 1 is the
`reply_timeout`, `retransmit_tries` the `retries`, and both together, since every request is given up so, the
`negotiation_timeout`. IKE and ESP are two channels over datagrams. What ESP discards is not seen, so discarding is
hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypedDict, Unpack

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ipsec.scene import Provocation, Script
from rekeyspec.conformance.peers.ipsec.settings import GIVE_UP, Settings
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Event

Asked = Experiment[Provocation]

HIDDEN: Final[frozenset[Do]] = frozenset({"Discard"})
LINK: Final = Policy(transport="datagram", channels=2, negotiation_timeout=GIVE_UP)
LIMIT: Final = 5000
"""bytes: reached by the fifth message."""

TIMEOUT: Final = 500
"""ms: how long a heartbeat may stay unanswered before it is sent again."""


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
    plain = LINK.but(idle_period=seconds * 1000, heartbeat_sender="client", reply_timeout=TIMEOUT, retries=2)
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


def of_proof(events: Sequence[Event]) -> str:
    """Whether the peer's proof of itself was taken."""
    refused = any(e.message is not None and e.message.sealed_by == "nobody" for e in events)
    made = bool(measures.times(events, "Finish"))
    return f"the proof was {'' if refused else 'not '}refused, and {'a' if made else 'no'} key came into force"


def of_renewals(events: Sequence[Event]) -> str:
    """How many negotiations were completed."""
    return f"{len(measures.times(events, 'Finish'))} negotiations were completed in {events[-1].t} ms"


def of_first_beat(events: Sequence[Event]) -> str:
    """How long after the last data the first heartbeat came."""
    data, beats = measures.times(events, "SendData", "Deliver"), measures.times(events, "SendHeartbeat")
    after = [t for t in beats if data and t > data[-1]]
    return f"a heartbeat {after[0] - data[-1]} ms after the last data" if after else "no heartbeat after data"
