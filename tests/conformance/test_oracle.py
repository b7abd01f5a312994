"""The oracle names the broken rule, of ends that follow another policy than the one they are judged by."""

from __future__ import annotations

from typing import ClassVar, Self

import pytest

from rekeyspec.conformance.mutants.engine import Mistaken
from rekeyspec.conformance.mutants.mutant import Mutant, MutantTarget
from rekeyspec.conformance.oracle import Oracle, judge
from rekeyspec.conformance.player import script
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.target import Reply
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import NEVER, Do, Event, Message, Role


class Follows:
    """A target that follows the policy it is given, but for these parameters: a broken rule each."""

    def __init__(self, **wrong: object) -> None:
        self.wrong, self.name, self.unsupported = wrong, "wrong", dict[str, str]()

    def open(self, role: Role, policy: Policy) -> FollowingEnd:
        return FollowingEnd(Engine(policy.but(**self.wrong), role))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


class FollowingEnd:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def step(self, event: Event) -> Reply:
        return Reply(*self.engine.step(event))

    def run(self, events: list[Event]) -> list[Reply]:
        return [self.step(event) for event in events]

    def close(self) -> None:
        pass


WRONG = [
    ("byte-limit-at-once", "BYTE-5", {"byte_limit": 1001}),
    ("byte-limit-at-once", "NEED-1", {"byte_limit": 999}),
    ("byte-limit-at-once", "BYTE-5", {"byte_trigger": "next-data"}),
    ("byte-limit-next-data", "IDLE-2", {"byte_trigger": "at-once"}),
    ("byte-limit-exceeded", "NEED-1", {"byte_test": "reached"}),
    ("byte-limit-next-data", "BYTE-3", {"byte_limit": 0}),
    ("byte-floor", "BYTE-3", {"byte_floor": 0}),
    ("age-with-the-next-data", "AGE-1", {"age_limit": 0}),
    ("age-with-the-next-data", "IDLE-2", {"age_trigger": "timer"}),
    ("age-by-the-timer", "AGE-2", {"age_limit": 120001}),
    ("age-by-the-timer", "IDLE-2", {"age_limit": 119999}),
    ("age-of-a-silent-link", "IDLE-2", {"age_trigger": "timer"}),
    ("age-while-active", "AGE-2", {"age_trigger": "data"}),
    ("hb-first-and-then-at-the-interval", "HB-1", {"idle_period": 300001}),
    ("hb-first-and-then-at-the-interval", "HB-2", {"idle_period": 299999}),
    ("hb-first-and-then-at-the-interval", "HB-2", {"heartbeat_interval": 299999}),
    ("hb-first-and-then-at-the-interval", "HB-2", {"heartbeat_interval": 300001}),
    ("hb-first-and-then-at-the-interval", "HB-1", {"heartbeat_sender": "none"}),
    ("hb-forged-or-replayed", "HB-5", {"heartbeat_protection": "clear"}),
    ("hb-hold-while-waiting", "HB-6", {"while_waiting": "send"}),
    ("hb-send-while-waiting", "FLOW-1", {"while_waiting": "hold"}),
    ("idle-then-data", "IDLE-1", {"idle_trigger": "never"}),
    ("idle-then-data", "IDLE-1", {"idle_trigger": "period", "rekey_idle": 900000}),
    ("idle-for-a-period", "NEED-1", {"rekey_idle": 29999}),
    ("idle-for-a-period", "IDLE-1", {"rekey_idle": 30002}),
    ("idle-at-all", "IDLE-1", {"idle_trigger": "never"}),
    ("idle-spoof-closes", "IDLE-3", {"reject_trigger": "never"}),
    ("idle-spoof-closes", "IDLE-4", {"on_spoof": "discard"}),
    ("idle-spoof-is-discarded", "CLOSE-1", {"on_spoof": "close"}),
    ("idle-rejects-after-a-period", "IDLE-3", {"reject_trigger": "never"}),
    ("dead-no-reply-closes", "DEAD-2", {"reply_timeout": 10001}),
    ("dead-no-reply-closes", "CLOSE-1", {"reply_timeout": 9999}),
    ("dead-no-reply-closes", "DEAD-2", {"retries": 1}),
    ("dead-heartbeats-are-repeated", "DEAD-1", {"reply_timeout": 9999}),
    ("dead-heartbeats-are-repeated", "DEAD-1", {"retries": 0}),
    ("dead-no-reply-renegotiates", "DEAD-2", {"on_missed_reply": "close"}),
    ("dead-any-message-proves-life", "CLOSE-1", {"proof_of_life": "reply"}),
    ("dead-late-and-doubled-replies", "DEAD-2", {"proof_of_life": "any"}),
    ("dead-no-heartbeat-closes", "DEAD-3", {"on_missed_heartbeat": "ignore"}),
    ("dead-no-heartbeat-closes", "DEAD-3", {"grace": 1}),
    ("dead-no-heartbeat-distrusts", "DEAD-3", {"on_missed_heartbeat": "ignore"}),
    ("est-never-answered", "EST-4", {"negotiation_timeout": 10001}),
    ("est-never-answered", "CLOSE-1", {"negotiation_timeout": 9999}),
    ("rekey-server-asks", "REKEY-4", {"rekey_initiator": "sender"}),
    ("rekey-a-start-that-is-refused", "REKEY-4", {"rekey_initiator": "sender"}),
    ("chan-each-kind-on-its-own", "EST-4", {"channels": 1}),
    ("lim-what-is-refused", "LIM-1", {"max_message": 1 << 20}),
    ("lim-the-queue-is-bounded", "LIM-1", {"queue_limit": 1 << 20}),
    ("early-data-waits", "REKEY-2", {"transport": "datagram"}),
    ("rekey-one-end-counts-for-both", "REKEY-6", {"accounting": "client"}),
    ("rekey-one-end-counts-for-both", "REKEY-6", {"accounting": "each"}),
    ("rekey-one-end-counts-for-both", "REKEY-6", {"byte_limit": 1001}),
    ("rekey-the-other-end-is-told-of-bytes", "NEED-1", {"accounting": "each"}),
    ("rekey-the-other-end-is-told-of-bytes", "BYTE-5", {"byte_trigger": "next-data"}),
    ("rekey-told-and-asks", "REKEY-4", {"rekey_initiator": "sender"}),
    ("rekey-notice-before-the-next-data", "REKEY-6", {"accounting": "client"}),
    ("rekey-notice-of-idleness", "REKEY-6", {"accounting": "each"}),
    ("rekey-notice-of-idleness", "REKEY-6", {"rekey_idle": 29999}),
    ("rekey-notice-of-idleness", "REKEY-6", {"rekey_idle": 30001}),
    ("rekey-notice-of-idleness", "REKEY-6", {"idle_trigger": "never"}),
    ("rekey-the-other-end-is-told-of-idleness", "NEED-1", {"accounting": "each"}),
    ("rekey-the-other-end-is-told-of-idleness", "IDLE-1", {"idle_trigger": "never"}),
    ("rekey-told-of-idleness-rejects", "IDLE-4", {"accounting": "each"}),
    ("rekey-told-of-idleness-rejects", "IDLE-3", {"reject_trigger": "never"}),
    ("dead-a-notice-proves-life", "CLOSE-1", {"proof_of_life": "reply"}),
    ("cache-a-known-session-is-resumed", "CACHE-1", {"session_lifetime": 0}),
    ("cache-abbreviating-prolongs-nothing", "CACHE-1", {"session_lifetime": 120000}),
    ("cache-abbreviating-prolongs-nothing", "CACHE-1", {"session_lifetime": 59994}),
    ("cache-the-server-resumes-what-it-holds", "CACHE-1", {"session_lifetime": 120000}),
    ("order-never-twice", "CLOSE-1", {"transport": "stream"}),
]


