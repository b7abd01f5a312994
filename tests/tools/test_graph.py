"""Graphs as TLC writes them; TLC is real in the tests marked `java`."""

from pathlib import Path

import pytest

from rekeyspec.tools.checker import Cancelled, Tlc
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.graph import Edge, Graph, dump, read
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.values import NotAValue

OUTPUTS = Path(__file__).parent / "outputs"


def odd(name: str = "odd.dot") -> Graph:
    with (OUTPUTS / name).open(encoding="utf-8") as lines:
        return read(lines)


def test_states_are_numbered_as_they_were_found() -> None:
    graph = odd()
    assert [dict(state) for state in graph.states] == [
        {"n": 0, "s": 'a"b\\c'},
        {"n": 1, "s": 'a"b\\c'},
        {"n": 1, "s": 'q\nr<>{}|; -> [label="no"]'},
        {"n": 2, "s": 'q\nr<>{}|; -> [label="no"]'},
        {"n": 0, "s": "/\\ n = 5"},
        {"n": 7, "s": "far"},
    ]
    assert graph.initial == (0, 1)
    assert graph.states[2].texts["s"] == '"q\\nr<>{}|; -> [label=\\"no\\"]"'


def test_edges_have_their_action_and_are_there_once() -> None:
    graph = odd()
    assert graph.actions == {"Back": 1, "Next": 1, "Rest": 6, "Up": 4}
    assert graph.leaving[3] == (Edge(3, 3, "Rest"), Edge(3, 4, "Back"), Edge(3, 5, "Next"))
    assert len(set(graph.edges)) == len(graph.edges) == 12
    assert sum(map(len, graph.leaving)) == 12


def test_equal_values_are_the_same_and_equal_states_are_equal() -> None:
    graph = odd()
    assert graph.states[2]["s"] is graph.states[3]["s"]
    again = odd().states
    assert graph.states == again
    assert len({*graph.states, *again}) == 6


def test_what_is_no_value_is_said_when_it_is_asked_for() -> None:
    graph = read(["strict digraph {", '1 [label="/\\\\ n = <<1\\n/\\\\ s = 2",style = filled]', "}"])
    assert graph.states[0]["s"] == 2
    with pytest.raises(NotAValue):
        graph.states[0]["n"]


def test_a_step_without_an_action_is_none() -> None:
    states = ['1 [label="n = 1",style = filled]', '2 [label="n = 2"];']
    steps = ["1 -> 1 [style=dashed];", '1 -> 2 [label="Up",color="black"];', "2 -> 2;"]
    assert read([*states, *steps, "}"]).edges == (Edge(0, 1, "Up"),)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "its end is missing"),
        (['1 [label="n = 1",style = filled]'], "its end is missing"),
        (['1 [label="n = 1'], "line 1 is neither"),
        (['1 [label="n = 1"];', "-5 -> 7 ["], "line 2 is neither"),
        (['1 [label="n = 1"];', '1 -> 7 [label="Up"];', "}"], "the state '7' is missing"),
    ],
)
def test_what_is_not_all_there(lines: list[str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(lines)


def pretender(folder: Path, script: str) -> Tlc:
    """A Java that prints what TLC printed, and writes its graph where it is asked to."""
    java = folder / "java"
    java.write_text(
        "#!/bin/sh\nwhile [ $# -gt 1 ]; do\n"
        "[ $1 = dot,actionlabels ] && dot=$2; [ $1 = -config ] && cfg=$2; shift\ndone\n"
        f"{script}\ncat {OUTPUTS}/ok.txt\n"
    )
    java.chmod(0o755)
    return Tlc(java, folder / "tla2tools.jar")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("true", r"ok\.cfg: read no graph from TLC \(.*No such file"),
        ("echo digraph >$dot", r"ok\.cfg: read no graph from TLC \(its end is missing\)"),
        (f"cat {OUTPUTS}/odd.dot >$dot", r"ok\.cfg: TLC found 16 states, and a graph of 6, expected as many"),
        ("exit 143", "killed by SIGTERM"),
    ],
)
def test_a_tlc_that_writes_no_graph(specs: Path, scratch: Path, tmp_path: Path, script: str, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        dump(TlcRun(spec=specs / "Counter.tla", cfg=specs / "ok.cfg"), pretender(tmp_path, script))


def test_nobody_judges_while_the_graph_is_made(specs: Path, scratch: Path, tmp_path: Path) -> None:
    tlc = pretender(tmp_path, f"cp $cfg {tmp_path}/used.cfg")
    with pytest.raises(ModelError):
        dump(TlcRun(spec=specs / "Counter.tla", cfg=specs / "ok.cfg"), tlc)
    used = (tmp_path / "used.cfg").read_text()
    assert used.split() == ["SPECIFICATION", "Fair", "CONSTANTS", "Max", "=", "4", "Stop", "=", "FALSE"]
    assert used.count("\n") == (specs / "ok.cfg").read_text().count("\n")


def test_it_ends_when_nobody_wants_it(specs: Path, scratch: Path, tmp_path: Path) -> None:
    run = TlcRun(spec=specs / "Counter.tla", cfg=specs / "ok.cfg")
    with pytest.raises(Cancelled):
        dump(run, pretender(tmp_path, "sleep 1000"), cancelled=lambda: True)


@pytest.mark.java
def test_tlc_writes_what_is_read_here(specs: Path, scratch: Path, tlc: Tlc) -> None:
    run = TlcRun(spec=specs / "Odd.tla", cfg=specs / "odd-whole.cfg")
    assert dump(run, tlc) == odd()


@pytest.mark.java
def test_a_constraint_bounds_the_graph_and_a_violation_does_not(specs: Path, scratch: Path, tlc: Tlc) -> None:
    graph = dump(TlcRun(spec=specs / "Odd.tla", cfg=specs / "odd.cfg"), tlc)
    assert len(graph.states) == 5
    assert graph.actions == {"Back": 1, "Rest": 5, "Up": 4}
    stopped = dump(TlcRun(spec=specs / "Counter.tla", cfg=specs / "deadlock.cfg"), tlc)
    assert [state["n"] for index, state in enumerate(stopped.states) if not stopped.leaving[index]] != []


@pytest.mark.java
def test_what_tlc_cannot_check_is_said_of_the_cfg_that_was_given(specs: Path, scratch: Path, tlc: Tlc) -> None:
    with pytest.raises(ModelError, match=r"specs/missing\.cfg:2: The constant parameter Stop"):
        dump(TlcRun(spec=specs / "Counter.tla", cfg=specs / "missing.cfg"), tlc)
