"""A trace file that is wrong gets one message: file, place, what was read, what was expected, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from rekeyspec.conformance.amounts import amount
from rekeyspec.conformance.check import one
from rekeyspec.conformance.suite import policy_of, trace_named
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.trace import read
from rekeyspec.reference.policy import Policy

GOOD = """\
trace: 0
name: mine
about: A story.
profile: byte-count
rules: [EST-4]
steps:
- {do: Open, expect: [Start]}
- {at: 5, do: Arrive, message: {kind: answer}}
"""

WRONG = [
    ("trace: 0", "trace: 7", r":1:\d+: .*version.*7"),
    ("trace: 0\n", "", "version of the trace form"),
    ("name: mine", "name: My Story", r"mine.yaml:2:\d+"),
    ("[EST-4]", "[EST-44]", r"mine.yaml:5:\d+.*EST-44.*did you mean EST-4"),
    ("[EST-4]", "[]", r"mine.yaml:5:\d+"),
    ("expect: [Start]", "expcet: [Start]", r"mine.yaml:7:\d+.*`expcet`.*did you mean expect"),
    ("expect: [Start]", "expect: [Strat]", r"mine.yaml:7:\d+"),
    ("do: Open", "do: Opne", r"mine.yaml:7:\d+"),
    ("kind: answer", "kind: anwser", r"mine.yaml:8:\d+"),
    ("kind: answer", "kind: answer, colour: red", r"mine.yaml:8:\d+.*`colour`"),
    (", message: {kind: answer}", "", r"mine.yaml:8:\d+.*Arrive without a message"),
    ("at: 5", "at: 5, after: 5", r"mine.yaml:8:\d+.*both `at` and `after`"),
    ("do: Open", "do: Pass", r"mine.yaml:7:\d+.*Pass with one end"),
    ("do: Open", "end: server, do: Open", r"mine.yaml:7:\d+.*`end`"),
    ("do: Open", "link: ann/1, do: Open", r"mine.yaml:7:\d+.*with `link`, and `end: client`"),
    ("do: Open", "link: ann, do: Open", r"mine.yaml:7:\d+"),
    ("steps:", "steps: 5\nmore:", "mine.yaml"),
]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def test_the_good_one_is_read(tmp_path: Path) -> None:
    assert one(read(write(tmp_path, GOOD)), "reference", None).word == "conforms"


@pytest.mark.parametrize(("was", "now", "said"), WRONG, ids=[now or was for was, now, _ in WRONG])
def test_what_is_wrong_is_said_with_its_place(was: str, now: str, said: str, tmp_path: Path) -> None:
    assert was in GOOD
    with pytest.raises(BadInput, match=said) as why:
        read(write(tmp_path, GOOD.replace(was, now)))
    assert "\n" not in str(why.value)


def test_a_gateways_story_names_a_link_in_every_line(tmp_path: Path) -> None:
    story = GOOD.replace("rules:", "end: server\nrules:").replace(
        "{do: Open, expect: [Start]}", "{link: a/1, do: Open}"
    )
    with pytest.raises(BadInput, match=r"mine.yaml:9:\d+.*a line without `link`"):
        read(write(tmp_path, story))
    told = story.replace("{at: 5, do: Arrive, message: {kind: answer}}", "{at: 5, link: a/2, do: Open}")
    assert one(read(write(tmp_path, told)), "reference", None).word == "conforms"


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("at: 5", "at: idle_perod", "line 2 of `steps`.*idle_perod"),
        ("at: 5", "at: direction", "line 2 of `steps`.*direction"),
        ("at: 5", "at: 5 -", "line 2 of `steps`.*`5 -`"),
        ("{do: Open, expect", "{at: 9, do: Open, expect", "goes back from 9 ms to 5 ms"),
    ],
)
def test_times_are_read_under_the_policy(was: str, now: str, said: str, tmp_path: Path) -> None:
    trace = read(write(tmp_path, GOOD.replace(was, now)))
    with pytest.raises(BadInput, match=said):
        one(trace, "reference", None)


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("profile: byte-count", "profile: byte-cuont", "byte-cuont.*did you mean byte-count"),
        ("rules:", "policy: {byte_limt: 5}\nrules:", "byte_limt.*byte_limit"),
        ("rules:", "policy: {direction: up}\nrules:", "direction"),
    ],
)
def test_the_policy_of_a_trace_is_checked(was: str, now: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=said):
        policy_of(read(write(tmp_path, GOOD.replace(was, now))))


def test_a_name_that_is_no_trace() -> None:
    with pytest.raises(BadInput, match="did you mean idle-then-data"):
        trace_named("idle-then-dat")
    with pytest.raises(BadInput, match=r"nowhere\.yaml"):
        trace_named("nowhere.yaml")


def test_amounts_are_sums() -> None:
    policy = Policy(idle_period=100, retries=3, reply_timeout=7)
    for text, value in {"5": 5, "idle_period - 1": 99, "2*reply_timeout+ 5": 19, "retries*reply_timeout": 21}.items():
        assert amount(text, policy) == value
    for text in ("", "x", "1 2", "5*", "-", "direction", "idle_period idle_period", "__class__"):
        with pytest.raises(ValueError, match="`"):
            amount(text, policy)