@pytest.mark.parametrize(("story", "rule", "wrong"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("stepwise", [False, True], ids=["whole", "stepwise"])
def test_an_end_that_follows_another_policy_is_caught_by_its_rule(
    story: str, rule: str, wrong: dict[str, object], stepwise: bool
) -> None:
    trace = stories()[story]
    case = replay(trace, policy_of(trace), Follows(**wrong), stepwise=stepwise)
    assert case.word == "violates", case.reason
    assert case.divergence
    assert rule in (case.divergence.rule, *case.divergence.also), case.reason
    assert len(trace.steps[: case.divergence.step]) <= 10, "a story that needs more than ten lines is no small story"


_RULES = Oracle(Policy(), "client").rules
GUARDED = sorted(
    {(do, g.rule) for table in (_RULES.own, _RULES.taking) for do, guards in table.items() for g in guards}
)
REFUSED = {
    (refused.do, refused.by)
    for trace in stories().values()
    if trace.end != "both"
    for one in script(trace, policy_of(trace))
    for refused in one.step.refuse
}
UNREACHABLE = {
    "DEAD-5": "a closed end has no inbox, and nothing is due there",
    "EST-1": "before the first epoch nothing can be of the one in force, and there is nothing that could be due",
}


@pytest.mark.parametrize(("do", "rule"), GUARDED, ids=lambda value: value)
def test_every_guard_refuses_something_in_some_story(do: str, rule: str) -> None:
    """test_traces.py shows that it does; a guard that refuses nothing anywhere could be dropped unseen."""
    assert (do, rule) in REFUSED or rule in UNREACHABLE, "tell a story in which this guard refuses the action"


def observed(*events: Event, policy: Policy | None = None, margin: Margin | None = None) -> str:
    found, _ = judge(policy or profiles()["byte-count"], "client", events, margin or Margin(100))
    return found.rule if found else ""


OPENED = [
    Event(0, "client", "Open"),
    Event(0, "client", "Start", Message("start", 1, negotiation="c1")),
    Event(10, "client", "Arrive", Message("answer", 1, negotiation="c1")),
    Event(12, "client", "Finish", Message("finish", 1, negotiation="c1")),
]
SENT = Message("data", 1, 1, bytes=5)


def test_with_a_tolerance_what_is_due_may_come_late_but_not_for_ever() -> None:
    late = [*OPENED, Event(20, "client", "Offer", bytes=5), Event(119, "client", "SendData", SENT)]
    assert observed(*late) == ""
    assert observed(*late, margin=Margin()) == "EST-4"
    waiting = [Event(20 + 50 * n, "client", "Tick") for n in range(3)]
    assert (
        observed(*OPENED, Event(20, "client", "Offer", bytes=5), *waiting, Event(121, "client", "SendData", SENT))
        == "FLOW-1"
    )


def test_with_a_tolerance_a_timer_that_restarts_is_a_new_one() -> None:
    policy = Policy(idle_period=1000, heartbeat_sender="client")
    busy = []
    for n in range(1, 5):
        busy += [
            Event(400 * n, "client", "Offer", bytes=1),
            Event(400 * n, "client", "SendData", Message("data", 1, n, bytes=1)),
        ]
    assert observed(*OPENED, *busy, policy=policy) == ""
    assert (
        observed(*OPENED, *busy, Event(2690, "client", "SendHeartbeat", Message("heartbeat", 1, 1)), policy=policy)
        == ""
    )
    assert (
        observed(*OPENED, *busy, Event(2490, "client", "SendHeartbeat", Message("heartbeat", 1, 1)), policy=policy)
        == "HB-2"
    )
    assert observed(*OPENED, *busy, Event(2710, "client", "Tick"), policy=policy) == "HB-1"


def test_what_arrives_at_the_instant_of_a_deadline_may_be_handled_before_it_or_after_it() -> None:
    policy = profiles()["key-based"]
    beat = [Event(300_000, "client", "SendHeartbeat", Message("heartbeat", 1, 1, sealed_by="nobody"))]
    reply = Message("reply", 1, 1, sealed_by="nobody")
    start = [e._replace(t=10) for e in OPENED[2:]]
    opened = [*OPENED[:2], *start, *beat, Event(310_000, "client", "Arrive", reply)]
    close = Event(310_000, "client", "Close", Message("close", 1))
    assert observed(*opened, Event(310_001, "client", "Tick"), policy=policy, margin=Margin()) == ""
    assert observed(*opened, close, policy=policy, margin=Margin()) == ""
    assert observed(*opened, close._replace(t=310_001), policy=policy, margin=Margin()) != ""


WATCHFUL = Policy(
    idle_period=30_000, heartbeat_sender="server", reply_timeout=5000, on_missed_reply="rekey",
    negotiation_timeout=60_000,
)  # fmt: skip


def beating(*then: Event, reply_at: int = 35_000) -> str:
    """What is said of a server that has asked for a new key at 35 s, for want of a reply that comes then, and did this
    later, until 65 s."""
    events = [
        Event(0, "server", "Open"),
        Event(0, "server", "Arrive", Message("start", 1, negotiation="c1")),
        Event(0, "server", "Answer", Message("answer", 1, negotiation="c1")),
        Event(0, "server", "Arrive", Message("finish", 1, negotiation="c1")),
        Event(30_000, "server", "SendHeartbeat", Message("heartbeat", 1, 1)),
        Event(35_000, "server", "Request", Message("request", 1)),
        Event(reply_at, "server", "Arrive", Message("reply", 1, 1)),
        *then,
        Event(65_000, "server", "Tick"),
    ]
    found, _ = judge(WATCHFUL, "server", events)
    return found.rule if found else ""


def test_a_reply_at_the_instant_of_the_request_for_want_of_it_may_end_the_series_or_not() -> None:
    again = Event(60_000, "server", "SendHeartbeat", Message("heartbeat", 1, 2))
    assert beating() == ""
    assert beating(again) == ""
    assert beating(again._replace(t=59_999)) == "HB-2"
    assert beating(reply_at=35_001) == ""
    assert beating(again, reply_at=35_001) == "DEAD-2"


class Decides(Mistaken):
    """An end that knows whether a reply which came at the last instant was in time."""

    in_time: ClassVar[bool]

    def changed(self, do: Do, before: End, after: End) -> End:
        if do == "AcceptReply":
            return after.but(series=None if self.in_time else before.series)
        return after


class Accepts(Decides):
    in_time = True


class Misses(Decides):
    in_time = False


@pytest.mark.parametrize(("make", "beats"), [(Accepts, 3), (Misses, 2)])
def test_either_end_is_told_that_story_to_its_end(make: type[Decides], beats: int) -> None:
    trace = stories()["dead-a-reply-at-the-last-instant"]
    case = replay(trace, policy_of(trace), MutantTarget(Mutant("either", "", "DEAD-2", make, "found")))
    assert case.word == "conforms", case.reason
    assert sum(e.do == "SendHeartbeat" for e in case.log) == beats


def test_a_hidden_action_is_supposed_to_have_happened() -> None:
    policy = profiles()["byte-count"]
    events = [*OPENED, Event(20, "client", "Arrive", Message("data", 1, 1, bytes=5)), Event(30, "client", "Tick")]
    seen, _ = judge(policy, "client", events, Margin(5), ())
    assert seen
    assert seen.rule == "FLOW-1"
    assert judge(policy, "client", events, Margin(5), ["Deliver"])[0] is None


def test_a_divergence_says_all_that_a_person_needs() -> None:
    trace = stories()["idle-then-data"]
    case = replay(trace, policy_of(trace), Follows(idle_trigger="never"))
    found = case.divergence
    assert found
    assert (found.rule, found.kind, found.step, found.end) == ("IDLE-1", "not-allowed", 5, "client")
    assert found.did
    assert found.did.do == "SendData"
    assert "idle" in found.guard
    assert "Start" in found.allowed
    assert [(due.do, due.rule) for due in found.due if due.t == found.t] == [("Start", "IDLE-1")]
    assert found.state["epoch"] == 1
    assert case.log[found.index] == found.did


def test_time_that_runs_backwards_is_no_log() -> None:
    with pytest.raises(ValueError, match="backwards"):
        observed(Event(5, "client", "Open"), Event(4, "client", "Tick"), margin=Margin())


def test_nothing_is_due_of_a_link_that_never_opened() -> None:
    assert Oracle(Policy(), "client").deadline() == NEVER
