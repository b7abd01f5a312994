from rekeyspec.tools.counterexample import Change, at_start, of
from rekeyspec.tools.output import INITIAL, Behaviour, State
from rekeyspec.tools.places import Place


def a_state(number: int, action: str, line: int, n: int, q: str, t: int) -> State:
    ends = f"[a |-> [n |-> {n}, q |-> <<>>], b |-> [n |-> 0, q |-> {q}]]"
    return State(number, action, Place("M", line) if line else None, {"end": ends, "t": str(t)})


BEHAVIOUR = Behaviour(
    (a_state(1, INITIAL, 0, 0, "<<>>", 0), a_state(2, "Up", 7, 1, "<<>>", 0), a_state(3, "Tick", 9, 1, "<<5>>", 1)),
    back_to=2,
)


def test_each_step_has_what_changed_by_its_path() -> None:
    first, second, third = of(BEHAVIOUR).steps
    assert at_start(first)
    assert [change.path for change in first.changes] == ["end", "t"]
    assert second.changes == (Change("end.a.n", "0", "1"),)
    assert third.changes == (Change("end.b.q", "<<>>", "<<5>>"), Change("t", "0", "1"))


def test_for_people() -> None:
    assert list(of(BEHAVIOUR).lines())[3:] == [
        "   2  Up  (M:7)",
        "        end.a.n  0 -> 1",
        "   3  Tick  (M:9)",
        "        end.b.q  <<>> -> <<5>>",
        "        t        0 -> 1",
        "      and on from step 2 for ever",
    ]


def test_a_standstill_and_a_finite_behaviour() -> None:
    assert list(of(Behaviour(BEHAVIOUR.states[:1], stutters=True)).lines())[-1] == "      and nothing happens any more"
    assert "for ever" not in "".join(of(Behaviour(BEHAVIOUR.states)).lines())


def test_values_that_cannot_be_read_are_compared_as_text() -> None:
    states = (State(1, INITIAL, None, {"s": "[{1} -> {2}]"}), State(2, "Go", None, {"s": "[{1} -> {3}]"}))
    assert of(Behaviour(states)).steps[1].changes == (Change("s", '"[{1} -> {2}]"', '"[{1} -> {3}]"'),)


def test_long_values_are_cut_off_for_display_only() -> None:
    long = "<<" + ", ".join(["1"] * 100) + ">>"
    shown = of(Behaviour((State(1, INITIAL, None, {"q": long}),)))
    assert shown.steps[0].changes[0].after == long
    assert list(shown.lines())[1].endswith("1,...")
