import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.tools.values import Function, ModelValue, NotAValue, Value, first, parse, plain, text

DATA = Function({"kind": "data", "epoch": 1})


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("TRUE", True),
        ("FALSE", False),
        ('"q\\"uo\\\\te\\ttab\\nline"', 'q"uo\\te\ttab\nline'),
        ("A", ModelValue("A")),
        ("<<>>", ()),
        ("<< >>", ()),
        ("<<1, <<2>>>>", (1, (2,))),
        ("{}", frozenset()),
        ("{1, {2}}", frozenset({1, frozenset({2})})),
        ("1..3", frozenset({1, 2, 3})),
        ('[kind |-> "data", epoch |-> 1]', DATA),
        ("(1 :> 1 @@ 3 :> 3)", Function({1: 1, 3: 3})),
        ("(1 :> 7 @@ 2 :> 8)", (7, 8)),
        ("(A :> (<<1, 2>> :> {}))", Function({ModelValue("A"): Function({(1, 2): frozenset()})})),
        ('[ queue |->\n      << [kind |-> "data", epoch |-> 1] >> ]', Function({"queue": (DATA,)})),
    ],
)
def test_what_tlc_prints_is_read(printed: str, value: Value) -> None:
    assert parse(printed) == value
    assert type(parse(printed)) is type(value)


@pytest.mark.parametrize(
    "printed", ["", "<<1, 2", "[a 1]", "{1 2}", "(1 :> 2", "1..x", "1 2", '"open', "$", "[1 |-> ]", ")"]
)
def test_what_is_no_value_is_refused_with_what_was_expected(printed: str) -> None:
    with pytest.raises(NotAValue, match=r"read .* expected"):
        parse(printed)


def test_depth_is_bounded() -> None:
    with pytest.raises(NotAValue, match="nesting"):
        parse("<<" * 100_000)


def test_a_value_may_be_followed_by_other_lines() -> None:
    assert first("[a |-> 1]>>\n2 errors, said $") == Function({"a": 1})


def test_values_can_be_members_and_keys() -> None:
    assert len({parse("[a |-> 1, b |-> {2}]"), parse("[b |-> {2}, a |-> 1]"), parse("[a |-> 2, b |-> {2}]")}) == 2


def test_plain_data_for_files() -> None:
    assert plain(parse('[a |-> {3, 1, 2}, b |-> <<TRUE, A>>, c |-> (1 :> "x" @@ 5 :> "y")]')) == {
        "a": [1, 2, 3],
        "b": [True, "A"],
        "c": {"1": "x", "5": "y"},
    }


leaves = st.one_of(
    st.integers(), st.text(), st.booleans(), st.from_regex(r"\A[A-Z][A-Za-z_0-9]{0,5}\Z").filter(
        lambda name: name not in ("TRUE", "FALSE")
    ).map(ModelValue)
)  # fmt: skip
names = st.from_regex(r"\A[a-z_][a-z_0-9]{0,8}\Z")
keys = st.integers(-3, -1) | names
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.frozensets(inner, max_size=3),
        st.dictionaries(keys, inner, min_size=1, max_size=3).map(Function),
    ),
    max_leaves=12,
)


@given(values)
def test_text_and_parse_are_inverse(value: Value) -> None:
    assert parse(text(value)) == value
