"""Behaviours of models and traces written for other tools; TLC is real in the test marked `java`."""

import json
from pathlib import Path

import pytest

from rekeyspec.conformance.suite import trace_named
from rekeyspec.tools.itf import from_itf, read, to_itf
from rekeyspec.tools.tracelog import behaviour_of
from tests.tools.pretenders import MODELS, rekeyspec


def test_a_trace_is_its_events() -> None:
    behaviour = behaviour_of(trace_named("age-by-the-timer"))
    first = behaviour.states[0].values()
    assert set(first) == {"t", "end", "event"}
    assert {state.action for state in behaviour.states} >= {"Open", "Tick"}
    times = [state.values()["t"] for state in behaviour.states]
    assert times == sorted(times, key=lambda t: int(str(t)))
    again = from_itf(to_itf(behaviour, source="", about=""))
    assert [state.values() for state in again.states] == [state.values() for state in behaviour.states]


def test_the_command_with_a_trace(scratch: Path, tmp_path: Path) -> None:
    with rekeyspec("export", "age-by-the-timer", "--itf", "-", folder=tmp_path) as child:
        out, err = child.communicate(timeout=60)
    assert child.returncode == 0
    assert json.loads(out)["vars"] == ["t", "end", "event"]
    assert "the events that the reference shows" in err


def test_what_is_neither_model_nor_trace(scratch: Path, tmp_path: Path) -> None:
    with rekeyspec("export", "age-by-the-timr", "--itf", "a.itf.json", folder=tmp_path) as child:
        _, err = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "age-by-the-timer" in err
    assert not (tmp_path / "a.itf.json").exists()


@pytest.mark.java
def test_the_command_with_models(specs: Path, scratch: Path, tmp_path: Path) -> None:
    text = MODELS.format(specs).replace("expect: ok, distinct: 9}", "expect: {violates: ServerStays}}", 1)
    (tmp_path / "models.yaml").write_text(text)
    for words in (["ok", "--depth", "7"], ["exchange"]):
        command = ["export", *words, "--itf", f"{words[0]}.itf.json", "--models", "models.yaml"]
        with rekeyspec(*command, folder=tmp_path) as child:
            _, err = child.communicate(timeout=120)
        assert child.returncode == 0, err
    assert len(read(tmp_path / "ok.itf.json").states) == 7
    violated = read(tmp_path / "exchange.itf.json")
    assert violated.states[-1].action == "Close"
    assert "violates ServerStays" in json.loads((tmp_path / "exchange.itf.json").read_text())["#meta"]["description"]
