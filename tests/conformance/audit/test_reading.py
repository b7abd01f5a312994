"""Blocks of lines are read as the lines one by one would be, and what is wrong with one is said with its number."""

from __future__ import annotations

import json

import pytest

from rekeyspec.conformance.audit.reading import BadLine, rows
from rekeyspec.conformance.log import Header, LoggedEvent, schema
from rekeyspec.conformance.target import BadInput
from tests.conformance.audit.logs import ESTABLISHED, PLAIN, audited, body, header, read, text, wandering

TICK = '{"t":1,"end":"client","do":"Tick"}'


def told(lines: str) -> list[tuple[int, object]]:
    return list(rows(lines.encode(), "a.jsonl", 1))


def test_a_block_of_events_is_one_list_with_the_number_of_its_first_line() -> None:
    ((number, events),) = rows(body(ESTABLISHED).encode(), "a.jsonl", 7)
    assert number == 7
    assert isinstance(events, list)
    assert [e.do for e in events] == ["Open", "Start", "Arrive", "Finish"]


def test_lines_one_by_one_are_the_same_rows() -> None:
    for seed in range(50):
        policy, _, log = wandering(seed)
        whole = text(log, policy)
        at_once = [one for _, read in told(whole) for one in ([read] if isinstance(read, Header) else read)]  # type: ignore[attr-defined]
        by_line = [read for line in whole.splitlines(keepends=True) for _, read in told(line)]
        assert at_once == [one[0] if isinstance(one, list) else one for one in by_line]


@pytest.mark.parametrize("between", ["\n", "   \n", "\r\n", "\t\n\n"])
def test_empty_lines_are_passed_over_and_counted(between: str) -> None:
    assert [(n, type(r)) for n, r in told(f"{TICK}\n{between}{TICK}x\n")] == [
        (1, list),
        (2 + between.count("\n"), BadLine),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"t":1,"end":"client","do":"Sleep"}', "do"),
        ('{"t":-1,"end":"client","do":"Tick"}', ">= 0"),
        ('{"t":1.5,"end":"client","do":"Tick"}', "Expected `int`"),
        ('{"t":1,"end":"both","do":"Tick"}', "end"),
        ('{"t":1,"end":"client"}', "`do`"),
        ('{"t":1,"end":"client","do":"Tick","note":"x"}', "note"),
        ('{"t":1,"end":"client","do":"Arrive","message":{"kind":"hello"}}', "kind"),
        ('{"t":1,"end":"client","do":"Tick"', "one JSON object"),
        (f"{TICK}{TICK}", "one JSON object"),
        (f"{TICK} {TICK}", "one JSON object"),
        ("hello", "one JSON object"),
        ("[1]", "an event"),
        ('"log"', "an event"),
        ('{"log":9}', "'\"log\": 9'"),
        ('{"log":"0"}', "versions"),
        ('{"log":0,"policy":{},"note":1}', "note"),
        ('{"log":0,"policy":{"byte_limit":true}}', "header"),
        ('{"log":1,"policy":{},"hidden":["Open"]}', "hidden"),
        ('{"log":0,"policy":{},"continues":true}', "`log` 1"),
        ('{"t":1,"end":"client","do":"Tick","reason":"\xff"}', "JSON"),
    ],
)
def test_a_bad_line_is_one_message_with_its_number(line: str, said: str) -> None:
    lines = f"{TICK}\n{TICK}\n{line}\n{TICK}\n".encode("latin-1")
    found = list(rows(lines, "a.jsonl", 40))
    (bad,) = [one for _, one in found if isinstance(one, BadLine)]
    assert str(bad).startswith("a.jsonl:42: read ")
    assert said in str(bad)
    assert "expected" in str(bad)
    assert [n for n, one in found if not isinstance(one, BadLine)][-1] == 43


def test_an_unknown_version_says_which_are_known() -> None:
    ((_, bad),) = told('{"log":2,"policy":{}}\n')
    assert "`0` or `1`" in str(bad)
    assert "newer" in str(bad)


def test_the_word_log_elsewhere_makes_no_header() -> None:
    ((_, events),) = told('{"t":1,"end":"client","do":"Refuse","reason":"\\"log\\": 0"}\n')
    assert isinstance(events, list)
    assert isinstance(events[0], LoggedEvent)


def test_what_is_last_may_lack_the_end_of_its_line() -> None:
    assert audited(text(ESTABLISHED).rstrip("\n")).events == 4
    with pytest.raises(BadInput, match=r"a\.jsonl:5: .*one JSON object"):
        read(text(ESTABLISHED)[:-9])


def test_a_line_without_an_end_is_not_read_for_ever() -> None:
    with pytest.raises(BadInput, match=r"a\.jsonl:2: .*without the end of a line"):
        read(header() + "x" * 1_200_000)


def test_the_schema_has_the_fields_of_the_header() -> None:
    fields = schema()["$defs"]["Header"]["properties"]
    assert set(fields) == set(json.loads(header(hidden=["Deliver"], continues=True, origin="x", tolerance=1)))
    assert set(schema()["$defs"]["Header"]["required"]) == {"log", "policy"}


def test_a_header_of_version_0_is_read_as_it_was() -> None:
    old = json.dumps({"log": 0, "policy": PLAIN.plain(), "origin": "mine 1.0", "tolerance": 5}) + "\n"
    found = audited(old + body(ESTABLISHED))
    assert (found.policy, found.tolerance, found.origins) == (PLAIN, 5, ["mine 1.0"])
