"""The adapter that the page for implementers walks through is whole, and does what the reference does."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.adapters import protocol, wire
from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.adapters.pair import PairTarget
from rekeyspec.conformance.adapters.process import ExecTarget
from rekeyspec.conformance.adapters.python import PythonTarget
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.adapters.walk import walk
from rekeyspec.conformance.check import check
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import Reply, Target
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, VISIBLE, Event, Message, Role

PAGE = (Path(protocol.__file__).resolve().parent.parent.parent / "docs" / "adapters.md").read_text()

POLICIES = st.builds(
    Policy,
    byte_limit=st.sampled_from([0, 20, 50]),
    byte_floor=st.sampled_from([0, 30]),
    byte_test=st.sampled_from(["reached", "exceeded"]),
    byte_trigger=st.sampled_from(["at-once", "next-data"]),
    limit_from=st.sampled_from(["own", "initiator"]),
    transport=st.sampled_from(["stream", "datagram"]),
    direction=st.sampled_from(["both", "to-server"]),
    heartbeat_protection=st.sampled_from(["protected", "clear"]),
    rekey_initiator=st.sampled_from(["sender", "client", "server"]),
    max_message=st.just(60),
    queue_limit=st.just(100),
    negotiation_timeout=st.just(30),
)
MESSAGES = st.builds(
    lambda kind, epoch, number, starter, size, seal: Message(
        kind,
        epoch,
        number if kind in ("data", "heartbeat", "reply") else 0,
        f"{starter}{epoch}" if kind in ("start", "answer", "finish") else "",
        bytes=size if kind == "data" else 0,
        sealed_by=seal,
    ),
    st.sampled_from(["start", "answer", "finish", "data", "data", "data", "heartbeat", "reply", "request"]),
    st.integers(0, 3),
    st.integers(1, 4),
    st.sampled_from("cs"),
    st.sampled_from([1, 20, 45]),
    st.sampled_from(["peer", "peer", "peer", "adversary", "nobody"]),
)
HAPPENS = st.one_of(
    st.tuples(st.just("Offer"), st.none(), st.sampled_from([1, 20, 45, 61])),
    st.tuples(st.just("Arrive"), MESSAGES, st.just(0)),
    st.tuples(st.just("Arrive"), MESSAGES, st.just(0)),
    st.tuples(st.sampled_from(["Tick", "Tick", "Shut"]), st.none(), st.just(0)),
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The page's adapter, written out."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "page_adapter.py").write_text(
        "\n\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    )
    sys.path.insert(0, str(folder))
    yield folder / "page_adapter.py"
    sys.path.remove(str(folder))


def handshake(role: Role) -> list[tuple[str, Message | None, int]]:
    came = ["answer"] if role == "client" else ["start", "finish"]
    return [("Arrive", Message(kind, 1, negotiation="c1"), 0) for kind in came]  # type: ignore[arg-type]


def drive(
    target: Target, role: Role, policy: Policy, story: list[tuple[str, Message | None, int]], pace: int
) -> list[Reply]:
    """What it did, without its own words for the reasons."""
    end = target.open(role, policy)
    events = [Event(0, role, "Open")]
    for n, (do, message, size) in enumerate(story, 1):
        events.append(Event(n * pace, role, do, message, size))  # type: ignore[arg-type]
    replies = end.run(events)
    end.close()
    return [Reply(tuple(e._replace(reason="") for e in r.did), r.deadline) for r in replies]


@given(POLICIES, st.sampled_from(ROLES), st.lists(HAPPENS, max_size=12), st.integers(0, 7), st.booleans())
def test_it_does_what_the_reference_does(
    page: Path, policy: Policy, role: Role, story: list[tuple[str, Message | None, int]], pace: int, begun: bool
) -> None:
    told = [*handshake(role), *story] if begun else story
    mine = drive(PythonTarget("page_adapter:End"), role, policy, told, pace)
    assert mine == drive(ReferenceTarget(), role, policy, told, pace)


def test_it_conforms_as_a_program_and_in_python(page: Path, tmp_path: Path) -> None:
    checked = check([f"exec:{sys.executable} {page}", "python:page_adapter:End"], None, tmp_path, lambda *_: None)
    assert checked.troubles == []
    words = {(v.rule, v.verdict, v.detail) for v in checked.report.verdicts if v.verdict in ("violates", "broken")}
    assert words == set()
    assert sum(v.verdict == "conforms" for v in checked.report.verdicts) > 20


def test_it_says_the_same_as_a_program_and_in_python(page: Path) -> None:
    story = [*handshake("server"), ("Offer", None, 9), ("Arrive", Message("data", 1, 1, bytes=4), 0), ("Shut", None, 0)]
    with ExecTarget(f"{sys.executable} {page}") as target:
        assert drive(target, "server", Policy(), story, 3) == drive(
            PythonTarget("page_adapter:End"), "server", Policy(), story, 3
        )
        assert dict(target.unsupported) == dict(PythonTarget("page_adapter:End").unsupported)
        assert set(target.unsupported) <= set(rules())


@pytest.mark.parametrize("action", VISIBLE)
def test_the_page_says_when_each_action_is_reported(action: str) -> None:
    rows = re.findall(rf"^\| `{action}` \|(.*)\|(.*)\|$", PAGE, re.MULTILINE)
    assert len(rows) == 1
    kind = protocol.MESSAGE_OF[action]  # type: ignore[index]
    assert kind in rows[0][1] if kind else rows[0][1].strip() == "none"


def test_the_page_knows_only_rules_that_there_are() -> None:
    named = set(re.findall(r"\b[A-Z]{3,5}-[0-9]+\b", PAGE)) - {"UTF-8"}
    assert named <= set(rules()), named - set(rules())


@pytest.mark.parametrize("feature", protocol.FEATURES)
def test_the_page_says_what_each_feature_is_and_leads_there(feature: str) -> None:
    ((meaning, anchor),) = re.findall(rf"^\| `{feature}` \| (.*): see \[.*\]\(#(.*)\) \|$", PAGE, re.MULTILINE)
    assert meaning
    assert any(title.lower().replace(" ", "-") == anchor for title in re.findall(r"^## (.*)$", PAGE, re.MULTILINE))


@pytest.mark.parametrize("field", [name for name in protocol.WireMessage.__struct_fields__ if name != "kind"])
def test_the_page_says_what_each_field_of_a_message_is(field: str) -> None:
    assert len(re.findall(rf"^\| `{field}` \| [^|]* \| [^|]+ \|$", PAGE, re.MULTILINE)) == 1


def test_the_pair_of_the_page_is_one() -> None:
    (command,) = re.findall(r"^rekeyspec check (pair:.*)$", PAGE, re.MULTILINE)
    (text,) = shlex.split(command)
    target = target_named(text)
    assert isinstance(target, PairTarget)
    assert list(target.implementations.values()) == ["exec:python client.py", "exec:node server.mjs"]


def test_the_page_walks_and_says_what_an_adapter_of_version_0_changes(page: Path) -> None:
    found = list(walk(f"{sys.executable} {page}"))
    assert {one.word for one in found} == {"ok"}, [list(one.lines()) for one in found if one.word != "ok"]
    section = PAGE.split("## From version 0")[1]
    assert '"protocol":1' in section
    assert '"features":["gateway"]' in section
    assert '"features":["gateway"]' in wire.FROM_VERSION_0
