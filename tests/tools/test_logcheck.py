"""TLC and the audit are asked about the same logs, right ones and wrong ones, and say the same of each: is it a
behaviour of the specification, and if not, with which event is it none any more?

Times are small multiples of a tick. Where they may differ is known beforehand: in a channel the specification takes
the oldest message first, while to the rules the order of what is done at one instant is the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.audit.stream import Stream
from rekeyspec.conformance.audit.written import seen
from rekeyspec.conformance.log import lines
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of, stories, tours
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.trace import Trace
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, ROLES, Event, Message
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.logcheck import PRINTED, TIMES, Life, NotComparable, ask, comparable, lives, overtakes
from tests.reference.walks import arriving, policy_from

LONGEST, TICKS = 80, 400
"""So many events a sample has at most, and so many ticks: TLC has a state for each."""


def in_ticks(policy: Policy, ms: int) -> Policy:
    """The policy with its times in ticks of so many ms, as milliseconds."""
    return policy.but(**{name: -(-getattr(policy, name) // ms) for name in TIMES}, links_per_user=0)


def told(trace: Trace, policy: Policy) -> list[Life]:
    """What the reference does in a story, end by end."""
    if any(step.link for step in trace.steps):
        return []  # what a gateway admits the specification of a link does not say
    try:
        return lives(policy, seen(replay(trace, policy, ReferenceTarget())))
    except BadInput:
        return []  # a story of whose times some are written out, and make none on this scale


def walked(seed: int) -> list[Life]:
    """A random walk of the reference at one end, whose times are small."""
    random = Random(seed)
    policy, role = in_ticks(policy_from(random), 100), random.choice(ROLES)
    engine, log, t, deadline = Engine(policy, role), [Event(0, role, "Open")], 0, NEVER
    for number in range(random.randrange(5, 25)):
        if number:
            t = min(t + random.choice([0, 0, 1, 3, 30]), deadline)
            do = random.choices(["Offer", "Arrive", "Tick", "Shut"], [8, 12, 4, 0.2])[0]
            message = arriving(random, engine.state, policy) if do == "Arrive" else None
            size = random.choice([1, 300, 900, 70_000]) if do == "Offer" else 0
            log.append(Event(t, role, do, message, size))  # type: ignore[arg-type]
        did, deadline = engine.step(log[-1])
        log += did
    return lives(policy, [*log, Event(t + 1, role, "Tick")])


def changed(random: Random, life: Life) -> Life | None:
    """The log with one event changed; None where that makes no log."""
    events = list(life.events)
    at = random.randrange(1, len(events))
    e = events[at]
    match random.choice(["drop", "double", "swap", "time", "field", "do", "seal"]):
        case "drop":
            del events[at]
        case "double":
            events.insert(at, e)
        case "swap" if at + 1 < len(events) and events[at + 1].t == e.t:
            events[at], events[at + 1] = events[at + 1], e
        case "time":
            low, high = events[at - 1].t, events[at + 1].t if at + 1 < len(events) else e.t + 3
            events[at] = e._replace(t=random.choice([t for t in (e.t - 1, e.t + 1, low, high) if low <= t <= high]))
        case "field" if e.message is not None:
            events[at] = e._replace(message=_field(random, e.message))
        case "do":
            other = random.choice(["Deliver", "Discard", "Reject", "Close", "Suspect", "Refuse", "RefuseStart"])
            events[at] = e._replace(do=other)  # type: ignore[arg-type]
        case "seal" if e.do == "Arrive" and e.message is not None:
            seal = "nobody" if e.message.sealed_by == "peer" else "peer"
            events[at] = e._replace(message=e.message._replace(sealed_by=seal))  # type: ignore[arg-type]
    return None if tuple(events) == life.events else Life(life.policy, life.role, life.link, tuple(events))


def _field(random: Random, m: Message) -> Message:
    name = random.choice(["epoch", "number", "bytes"])
    m = m._replace(**{name: max(getattr(m, name) + random.choice([-1, 1, 2]), 0)})
    return m._replace(negotiation=f"{m.negotiation[0]}{m.epoch}") if m.negotiation else m


def fit(found: Iterable[Life]) -> Iterator[Life]:
    """Those that the specification can say all of."""
    for life in found:
        try:
            comparable(life)
        except NotComparable:
            continue
        if 1 < len(life.events) <= LONGEST and life.ticks <= TICKS:
            yield life


def audited(life: Life) -> int:
    """With how many of a log's events the audit goes along."""
    stream = Stream("log", Options())
    stream.feed("".join(f"{line}\n" for line in lines(life.policy, "", 0, life.events)).encode())
    stream.end()
    (found,) = stream.found
    assert not found.unjudged
    kept = [one for some in found.kept.values() for one in some]
    return kept[0].place.line - 2 if kept else len(life.events)  # the first line is the header's


