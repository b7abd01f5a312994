"""What logs have exercised is read off them, no more and no less."""

from __future__ import annotations

from rekeyspec.conformance.coverage import ACTIONS, GUARDS, coverage
from rekeyspec.conformance.modelgraph import Graph, Label, followed, given, label, passage
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End, Series, fresh
from rekeyspec.reference.vocabulary import Event, Message

POLICY = Policy(byte_limit=100, idle_period=1000, heartbeat_sender="client")
RULES = Rules(POLICY)


def log(*events: Event, policy: Policy = POLICY) -> tuple[Event, ...]:
    """What the reference makes of these events, with them."""
    engine = Engine(policy, events[0].end)
    found: list[Event] = []
    for event in events:
        found += [event, *engine.step(event)[0]]
    return tuple(found)


def case(
    events: tuple[Event, ...], trace: str = "one", policy: Policy = POLICY, exercised: frozenset[str] = frozenset()
) -> Case:
    return Case("mine", "byte-count", trace, ("EST-4",), policy.plain(), events, "conforms", exercised=exercised)


OPENED = (Event(0, "client", "Open"), Event(5, "client", "Arrive", Message("answer", 1, negotiation="c1")))


def test_actions_are_those_that_happened_seen_or_unseen() -> None:
    reply = Event(1010, "client", "Arrive", Message("reply", 1, 1))
    (found,) = coverage([case(log(*OPENED, Event(1005, "client", "Tick"), reply))], [])
    assert found.actions == {"Open", "Start", "Arrive", "Finish", "Tick", "SendHeartbeat", "AcceptReply"}
    assert found.actions < set(ACTIONS)


def test_a_guard_counts_when_it_alone_kept_an_action_from_happening() -> None:
    offered = log(Event(0, "client", "Open"), Event(1, "client", "Offer", bytes=10))
    (before,) = coverage([case(log(Event(0, "client", "Open")))], [])
    (found,) = coverage([case(offered)], [])
    assert not any(do == "SendData" for do, _ in {*before.guards, *found.guards}), "held by EST-1 and REKEY-1 both"
    assert ("Finish", "EST-3") not in found.guards
    wrong = Event(2, "client", "Arrive", Message("answer", 2, negotiation="c2"))
    (with_wrong,) = coverage([case(log(Event(0, "client", "Open"), wrong))], [])
    assert with_wrong.guards - before.guards >= {("Finish", "EST-3")}
    assert with_wrong.guards <= set(GUARDS)


def test_a_closed_end_exercises_dead_5_of_what_it_might_have_done() -> None:
    closed = log(Event(0, "client", "Open"), Event(1, "client", "Shut"), Event(2, "client", "Tick"))
    (found,) = coverage([case(closed)], [])
    assert ("SendData", "DEAD-5") in found.guards


def test_rules_are_what_the_oracle_saw_and_targets_are_apart() -> None:
    one = case(log(*OPENED), exercised=frozenset({"EST-4"}))
    other = Case("other", "byte-count", "one", (), POLICY.plain(), (), "broken", exercised=frozenset({"HB-1"}))
    found = coverage([one, other], [])
    assert [(c.target, set(c.rules)) for c in found] == [("mine", {"EST-4"}), ("other", {"HB-1"})]
    assert any(line.startswith("  rules 1 of ") and "EST-1" in line for line in found[0].lines())


GRAPH = Graph(
    0, "small", "client", 5,
    [(0, 1, "Open"), (1, 2, "Start"), (2, 3, "Tick"), (3, 4, "Finish answer epoch=1"), (4, 0, "Reconnect"),
     (1, 4, "Shut")],
    ["tour"],
)  # fmt: skip


def test_of_a_model_count_the_states_and_steps_that_a_tour_of_it_reached() -> None:
    events = log(Event(0, "client", "Open"), Event(1, "client", "Arrive", Message("answer", 1, negotiation="c1")))
    (found,) = coverage([case(events, "tour"), case(events, "another")], [GRAPH])
    (reached,) = found.models
    assert (reached.states, reached.steps) == ({0, 1, 2, 3, 4}, {0, 1, 2, 3})
    assert reached.line() == "model small, client: states 5 of 5, steps 4 of 6"
    assert found.plain()["models"] == [
        {"model": "small", "end": "client", "states": 5, "steps": 4, "of": {"states": 5, "steps": 6}}
    ]
    (without,) = coverage([case(events, "another")], [GRAPH])
    assert without.models == ()


def test_what_leaves_the_graph_is_not_followed_further() -> None:
    late = log(Event(0, "client", "Open"), Event(2, "client", "Tick"))
    assert list(followed(GRAPH, RULES, late)) == [0, 1, 2]
    wrong = (Event(0, "client", "Open"), Event(0, "client", "SendHeartbeat", Message("heartbeat", 1, 1)))
    assert list(followed(GRAPH, RULES, wrong)) == [0]


def test_a_new_link_is_a_step_of_its_own() -> None:
    graph = Graph(
        0, "m", "client", 3, [(0, 1, "Open"), (1, 1, "Start"), (1, 1, "Shut"), (1, 2, "Close"), (2, 0, "Reconnect")]
    )
    again = log(Event(0, "client", "Open"), Event(0, "client", "Shut"), Event(0, "client", "Open"))
    assert list(followed(graph, RULES, again)) == [0, 1, 2, 3, 4, 0, 1]


# Labels.


def test_a_label_says_what_a_message_is_to_this_end() -> None:
    s = fresh(POLICY, "client").but(
        phase="open", epoch=2, series=Series(4, 5, 0), beat_number=5, beat_seen=7, session="c1"
    )
    for one in (
        Label("AcceptReply", "reply", 2, 2),
        Label("Ignore", "reply", 2),
        Label("SendReply", "heartbeat", 2, 1),
        Label("Ignore", "heartbeat", 2),
        Label("Finish", "answer", 3, session="held"),
        Label("Finish", "answer", 3, session="new"),
        Label("Ignore", "answer", 3, session="other"),
        Label("Deliver", "data", 2, 9, 11),
        Label("Discard", "data", 2, 9, 11, seal="nobody"),
        Label("Ignore", "request", 2, channel="data"),
    ):
        event = given(POLICY, s, one)
        assert event.message is not None
        assert label(RULES, s, Event(0, "client", one.do, event.message), event.message) == one  # type: ignore[arg-type]


def test_an_offer_that_must_be_refused_is_named_by_why() -> None:
    s = fresh(POLICY, "client").but(phase="open")
    big = given(POLICY, s, Label("Offer", why="max_message"))
    assert big.bytes == POLICY.max_message + 1
    assert label(RULES, s, big) == Label("Offer", why="max_message")
    assert str(label(RULES, s, Event(0, "client", "Offer", bytes=3))) == "Offer bytes=3"


def test_passage_shows_what_is_silent_and_time_that_passes() -> None:
    events = log(*OPENED, Event(1005, "client", "Tick"), Event(1010, "client", "Arrive", Message("reply", 1, 1)))
    found = [(e.do, taken.kind if taken else "") for _, e, taken in passage(RULES, fresh(POLICY, "client"), events)]
    assert found == [
        ("Open", ""), ("Start", ""), ("Tick", ""), ("Arrive", "answer"), ("Finish", "answer"), ("Tick", ""),
        ("SendHeartbeat", ""), ("Tick", ""), ("Arrive", "reply"), ("AcceptReply", "reply"),
    ]  # fmt: skip
    assert isinstance(End("client", 0), End)
