from __future__ import annotations

from typing import get_args

import pytest

from rekeyspec.conformance.report.words import MEANS, due_by_then, due_later, happened, meant, spelt
from rekeyspec.conformance.verdict import Divergence, Due
from rekeyspec.reference.vocabulary import ENVIRONMENT, SILENT, VISIBLE, Do, Event


def test_every_action_is_explained() -> None:
    assert list(MEANS) == [*ENVIRONMENT, *VISIBLE, *SILENT]
    assert {name for some in get_args(Do) for name in get_args(some)} == set(MEANS)
    assert meant("SendReply") == "SendReply (answers a heartbeat)"
    assert meant("Dance") == "Dance"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("let time pass until 600000 ms", "let time pass until 600 s"),
        ("at 301040 ms and 7 ms, 999 ms", "at 301.04 s and 7 ms, 999 ms"),
        ("4611686018427387904 ms", "4611686018427387904 ms"),
        ("32768 bytes, x1234 ms", "32768 bytes, x1234 ms"),
    ],
)
def test_times_in_sentences_are_read_as_times(text: str, said: str) -> None:
    assert spelt(text) == said


def divergence(kind: str, *due: Due) -> Divergence:
    did = Event(5_000, "client", "Start") if kind == "not-allowed" else None
    return Divergence(1, 1, 5_000, "client", "HB-1", kind, did, "at 4000 ms it was idle", due=due)  # type: ignore[arg-type]


def test_what_happened_is_told_without_the_rules_words() -> None:
    assert happened(divergence("not-allowed")) == (
        "Not allowed: at 5 s the client did Start (starts a negotiation of a new key). HB-1 allows that only where "
        "this holds, and it did not hold: at 4 s it was idle."
    )
    late = (Due("HB-1", "SendReply", 3_000), Due("EST-4", "Close", 4_000))
    assert happened(divergence("not-done", *late)) == (
        "Not done: the client had to do SendReply (answers a heartbeat) at 3 s, and 5 s came without it."
    )
    assert "at 4000 ms it was idle" in happened(divergence("not-done"))


def test_what_was_due_by_then_is_told_from_what_came_later() -> None:
    due = (Due("HB-1", "SendReply", 5_000), Due("HB-2", "SendHeartbeat", 5_001))
    assert due_by_then(divergence("not-allowed", *due)) == [due[0]]
    assert due_later(divergence("not-allowed", *due)) == [due[1]]
