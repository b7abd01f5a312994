"""What is written is what the schema describes, and what is read is what was meant, or is refused by name."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rekeyspec.conformance.adapters import protocol, wire
from rekeyspec.conformance.rulebook import parameters
from rekeyspec.conformance.target import Broken, Reply
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ENVIRONMENT, KINDS, NEVER, VISIBLE, Channel, Event, Message, Seal

ROOT = Path(protocol.__file__).resolve().parent.parent.parent
SCHEMA: dict[str, Any] = json.loads((ROOT / "conformance/adapters/protocol.schema.json").read_text())
PAGES = [ROOT / "docs" / name for name in ("design.md", "adapters.md")]

AT = Event(40, "server", "Tick", link="b")

COUNTS = st.integers(0, 1 << 40)
MESSAGES = st.builds(
    Message,
    st.sampled_from(KINDS),
    COUNTS,
    COUNTS,
    st.text(max_size=4),
    st.text(max_size=4),
    COUNTS,
    st.sampled_from(get_args(Channel)),
    st.sampled_from(get_args(Seal)),
)
EVENTS = st.one_of(
    st.builds(lambda t, do: Event(t, "client", do), COUNTS, st.sampled_from(["Open", "Tick", "Shut"])),
    st.builds(lambda t, size: Event(t, "client", "Offer", bytes=size), COUNTS, COUNTS),
    st.builds(lambda t, message: Event(t, "client", "Arrive", message), COUNTS, MESSAGES),
)


@cache
def validator(form: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{form}", "$defs": SCHEMA["$defs"]})


def valid(form: str, line: bytes | str) -> bool:
    """Does the schema's definition of this name accept the line?"""
    return bool(validator(form).is_valid(json.loads(line)))


def step_line(*did: dict[str, Any], deadline: object = None) -> bytes:
    return json.dumps({"id": 1, "did": did, "deadline": deadline}).encode()


def action(do: str) -> dict[str, Any]:
    """An action with the message that it carries, if it carries one."""
    kind = protocol.MESSAGE_OF[do]  # type: ignore[index]
    return {"do": do} | ({"message": {"kind": kind, "epoch": 2, "number": 7}} if kind else {})


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_definition_says_what_it_is() -> None:
    bare = [name for name, form in SCHEMA["$defs"].items() if not form.get("description")]
    assert bare == []


@given(EVENTS, st.integers(1, 9))
def test_what_is_asked_is_as_the_schema_says(event: Event, ident: int) -> None:
    assert valid("step", wire.step(ident, event))
    assert valid("run", wire.run(ident, [event, event]))
    assert wire.step(ident, event).endswith(b"\n")
    assert b"\n" not in wire.step(ident, event)[:-1]


def test_the_other_requests_are_as_the_schema_says() -> None:
    assert valid("hello", wire.hello())
    assert valid("open", wire.open_end(1, "client", Policy()))
    assert valid("close", wire.close(1))


@pytest.mark.parametrize("do", ENVIRONMENT)
def test_the_schema_knows_every_event(do: str) -> None:
    assert do in SCHEMA["$defs"]["event"]["properties"]["do"]["enum"]


def test_open_says_every_parameter_and_the_schema_explains_each_in_the_words_of_the_rules() -> None:
    sent = json.loads(wire.open_end(1, "client", Policy(idle_period=5)))["policy"]
    assert sent == asdict(Policy(idle_period=5))
    assert sent["heartbeat_interval"] == 5
    described = SCHEMA["$defs"]["policy"]["properties"]
    assert list(described) == list(sent) == SCHEMA["$defs"]["policy"]["required"]
    for name, parameter in parameters().items():
        assert described[name]["description"].startswith(parameter.meaning), name
        assert tuple(described[name].get("enum", ())) == parameter.values, name


def test_an_end_is_not_told_who_else_has_the_key() -> None:
    forged = Event(1, "client", "Arrive", Message("data", 1, 1, sealed_by="adversary"))
    assert "sealed_by" not in json.loads(wire.step(1, forged))["event"]["message"]
    assert "sealed_by" not in wire.plain(forged)["message"]
    assert wire.as_seen(forged).message == Message("data", 1, 1, sealed_by="peer")
    clear = forged._replace(message=Message("heartbeat", 1, 1, sealed_by="nobody"))
    assert json.loads(wire.step(1, clear))["event"]["message"]["sealed_by"] == "nobody"
    assert wire.as_seen(clear) is clear


def test_defaults_are_left_out() -> None:
    event = Event(9, "client", "Arrive", Message("data", bytes=3), reason="why", link="a")
    assert json.loads(wire.step(4, event)) == {
        "cmd": "step",
        "id": 4,
        "event": {"t": 9, "do": "Arrive", "message": {"kind": "data", "bytes": 3}},
    }


