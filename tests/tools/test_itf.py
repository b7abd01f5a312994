"""Behaviours in the Informal Trace Format, and back."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.itf import dumped, from_itf, read, to_itf
from rekeyspec.tools.output import INITIAL, Behaviour, State, understand
from rekeyspec.tools.places import Place
from rekeyspec.tools.values import Function, ModelValue, Value, text

OUTPUTS = Path(__file__).parent / "outputs"


def behaviour(**variables: str) -> Behaviour:
    return Behaviour((State(1, INITIAL, None, variables),))


def written(said: str) -> object:
    return to_itf(behaviour(x=said), source="A.tla", about="")["states"][0]["x"]


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("5", {"#bigint": "5"}),
        ("-12345678901234567890", {"#bigint": "-12345678901234567890"}),
        ("TRUE", True),
        ('"a\\"b\\n"', 'a"b\n'),
        ("red", "red_OF_MODEL"),
        ("<<>>", []),
        ("<<1, 2>>", [{"#bigint": "1"}, {"#bigint": "2"}]),
        ('<<1, "a">>', {"#tup": [{"#bigint": "1"}, "a"]}),
        ("{2, 1}", {"#set": [{"#bigint": "1"}, {"#bigint": "2"}]}),
        ('[a |-> TRUE, b |-> {"x"}]', {"a": True, "b": {"#set": ["x"]}}),
        ("(5 :> TRUE @@ 7 :> FALSE)", {"#map": [[{"#bigint": "5"}, True], [{"#bigint": "7"}, False]]}),
        ('("#a" :> TRUE)', {"#map": [["#a", True]]}),
        ("[1..2 -> 3..4]", {"#unserializable": "[1..2 -> 3..4]"}),
    ],
)
def test_each_kind_of_value_has_its_form_and_comes_back(said: str, form: object) -> None:
    assert written(said) == form
    (state,) = from_itf({"vars": ["x"], "states": [{"x": form}]}).states
    assert written(state.variables["x"]) == form


VALUES: st.SearchStrategy[Value] = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=5) | st.sampled_from([ModelValue("m"), ModelValue("n1")]),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.frozensets(inner, max_size=3)
        | st.dictionaries(
            st.text("ab#", min_size=1, max_size=2) | st.integers(5, 9), inner, min_size=1, max_size=3
        ).map(
            Function  # type: ignore[arg-type]
        )
    ),
    max_leaves=12,
)


@given(VALUES)
def test_any_value_comes_back(value: Value) -> None:
    once = to_itf(behaviour(x=text(value)), source="", about="")
    (state,) = from_itf(json.loads(dumped(once))).states
    assert state.values() == {"x": value}
    assert state.variables["x"] == text(value)


@pytest.mark.parametrize("name", ["invariant", "deadlock", "stutter", "temporal", "values"])
def test_a_counterexample_comes_back_with_its_actions_and_its_loop(name: str) -> None:
    found = understand((OUTPUTS / f"{name}.txt").read_text("utf-8").splitlines()).behaviour
    assert found is not None
    itf = to_itf(found, source="Counter.tla", about="It is a test.")
    assert itf["#meta"]["format"] == "ITF"
    assert itf["vars"] == list(found.states[0].variables)
    again = from_itf(json.loads(dumped(itf)))
    assert [(state.number, state.action) for state in again.states] == [
        (state.number, state.action) for state in found.states
    ]
    assert [state.values() for state in again.states] == [state.values() for state in found.states]
    assert (again.back_to, again.stutters) == (found.back_to, found.stutters)


def test_a_loop_is_at_an_index() -> None:
    states = tuple(State(number, "Up", Place("M", 5), {"x": str(number)}) for number in (1, 2, 3))
    assert to_itf(Behaviour(states, back_to=2), source="", about="")["loop"] == 1
    assert to_itf(Behaviour(states, stutters=True), source="", about="")["loop"] == 2
    assert "loop" not in to_itf(Behaviour(states), source="", about="")
    assert from_itf(to_itf(Behaviour(states, back_to=2), source="", about="")) == Behaviour(states, back_to=2)


def test_what_others_write_is_read() -> None:
    trace = {
        "vars": ["b", "w"],
        "loop": 0,
        "states": [{"b": "E", "w": {"#map": [["E", {"#set": []}]]}}, {"b": 1, "w": []}],
    }
    first, second = from_itf(trace).states
    assert (first.action, second.action) == (INITIAL, "")
    assert first.variables == {"b": '"E"', "w": "[E |-> {}]"}
    assert second.variables == {"b": "1", "w": "<<>>"}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("{", "expected a trace in ITF"),
        ("[]", "read no vars in the trace"),
        ('{"vars": ["x"]}', "read no states in the trace"),
        ('{"vars": "x", "states": []}', "read vars that is no list"),
        ('{"vars": ["x"], "states": [{}]}', "read no x in state 0"),
        ('{"vars": ["x"], "states": [{"x": null}]}', "read None, expected an expression"),
        ('{"vars": ["x"], "states": [{"x": {"#what": []}}]}', "expected an expression"),
        ('{"vars": ["x"], "states": [{"x": {"#map": [5]}}]}', "expected a trace in ITF"),
        ('{"vars": [], "states": [{}], "loop": 1}', "read the loop 1, expected the index of a state"),
    ],
)
def test_what_is_no_trace(tmp_path: Path, wrong: str, why: str) -> None:
    file = tmp_path / "a.itf.json"
    file.write_text(wrong)
    with pytest.raises(BadInput, match=why):
        read(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"absent\.itf\.json: read nothing"):
        read(tmp_path / "absent.itf.json")
