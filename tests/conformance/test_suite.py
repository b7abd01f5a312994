"""Which traces are told under which policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from rekeyspec.conformance import modelgraph, suite
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.suite import RECOMMENDED, by_hand, fits, policy_of, sensible, stories, tours, trace_named
from rekeyspec.conformance.target import BadInput


def test_without_a_policy_what_is_recommended_is_asked_first_and_nothing_is_left_out() -> None:
    told = by_hand(None, None)
    under = [one for one in told if one.again[1:] == ("--profile", RECOMMENDED)]
    assert under == told[: len(under)]
    assert under
    assert all(one.policy == profiles()[RECOMMENDED] and one.profile == RECOMMENDED for one in under)
    own = told[len(under) :]
    assert {one.trace.name for one in own} == set(stories())
    assert all(one.policy == policy_of(one.trace) and one.again == (one.trace.name,) for one in own)


def test_no_story_is_told_twice_under_the_same_policy() -> None:
    told = [(one.trace.name, one.policy) for one in by_hand(None, None)]
    assert len(set(told)) == len(told)


def test_a_profile_chooses_the_stories_written_for_it() -> None:
    told = by_hand(None, "timed")
    assert {one.profile for one in told} == {"timed"}
    assert {one.trace.name for one in told} == {one.name for one in stories().values() if one.profile == "timed"}


def test_a_policy_chooses_the_stories_that_fit_and_are_still_the_same() -> None:
    policy = profiles()["byte-count"].but(byte_limit=1 << 30)  # more than max_message, so that one message is refused
    told = {one.trace.name for one in by_hand(policy, "ours.yaml", "ours")}
    trace = stories()["byte-limit-at-once"]
    assert fits(trace, policy)
    assert not sensible(trace, policy)
    assert trace.name not in told
    assert all(one.again[1:] == ("--profile", "ours.yaml") for one in by_hand(policy, "ours.yaml", "ours"))


def test_the_tours_of_the_package_are_named_by_their_graphs() -> None:
    told, graphs = tours()
    assert {one.trace.name for one in told} == {name for graph in graphs for name in graph.traces}
    assert {path.stem for path in suite.TOURS.rglob("*.yaml")} == {one.trace.name for one in told}
    assert all(one.tour and one.profile.startswith("model ") for one in told)
    assert {graph.end for graph in graphs} == {"client", "server"}
    first = told[0].trace
    assert trace_named(first.name) == first


def test_a_folder_of_tours_is_a_suite(tmp_path: Path) -> None:
    graph = tours()[1][0]
    one = graph.traces[0]
    file = next(suite.TOURS.rglob(f"{one}.yaml"))
    small = modelgraph.Graph(0, graph.model, graph.end, graph.states, graph.steps, [one])
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / f"x{modelgraph.SUFFIX}").write_text(modelgraph.written(small))
    (tmp_path / "deeper" / file.name).write_text(file.read_text())
    told, graphs = tours(tmp_path)
    assert [one.again for one in told] == [(str(tmp_path / "deeper" / file.name),)]
    assert graphs == [small]
    (tmp_path / "deeper" / file.name).unlink()
    with pytest.raises(BadInput, match="read nothing"):
        tours(tmp_path)


def test_what_is_no_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"--suite.*no folder.*`hand`, `model`"):
        tours(tmp_path / "nothing")
    with pytest.raises(BadInput, match=r"expected what `rekeyspec model traces"):
        tours(tmp_path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "read no graph"),
        ('{"graph":1,"model":"m","end":"client","states":1,"steps":[]}', "graph: 1"),
        ('{"graph":0,"model":"m","end":"client","states":1,"steps":[[0,1,"Open"]]}', "states below"),
        ('{"graph":0,"model":"m","end":"nobody","states":1,"steps":[]}', "read no graph"),
    ],
)
def test_a_file_that_is_no_graph_is_refused(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / f"bad{modelgraph.SUFFIX}"
    file.write_text(text)
    with pytest.raises(BadInput, match=why) as raised:
        tours(tmp_path)
    assert str(file) in str(raised.value)