@given(MESSAGES.filter(lambda m: m.kind == "data" and m.sealed_by != "adversary"), st.none() | COUNTS)
def test_what_an_end_did_is_read_with_the_time_end_and_link_of_its_event(
    message: Message, deadline: int | None
) -> None:
    said = msgspec.json.encode(message._asdict()).decode()
    line = f'{{"deadline":{json.dumps(deadline)},"did":[{{"do":"Deliver","message":{said}}}],"id":1}}'
    assert valid("step_done", line)
    expected = Reply((Event(40, "server", "Deliver", message, link="b"),), NEVER if deadline is None else deadline)
    assert wire.step_done(line.encode(), 1, AT) == expected
    assert wire.result({"did": [{"do": "Deliver", "message": message._asdict()}], "deadline": deadline}, AT) == expected


@pytest.mark.parametrize("do", VISIBLE)
def test_every_visible_action_can_be_said(do: str) -> None:
    line = step_line(action(do), deadline=50)
    assert valid("step_done", line)
    (done,) = wire.step_done(line, 1, AT).did
    assert done.do == do
    assert (done.message.kind if done.message else None) == protocol.MESSAGE_OF[done.do]  # type: ignore[index]


def test_close_may_announce_nothing_and_may_give_a_reason() -> None:
    line = step_line({"do": "Close", "reason": "EST-4"}, {"do": "Refuse", "reason": "queue_limit"})
    assert valid("step_done", line)
    closed, refused = wire.step_done(line, 1, AT).did
    assert (closed.message, closed.reason, refused.reason) == (None, "EST-4", "queue_limit")


