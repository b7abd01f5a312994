"""What is saved can be read again, and is the same trace."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from rekeyspec.conformance import trace as form
from rekeyspec.conformance.explore.text import text
from rekeyspec.conformance.strategies import interleavings
from rekeyspec.conformance.suite import stories
from rekeyspec.conformance.trace import Trace
from rekeyspec.conformance.yamlfile import parse


def read(words: str) -> Trace:
    return form.parse(parse(words, "here.yaml"))


@pytest.mark.parametrize("name", sorted(stories()))
def test_a_hand_written_trace_comes_back_as_it_was(name: str) -> None:
    assert read(text(stories()[name])) == stories()[name]


@given(interleavings(steps=20))
def test_a_drawn_trace_comes_back_as_it_was(drawn: Trace) -> None:
    assert read(text(drawn)) == drawn


def test_each_step_is_one_line_and_says_only_what_is_not_at_its_default() -> None:
    lines = text(stories()["idle-then-data"]).splitlines()
    steps = lines[lines.index("steps:") + 1 :]
    assert len(steps) == len(stories()["idle-then-data"].steps)
    assert steps[0] == "- {do: Open, established: true, expect: [Start, Finish]}"


def test_what_looks_like_a_boolean_is_quoted() -> None:
    trace = msgspec.structs.replace(stories()["idle-then-data"], policy={"session_cache": "on"}, about="a: b # c")
    assert read(text(trace)) == trace