def compared(samples: list[Life], tlc: Tlc) -> Counter[str]:
    """Ask both about each, and count what they say. They must agree."""
    said: Counter[str] = Counter()
    for batch in _batches(samples):
        for life, answer in zip(batch, ask(batch, tlc), strict=True):
            mine = audited(life)
            if answer.reached != mine:
                assert overtakes(life), f"TLC {answer.reached}, audit {mine} of {life}"
                said["overtaking"] += 1
            else:
                said["a behaviour" if answer.accepted else "none"] += 1
    return said


def _batches(samples: list[Life]) -> Iterator[list[Life]]:
    batch: list[Life] = []
    for life in samples:
        if sum(len(one.events) for one in [*batch, life]) >= PRINTED:
            yield batch
            batch = []
        batch.append(life)
    yield batch


@pytest.mark.java
def test_of_the_logs_of_hand_traces_both_say_that_they_are_behaviours(tlc: Tlc) -> None:
    samples = [life for trace in stories().values() for life in told(trace, in_ticks(policy_of(trace), 1000))]
    said = compared(list(fit(samples)), tlc)
    assert said["a behaviour"] > 100
    assert said["none"] == 0
    assert said["overtaking"] <= 3


@pytest.mark.java
def test_of_interleavings_right_and_wrong_both_say_the_same(tlc: Tlc) -> None:
    random = Random(4)
    right = [life for seed in range(45) for life in walked(seed)]
    right += [life for told_ in random.sample(tours()[0], 20) for life in told(told_.trace, told_.policy)]
    wrong = [one for life in fit(right) for _ in range(2) if (one := changed(random, life)) is not None]
    said = compared([*fit(right), *fit(wrong)], tlc)
    assert min(said["a behaviour"], said["none"]) > 25
    assert said["overtaking"] <= 6


@pytest.mark.java
def test_of_the_logs_of_hand_traces_with_one_event_changed_both_say_the_same(tlc: Tlc) -> None:
    random = Random(5)
    right = [life for trace in stories().values() for life in told(trace, in_ticks(policy_of(trace), 1000))]
    wrong = [one for life in fit(right) if (one := changed(random, life)) is not None]
    said = compared(list(fit(wrong)), tlc)
    assert said["none"] > 40
    assert said["overtaking"] <= 4


def test_lives_are_told_apart_by_link_end_and_open() -> None:
    log = [
        Event(0, "client", "Tick"),
        *(Event(t, role, "Open", link=link) for t in (0, 5) for role in ROLES for link in "ab"),
    ]
    found = lives(Policy(), [*log, Event(6, "client", "Ignore", link="a"), Event(7, "client", "Tick", link="a")])
    assert len(found) == 8
    assert [len(life.events) for life in found] == [1, 1, 1, 1, 2, 1, 1, 1]


def test_a_tick_divides_every_time() -> None:
    policy = Policy(negotiation_timeout=6000, reply_timeout=9000, session_lifetime=0)
    life = Life(policy, "client", "", (Event(1500, "client", "Open"), Event(7500, "client", "Tick")))
    assert (life.unit, life.ticks) == (3000, 2)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (Message("data", 1, 1, channel="control"), "channel"),
        (Message("start", 2, 0, "c3"), "negotiation"),
        (Message("data", 1, 1, "c1"), "negotiation"),
        (Message("start", 1, 0, "c1", "mine"), "session"),
    ],
)
def test_what_the_specification_cannot_say_is_said_to_be_so(message: Message, said: str) -> None:
    life = Life(Policy(), "client", "", (Event(0, "client", "Open"), Event(0, "client", "Arrive", message)))
    with pytest.raises(NotComparable, match=said):
        comparable(life)