DATA = {"kind": "data"}
REFUSED: dict[str, tuple[bytes, str]] = {
    "a message too few": (step_line({"do": "SendData"}), "SendData says no message; expected the data message"),
    "a message too many": (step_line({"do": "Suspect", "message": DATA}), "Suspect says a data message; expected none"),
    "another kind": (
        step_line({"do": "SendReply", "message": DATA}),
        "says a data message; expected one of kind reply",
    ),
    "a reason": (step_line(action("Reject") | {"reason": "x"}), "Reject gives a reason; only Close and Refuse do"),
    "a silent action": (step_line({"do": "Ignore"}), r"'Ignore' - at `\$.did\[0\].do` \(`do` is one of Start"),
    "an event": (step_line({"do": "Tick"}), "Invalid enum value 'Tick'"),
    "an end": (step_line(action("Deliver") | {"end": "client"}), r"unknown field `end` - at `\$.did\[0\]`"),
    "an adversary": (
        step_line({"do": "Deliver", "message": DATA | {"sealed_by": "adversary"}}),
        r"'adversary' - at `\$.did\[0\].message.sealed_by`",
    ),
    "an unknown field": (step_line({"do": "Deliver", "message": DATA | {"size": 4}}), "unknown field `size`"),
    "a negative number": (step_line({"do": "Deliver", "message": DATA | {"number": -1}}), "Expected `int` >= 0"),
    "a word for a number": (step_line({"do": "Deliver", "message": DATA | {"number": "1"}}), "got `str`"),
    "a number for a word": (step_line({"do": "Deliver", "message": DATA | {"session": 1}}), "got `int`"),
    "no kind": (step_line({"do": "Deliver", "message": {}}), "missing required field `kind`"),
    "no deadline": (b'{"id":1,"did":[]}', "missing required field `deadline`"),
    "a negative deadline": (step_line(deadline=-1), "Expected `int` >= 0"),
    "a deadline beyond all": (step_line(deadline=1 << 63), "Expected `int` <="),
    "a word for a deadline": (step_line(deadline="never"), r"got `str` - at `\$.deadline`"),
    "a truth for a deadline": (step_line(deadline=True), "got `bool`"),
    "no list": (b'{"id":1,"did":{},"deadline":null}', "Expected `array`, got `object`"),
    "a list": (b"[]", "Expected `object`, got `array`"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_an_answer_is_refused_by_name_and_by_the_schema(case: str) -> None:
    line, said = REFUSED[case]
    assert not valid("step_done", line)
    with pytest.raises(Broken, match=rf"^it answered '.*{said}.*; expected \{{\"id\""):
        wire.step_done(line, 1, AT)
    run = b'{"id":1,"replies":[%s]}' % line.replace(b'"id":1,', b"").replace(b'"id": 1, ', b"")
    assert not valid("run_done", run)
    with pytest.raises(Broken, match="it answered"):
        wire.run_done(run, 1, [AT])
    with pytest.raises(Broken, match="it answered"):
        wire.result({k: v for k, v in json.loads(line).items() if k != "id"} if line != b"[]" else [], AT)


@pytest.mark.parametrize("line", [b"", b"{", b"hello", b'{"id":1}{"id":1}', b"\xff", b"[" * 100_000, b"NaN"])
def test_what_is_not_json_is_quoted(line: bytes) -> None:
    for read in (wire.introduction, lambda x: wire.done(x, 1), lambda x: wire.run_done(x, 1, [])):
        with pytest.raises(Broken, match=re.escape("it answered '")):
            read(line)


def test_an_introduction_is_read() -> None:
    line = b'{"protocol":1,"name":"mine","version":"1.2","unsupported":{"REKEY-6":"no notices"},"features":["opaque"]}'
    assert valid("introduction", line)
    assert wire.introduction(line).unsupported == {"REKEY-6": "no notices"}
    assert wire.introduction(line).features == ["opaque"]
    plain = wire.introduction(b'{"protocol":1,"name":"mine"}')
    assert (plain.version, plain.features) == ("", [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"protocol":2,"name":"x","more":[]}', "speaks version 2 .* version 1; use an adapter for that version"),
        (b'{"protocol":0,"name":"x"}', 'speaks version 0 .* version 1; let it answer hello with "protocol":1'),
        (b'{"protocol":1,"name":"x","features":["speed"]}', "the features are gateway, opaque, real-clock"),
        (b'{"protocol":1,"name":"x","features":"gateway"}', "Expected `array`, got `str`"),
        (b'{"protocol":"1","name":"x"}', "Expected `int`, got `str`"),
        (b'{"protocol":1,"name":""}', "length >= 1"),
        (b'{"protocol":1,"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "recursion"),
        (b'{"protocol":1}', "missing required field `name`"),
        (b'{"protocol":1,"name":"x","unsupported":{"rekey 6":"x"}}', "unsupported"),
        (b'{"protocol":1,"name":"x","unsupported":["REKEY-6"]}', "Expected `object`, got `array`"),
        (b'{"protocol":1,"name":"x","clock":"real"}', "unknown field `clock`"),
        (b'{"protocol":1,"name":"x","tolerance":-1}', "Expected `int` >= 0"),
    ],
)
def test_a_wrong_introduction_is_refused(line: bytes, said: str) -> None:
    assert len(line) > 1000 or not valid("introduction", line)
    with pytest.raises(Broken, match=said):
        wire.introduction(line)


@pytest.mark.parametrize(
    "said", ['"tolerance":5', '"features":["real-clock"]', '"features":["real-clock"],"tolerance":0']
)
def test_a_clock_and_a_tolerance_go_together(said: str) -> None:
    wrong = f'{{"protocol":1,"name":"x",{said}}}'.encode()
    assert not valid("introduction", wrong)
    with pytest.raises(Broken, match="goes with the feature `real-clock`, and the feature with it"):
        wire.introduction(wrong)
    line = b'{"protocol":1,"name":"x","features":["real-clock"],"tolerance":20}'
    assert valid("introduction", line)
    assert wire.introduction(line).tolerance == 20


@pytest.mark.parametrize("do", VISIBLE)
def test_an_action_has_a_time_of_its_own_only_with_a_clock_of_its_own(do: str) -> None:
    line = step_line(action(do) | {"t": 33})
    assert valid("step_done", line)
    (done,) = wire.step_done(line, 1, AT, frozenset({"real-clock"})).did
    assert (done.do, done.t, done.end) == (do, 33, AT.end)
    with pytest.raises(Broken, match="a time of its own, `t`, without the feature `real-clock` stated"):
        wire.step_done(line, 1, AT)


def test_answers_out_of_turn_are_refused() -> None:
    wire.done(b'{"id":3}', 3)
    for read in (
        lambda: wire.done(b'{"id":2}', 3),
        lambda: wire.step_done(b'{"id":2,"did":[],"deadline":null}', 3, AT),
        lambda: wire.run_done(b'{"id":2,"replies":[]}', 3, []),
    ):
        with pytest.raises(Broken, match="for id 2, but id 3 was asked"):
            read()


def test_a_run_has_as_many_replies_as_events() -> None:
    line = b'{"id":1,"replies":[{"did":[],"deadline":null}]}'
    assert valid("run_done", line)
    assert wire.run_done(line, 1, [AT]) == [Reply((), NEVER)]
    with pytest.raises(Broken, match="1 replies to 2 events"):
        wire.run_done(line, 1, [AT, AT])


def test_what_is_quoted_is_one_short_line_that_no_terminal_obeys() -> None:
    assert wire.shown(b"a\n\x1b[2J") == r"'a\n\x1b[2J'"
    assert len(wire.shown(b"x" * 1_000_000)) < 200
    assert wire.shown(b"x" * 1_000_000).endswith("... (1000000 bytes)")

    class Rude:
        def __repr__(self) -> str:
            raise KeyError

    assert wire.said(Rude()) == "a Rude whose repr fails with KeyError"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_the_lines_that_the_pages_show_are_as_the_schema_says(page: Path) -> None:
    shown = re.findall(r"^(->|<-) (\{.*\})$", page.read_text(), re.MULTILINE)
    assert shown
    for arrow, line in shown:
        whole = line.replace("{ every parameter }", json.dumps(asdict(Policy())))
        assert valid("request" if arrow == "->" else "answer", whole), line
