"""Two implementations on one link: what either does is laid at its own door."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Self

import pytest

from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.adapters.pair import PairTarget
from rekeyspec.conformance.adapters.process import ExecTarget
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.check import check
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.target import BadInput, Broken, Carried, End, Reply, Target, carried
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Event, Message, Role

BOTH = [one for one in stories().values() if one.end == "both"]
LINK = Path(__file__).parents[3] / "examples" / "adapters" / "link.py"
PYTHON = shlex.join([sys.executable, str(LINK)])


class Other(ReferenceTarget):
    """The reference under another name, or with a fault of its own."""

    def __init__(self, name: str, stated: dict[str, str] | None = None, **policy: int) -> None:
        super().__init__()
        self.name, self.unsupported, self.fault = name, stated or {}, policy
        self.features = frozenset({"opaque", "gateway"})
        self.began, self.ended = 0, 0

    def open(self, role: Role, policy: Policy) -> End:
        return super().open(role, policy.but(**self.fault))

    def __enter__(self) -> Self:
        self.began += 1
        return self

    def __exit__(self, *exc: object) -> None:
        self.ended += 1


class Dies(Other):
    def open(self, role: Role, policy: Policy) -> End:
        raise Broken(f"{self.name}: it died")


def pair(client: Target, server: Target) -> PairTarget:
    return PairTarget(f"pair:{client.name} {server.name}", client, server)


def told(name: str, target: Target) -> Case:
    return replay(stories()[name], policy_of(stories()[name]), target)


@pytest.mark.parametrize("trace", BOTH, ids=lambda t: t.name)
def test_two_that_keep_the_rules_keep_them_together(trace: object) -> None:
    with pair(Other("a"), Other("b")) as target:
        case = told(trace.name, target)  # type: ignore[attr-defined]
    assert (case.word, case.target) == ("conforms", "pair:a b")


def test_there_are_stories_enough() -> None:
    asked = {rule for trace in BOTH for rule in trace.rules}
    assert len(BOTH) >= 8
    assert {rule.split("-")[0] for rule in asked} >= {"EST", "BYTE", "HB", "IDLE", "DEAD", "REKEY", "CLOSE", "EARLY"}


@pytest.mark.parametrize(("late", "blamed"), [("client", "a, the client"), ("server", "b, the server")])
def test_a_violation_names_the_one_that_left_the_rules(late: str, blamed: str) -> None:
    fault = {"negotiation_timeout": 99_999}
    a, b = Other("a", **(fault if late == "client" else {})), Other("b", **(fault if late == "server" else {}))
    case = told("est-both-a-lost-finish", pair(a, b))
    if late == "client":
        assert case.word == "conforms", "the client's negotiation has ended in time"
        case = told("dead-both-the-line-is-cut", pair(Other("a", reply_timeout=60_000), b))
    assert case.word == "violates"
    assert case.divergence
    assert case.divergence.end == late
    assert case.reason == f"{blamed}: {case.divergence.sentence()}"


def test_the_verdict_names_it_too(tmp_path: Path) -> None:
    program = tmp_path / "mute.py"
    program.write_text(LINK.read_text().replace('self.send("SendReply", "reply", number=m["number"])', "pass"))
    mute = f"exec:{shlex.join([sys.executable, str(program)])}"
    text = f"pair:reference {shlex.quote(mute)}"
    checked = check([text], "key-based", tmp_path, lambda *_: None)
    (found,) = [v for v in checked.report.verdicts if v.rule == "HB-3"]
    assert checked.exit_code == 1
    assert (found.target, found.verdict) == (text, "violates")
    assert found.reason.startswith(f"{mute}, the server: HB-3: ")


@pytest.mark.parametrize(
    ("dead", "said"), [("client", "the client of the pair: a: it"), ("server", "the server of the pair: b: it")]
)
def test_an_error_says_whose_it_is(dead: str, said: str) -> None:
    one, other = (Dies("a"), Other("b")) if dead == "client" else (Other("a"), Dies("b"))
    case = told("rekey-both-start-at-once", pair(one, other))
    assert case.word == "broken"
    assert case.reason.startswith(said)


def test_what_either_stated_is_not_asked_and_the_reason_says_whose() -> None:
    a, b = Other("a", {"HB-1": "no heartbeats", "CHAN-1": "one channel"}), Other("b", {"HB-1": "never beats"})
    with pair(a, b) as target:
        assert target.unsupported == {"HB-1": "a: no heartbeats; b: never beats", "CHAN-1": "a: one channel"}
    with pair(a, a) as target:
        assert target.unsupported == {"HB-1": "a: no heartbeats", "CHAN-1": "a: one channel"}


def test_opaque_bytes_are_for_the_same_implementation_only() -> None:
    class Sealing(Other):
        def open(self, role: Role, policy: Policy) -> End:
            return Sealed()

    class Sealed:
        def step(self, event: Event) -> Reply:
            start = carried(Message("start", 1, negotiation="c1"), "b3Bh")
            return Reply((Event(event.t, event.end, "Start", start),), 9)

        def run(self, events: list[Event]) -> list[Reply]:
            return [self.step(event) for event in events]

        def close(self) -> None:
            """Nothing is held."""

    for other, kept in (("a", True), ("b", False)):
        with pair(Sealing("a"), Sealing(other)) as target:
            assert target.features == (frozenset({"opaque"}) if kept else frozenset())
            for replies in (target.open("client", Policy()).run([Event(0, "client", "Open")]),):
                assert (type(replies[0].did[0].message) is Carried) == kept
            did = target.open("client", Policy()).step(Event(0, "client", "Open")).did
            assert (type(did[0].message) is Carried) == kept


def test_a_pair_is_told_what_both_ends_are_in_and_that_is_said(tmp_path: Path) -> None:
    checked = check(["pair:reference reference"], None, tmp_path, lambda *_: None, ["hand"])
    assert checked.exit_code == 0
    assert {case.trace for case in checked.report.cases} == {trace.name for trace in BOTH}
    (note,) = checked.notes
    assert f"a pair was told the {len(checked.report.cases)} of" in note


def test_a_story_of_one_end_is_not_put_to_a_pair() -> None:
    case = told("idle-then-data", pair(Other("a"), Other("b")))
    assert case.word == "unsupported"
    assert "put it to each implementation by itself" in case.reason


def test_both_are_started_or_neither_and_both_are_ended() -> None:
    a, b = Other("a"), Other("b")
    with pair(a, b):
        assert (a.began, b.began, a.ended, b.ended) == (1, 1, 0, 0)
    assert (a.ended, b.ended) == (1, 1)
    with (
        pytest.raises(Broken, match=r"the server of the pair: exec:/no/such/program: "),
        pair(a, ExecTarget("/no/such/program")),
    ):
        pytest.fail("it started")
    assert (a.began, a.ended) == (2, 2)


def test_programs_are_paired_with_what_is_here(tmp_path: Path) -> None:
    text = f"pair:reference 'exec:{PYTHON}'"
    checked = check([text], None, tmp_path, lambda *_: None, ["hand"])
    assert checked.troubles == []
    assert checked.exit_code == 0
    assert {v.target for v in checked.report.verdicts} == {text}


@pytest.mark.parametrize("role", ROLES)
def test_each_end_is_of_its_own_implementation(role: Role) -> None:
    a, b = Other("a", negotiation_timeout=11), Other("b", negotiation_timeout=22)
    with pair(a, b) as target:
        (reply,) = target.open(role, Policy()).run([Event(0, role, "Open")])
    assert reply.deadline == (11 if role == "client" else 22)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pair:reference", "names 1 targets; expected two"),
        ("pair:", "names 0 targets"),
        ("pair:exec:python a.py reference", "names 3 targets; .*put quotes around"),
        ("pair:reference 'exec:x", "cannot be split into two targets"),
        ("pair:reference peer:asyncssh", "has 'peer:asyncssh' in it, which the harness cannot open"),
        ("pair:reference 'pair:reference reference'", "cannot open single ends of"),
        ("pair:reference refrence", "did you mean 'reference'"),
        ("pairs:reference reference", "did you mean 'pair:reference reference'"),
    ],
)
def test_what_names_no_two_is_bad_input(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        target_named(text)
