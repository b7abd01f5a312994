"""What a trace in YAML shows, as a behaviour: each event that the reference saw, one after the other.

This module knows what a trace is. There is one state for each event, with three variables: `event` as the log has it,
the time in ms `t`, and the end `end`. A log says what happened and not what the ends remember, so there is no more.
"""

from __future__ import annotations

from collections.abc import Mapping

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.log import row
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.trace import Trace
from rekeyspec.reference.vocabulary import Event
from rekeyspec.tools.output import Behaviour, State
from rekeyspec.tools.values import Function, Value, text


def behaviour_of(trace: Trace) -> Behaviour:
    """The log of the reference, driven through the trace. Raises BadInput where there is nothing in it."""
    log = replay(trace, policy_of(trace), ReferenceTarget()).log
    if not log:
        raise BadInput(f"trace {trace.name}: the reference did nothing in it, expected events; add steps")
    return Behaviour(tuple(_state(number, event) for number, event in enumerate(log, 1)))


def _state(number: int, event: Event) -> State:
    said: dict[Value, Value] = {name: _value(item) for name, item in row(event).items() if name not in ("t", "end")}
    variables: dict[str, Value] = {"t": event.t, "end": event.end, "event": Function(said)}
    return State(number, event.do, None, {name: text(value) for name, value in variables.items()})


def _value(item: object) -> Value:
    if isinstance(item, Mapping):
        return Function({str(name): _value(inner) for name, inner in item.items()})
    assert isinstance(item, int | str)
    return item
