from pathlib import Path

import pytest
import yaml

from rekeyspec.conformance import trace
from rekeyspec.tools.models import Model
from rekeyspec.tools.output import INITIAL, Behaviour, State
from rekeyspec.tools.story import NotAStory, ending, tell, to_yaml
from rekeyspec.tools.values import Function, parse

MODEL = Model(
    id="tiny",
    about="A tiny\n  link.",
    folder=Path(),
    spec=Path("MC.tla"),
    cfg=Path("tiny.cfg"),
    profile="key-based",
    rules=("EST-4",),
    quick=True,
    deadlock=True,
    expected="ok",
    distinct=1,
)
POLICY = parse("[negotiation_timeout |-> 3, unknown |-> 7]")


def state(number: int, action: str, client: str, server: str, to_client: str = "", to_server: str = "") -> State:
    """A state whose ends have a phase and a queue, and messages under way given by their kinds."""

    def end(text: str) -> str:
        phase, _, queue = text.partition(" ")
        items = ", ".join(f"[bytes |-> {size}]" for size in queue.split())
        return f'[phase |-> "{phase}", queue |-> <<{items}>>]'

    def wire(kinds: str) -> str:
        return "[single |-> <<" + ", ".join(f'[kind |-> "{kind}"]' for kind in kinds.split()) + ">>]"

    ends = f"[client |-> {end(client)}, server |-> {end(server)}]"
    wires = f"[client |-> {wire(to_client)}, server |-> {wire(to_server)}]"
    return State(number, action, None, {"end": ends, "wire": wires})


EXCHANGE = (
    state(1, INITIAL, "fresh", "fresh"),
    state(2, "Open", "open", "fresh"),
    state(3, "Open", "open", "open"),
    state(4, "Start", "starting", "open", to_server="start"),
    state(5, "Answer", "starting", "answering", to_client="answer"),
    state(6, "Finish", "up", "answering", to_server="finish"),
    state(7, "Offer", "up 9", "answering", to_server="finish"),
    state(8, "Drop", "up 9", "answering"),
    state(9, "Tick", "up 9", "answering"),
    state(10, "Tick", "up 9", "answering"),
    state(11, "SendData", "up", "answering", to_server="data"),
    state(12, "Close", "up", "closed"),
)


def told(*states: State) -> list[tuple[int, str, str, object, list[str]]]:
    lines = tell(Behaviour(states))
    return [
        (line.t, line.end, line.do, line.fields.get("kind") or line.fields.get("bytes"), line.expect) for line in lines
    ]


def test_what_the_environment_did_and_what_each_end_did_in_answer() -> None:
    assert told(*EXCHANGE) == [
        (0, "client", "Open", None, ["Start"]),
        (0, "server", "Open", None, []),
        (0, "server", "Pass", "start", ["Answer"]),
        (0, "client", "Pass", "answer", ["Finish"]),
        (0, "client", "Offer", 9, []),
        (0, "server", "Drop", "finish", []),
        (2, "client", "Tick", None, ["SendData"]),
        (2, "server", "Tick", None, ["Close"]),
    ]


def test_a_close_that_arrives_is_passed_and_a_silent_action_says_nothing() -> None:
    before = state(1, INITIAL, "up", "up", to_client="reply", to_server="close")
    lines = told(before, state(2, "AcceptReply", "up", "up", to_server="close"), state(3, "Close", "up", "closed"))
    assert lines == [(0, "client", "Pass", "reply", []), (0, "server", "Pass", "close", ["Close"])]


@pytest.mark.parametrize(("number", "line"), [(1, ("Tick", {})), (2, ("Pass", {"kind": "data"}))])
def test_an_end_closes_for_data_only_where_data_before_it_is_missing(number: int, line: tuple[str, object]) -> None:
    ends = '[client |-> [phase |-> "open"], server |-> [phase |-> "{0}", delivered_number |-> 0, ending |-> ""]]'
    wire = "[client |-> [single |-> <<>>], server |-> [single |-> <<{0}>>]]"
    data = f'[kind |-> "data", number |-> {number}]'
    states = (
        State(1, INITIAL, None, {"end": ends.format("open"), "wire": wire.format(data)}),
        State(2, "Close", None, {"end": ends.format("closed"), "wire": wire.format("")}),
    )
    (told_,) = tell(Behaviour(states))
    assert (told_.do, told_.fields) == line


def test_time_after_the_last_line_is_told_to_both_ends() -> None:
    assert told(*EXCHANGE[:3], state(4, "Tick", "open", "open"))[-2:] == [
        (1, "client", "Tick", None, []),
        (1, "server", "Tick", None, []),
    ]


def test_a_trace_is_told_under_the_policy_of_the_model() -> None:
    data = yaml.safe_load(to_yaml(tell(Behaviour(EXCHANGE[:4])), MODEL, "violates Small", POLICY))
    assert data == {
        "trace": trace.VERSION,
        "name": "model-tiny",
        "about": "A tiny link. The model checker's counterexample: violates Small.",
        "profile": "key-based",
        "rules": ["EST-4"],
        "end": "both",
        "policy": {"negotiation_timeout": 3},
        "steps": [
            {"do": "Open", "end": "client", "expect": ["Start"]},
            {"do": "Open", "end": "server"},
        ],
    }


def test_where_the_reference_leaves_the_story_it_leaves_open_what_is_done() -> None:
    late = (
        state(1, INITIAL, "fresh", "fresh"),
        state(2, "Open", "open", "fresh"),
        state(3, "Offer", "open 1", "fresh"),
        state(4, "Start", "starting 1", "fresh", to_server="start"),
    )
    assert [line.expect for line in tell(Behaviour(late))] == [[], ["Start"]]
    data = yaml.safe_load(to_yaml(tell(Behaviour(late)), MODEL, "violates Small", POLICY))
    assert data["steps"] == [{"do": "Open", "end": "client"}, {"do": "Offer", "end": "client", "bytes": 1}]


@pytest.mark.parametrize(
    ("states", "why"),
    [
        ((State(1, INITIAL, None, {"n": "0"}), State(2, "Up", None, {"n": "1"})), "no link between two ends"),
        ((EXCHANGE[0],), "nothing happens"),
        ((EXCHANGE[0], state(2, "Open", "fresh", "fresh")), "changes neither end"),
        ((State(1, INITIAL, None, {"n": "$"}), State(2, "Up", None, {"n": "1"})), "no link"),
    ],
)
def test_a_behaviour_of_another_spec_is_no_story(states: tuple[State, ...], why: str) -> None:
    with pytest.raises(NotAStory, match=why):
        tell(Behaviour(states))
    with pytest.raises(NotAStory, match="policy is no record"):
        to_yaml(tell(Behaviour(EXCHANGE)), MODEL, "", 5)


def test_how_a_behaviour_without_an_end_goes_on() -> None:
    assert (
        ending(Behaviour(EXCHANGE, back_to=3), "violates A")
        == "violates A; what follows state 3 of 12 goes on for ever"
    )
    assert ending(Behaviour(EXCHANGE, stutters=True), "violates A") == "violates A; nothing happens any more"
    assert ending(Behaviour(EXCHANGE), "deadlock") == "deadlock"
    assert isinstance(POLICY, Function)
