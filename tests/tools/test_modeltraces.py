"""Traces made from a model: every step of it is on a tour, and the reference goes where it was foretold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rekeyspec.conformance import suite
from rekeyspec.conformance.adapters.reference import ReferenceEnd, ReferenceTarget
from rekeyspec.conformance.modelgraph import Label, followed
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.target import BadInput, End
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Role
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.choices import taken
from rekeyspec.tools.endstory import NotFollowed, tell
from rekeyspec.tools.endview import View, view
from rekeyspec.tools.graph import Edge, Graph, State
from rekeyspec.tools.models import read
from rekeyspec.tools.modeltraces import Toured, made, save
from rekeyspec.tools.story import NotAStory
from rekeyspec.tools.tours import LONGEST

POLICY = Policy(byte_limit=2, negotiation_timeout=4, idle_period=2, heartbeat_sender="client", reply_timeout=1)


# A graph, by hand: no more of the spec's variables than a view looks at.


def state(client: str, server: str, to_client: str = "", to_server: str = "") -> State:
    def end(text: str) -> str:
        phase, _, rest = text.partition(" ")
        series = "[first |-> 0, last |-> 0, last_at |-> 0]"
        fields = {"phase": f'"{phase}"', "beat_seen": "0", "beat_number": "0", "series": series, "epoch": "0"}
        fields |= dict(one.split("=", 1) for one in rest.split())
        return "[" + ", ".join(f"{name} |-> {value}" for name, value in fields.items()) + "]"

    def wire(messages: str) -> str:
        found = []
        for one in messages.split():
            kind, number = one.split("/")
            found.append(
                f'[kind |-> "{kind}", epoch |-> 1, number |-> {number}, bytes |-> 0, session |-> 0, '
                f'channel |-> "single", seal |-> "peer"]'
            )
        return f"[single |-> <<{', '.join(found)}>>]"

    texts = {
        "end": f"[client |-> {end(client)}, server |-> {end(server)}]",
        "wire": f"[client |-> {wire(to_client)}, server |-> {wire(to_server)}]",
    }
    return State(texts, {})


def seen(role: Role, *path: tuple[str, State]) -> list[str]:
    """The steps that this end sees of a path: an action, and the state after it."""
    graph = Graph(
        tuple(one for _, one in path), (0,), tuple(Edge(at, at + 1, path[at + 1][0]) for at in range(len(path) - 1))
    )
    return [f"{source} {one} {target}" for source, target, one in view(graph, role, POLICY).steps]


def test_each_end_sees_what_it_does_and_time() -> None:
    path = (
        ("", state("fresh", "fresh")),
        ("Open", state("open", "fresh")),
        ("Open", state("open", "open")),
        ("Start", state("open negotiation=1", "open", to_server="start/0")),
        ("Drop", state("open negotiation=1", "open")),
        ("Tick", state("open negotiation=1 t=1", "open t=1")),
    )
    assert seen("client", *path) == ["0 Open 1", "1 Start 2", "2 Tick 3"]
    assert seen("server", *path) == ["0 Open 1", "1 Tick 2"]


def test_what_is_taken_is_named_as_the_end_sees_it() -> None:
    # The numbers are shifted down when the server takes the heartbeat: the client does nothing then.
    path = (
        ("", state("open beat_number=3", "open beat_seen=2", to_server="heartbeat/3 heartbeat/2")),
        ("SendReply", state("open beat_number=1", "open beat_seen=1", "reply/1", "heartbeat/0")),
        ("Ignore", state("open beat_number=1", "open beat_seen=1", "reply/1")),
        ("Ignore", state("open beat_number=1", "open beat_seen=1")),
    )
    assert seen("server", *path) == ["0 SendReply heartbeat epoch=1 number=1 0", "0 Ignore heartbeat epoch=1 0"]
    assert seen("client", *path) == ["0 Ignore reply epoch=1 0"]


def test_an_action_that_changes_the_other_end_is_none_of_ours() -> None:
    with pytest.raises(NotAStory, match="Drop changes the client"):
        seen("client", ("", state("fresh", "fresh")), ("Drop", state("open", "fresh")))
    with pytest.raises(NotAStory, match="no link between two ends"):
        view(Graph((State({"n": "1"}, {}),), (0,), ()), "client", POLICY)


# What the reference makes of a view, and how a tour of it is told.

OPENS = View("client", 4, ((0, 1, Label("Open")), (1, 2, Label("Start")), (1, 3, Label("Offer", bytes=1))))


def test_the_reference_does_at_once_what_is_due() -> None:
    assert {one.number for one in taken(OPENS, Rules(POLICY))} == {0, 1}


def test_a_tour_is_told_as_what_happens_and_what_is_done() -> None:
    path = [Label("Open"), Label("Start"), Label("Tick"), Label("Finish", "answer", 1), Label("Tick")]
    told = tell(Rules(POLICY), "client", [*path, Label("Offer", bytes=2), Label("SendData"), Label("Start")])
    assert list(told.steps) == [
        {"do": "Open", "expect": ["Start"]},
        {"do": "Arrive", "after": 1, "message": {"kind": "answer", "epoch": 1}, "expect": ["Finish"]},
        {"do": "Offer", "after": 1, "bytes": 2, "expect": ["SendData", "Start"]},
    ]
    assert {"EST-4", "BYTE-5"} <= told.rules


def test_of_what_is_due_after_the_last_step_nothing_is_said() -> None:
    told = tell(Rules(POLICY), "client", [Label("Open"), Label("Offer", bytes=1)])
    assert list(told.steps) == [{"do": "Open", "expect": []}, {"do": "Offer", "bytes": 1}]


def test_what_an_end_does_of_itself_is_told_at_a_tick() -> None:
    path = [Label("Open"), Label("Start"), Label("Finish", "answer", 1), Label("Tick"), Label("Tick")]
    told = tell(Rules(POLICY), "client", [*path, Label("SendHeartbeat"), Label("AcceptReply", "reply", 1, 1)])
    assert list(told.steps)[2:] == [
        {"do": "Tick", "after": 2, "expect": ["SendHeartbeat"]},
        {"do": "Arrive", "message": {"kind": "reply", "epoch": 1, "number": 1}, "expect": []},
    ]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ([Label("Open"), Label("SendHeartbeat")], "SendHeartbeat: EST-1"),
        ([Label("Open"), *[Label("Tick")] * 2], "EST-4"),
        ([Label("Open"), Label("Start", sent="resumes")], "sends no such message"),
        ([Label("Open"), Label("Start"), Label("Finish", "answer", 2)], "Finish answer epoch=2: EST-3"),
    ],
)
def test_what_no_rule_allows_is_no_story(path: list[Label], why: str) -> None:
    with pytest.raises(NotFollowed, match=why):
        tell(Rules(POLICY), "client", path)


# One model of ours, from TLC to the traces.

MODEL = "session-reconnect"


@pytest.fixture(scope="module")
def toured(tlc: Tlc) -> list[Toured]:
    model = next(model for model in read() if model.id == MODEL)
    return made(model, tlc, ("client", "server"))


@pytest.mark.java
def test_every_step_is_on_a_tour_and_the_tours_are_short(toured: list[Toured]) -> None:
    for one in toured:
        assert one.ratio <= 1.5
        assert set(one.graph.traces) == set(one.texts)
        for trace in one.traces():
            assert len(trace.steps) <= LONGEST
            assert suite.policy_of(trace) == one.policy


@pytest.mark.java
def test_the_reference_goes_where_it_was_foretold(toured: list[Toured]) -> None:
    for one in toured:
        reached: set[int] = set()
        for trace in one.traces():
            case = replay(trace, one.policy, ReferenceTarget())
            allowed = {"conforms"} if "another choice" not in trace.about else {"conforms", "inconclusive"}
            assert case.word in allowed, f"{trace.name}: {case.reason}"
            reached.update(followed(one.graph, Rules(one.policy), case.log))
        assert len(reached) == one.taken


@pytest.mark.java
def test_the_committed_tours_are_those_of_the_model(toured: list[Toured]) -> None:
    """If this fails: rekeyspec model traces session-reconnect --output conformance/modeltraces"""
    for one in toured:
        folder = suite.TOURS / f"{one.model}-{one.end}"
        assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == dict(one.files)


@pytest.mark.java
def test_what_was_made_before_is_replaced(toured: list[Toured], tmp_path: Path) -> None:
    one = toured[0]
    folder = tmp_path / f"{one.model}-{one.end}"
    save(one, tmp_path)
    stale, other = folder / f"{one.model}-{one.end}-old-1-001.yaml", folder / "notes.txt"
    stale.write_text("")
    other.write_text("mine")
    save(one, tmp_path)
    assert not stale.exists()
    assert other.read_text() == "mine"
    told, graphs = suite.tours(tmp_path)
    assert {told_.trace.name for told_ in told} == set(one.texts)
    assert graphs == [one.graph]
    with pytest.raises(BadInput, match="cannot write"):
        save(one, folder / "notes.txt")


# The committed tours, without the model checker.


class Broken(ReferenceTarget):
    """The reference without one rule's condition of one action."""

    def __init__(self, do: Do, rule: str) -> None:
        super().__init__()
        self.do, self.rule = do, rule

    def open(self, role: Role, policy: Policy) -> End:
        return ReferenceEnd(Engine(policy, role, Rules(policy).without(self.do, self.rule)))


def words(target: ReferenceTarget) -> Iterator[tuple[str, str]]:
    for one in suite.tours()[0]:
        case = replay(one.trace, one.policy, target)
        yield case.word, case.divergence.rule if case.divergence else ""


def test_the_reference_violates_no_tour() -> None:
    assert {word for word, _ in words(ReferenceTarget())} <= {"conforms", "inconclusive"}


@pytest.mark.parametrize(("do", "rule"), [("Finish", "CACHE-1"), ("Reject", "IDLE-4")])
def test_a_broken_reference_violates_some(do: Do, rule: str) -> None:
    assert any(word == "violates" for word, _ in words(Broken(do, rule)))
