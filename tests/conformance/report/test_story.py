from __future__ import annotations

from dataclasses import replace

from rekeyspec.conformance.report.story import AFTER, BEFORE, lines
from rekeyspec.conformance.verdict import Case, Divergence, Due
from rekeyspec.reference.vocabulary import Event, Message

LOG = tuple(Event(t, "client", "SendData", Message("data", 1, t, bytes=9)) for t in range(100))


def case(found: Divergence | None, log: tuple[Event, ...] = LOG) -> Case:
    return Case("mine", "timed", "a", (), {}, log, "violates", divergence=found)


def not_allowed(index: int) -> Divergence:
    return Divergence(1, index, index, "client", "HB-1", "not-allowed", LOG[index], "no")


def test_the_event_that_diverges_is_marked_and_what_is_far_from_it_counted() -> None:
    told = lines(case(not_allowed(50)))
    assert [line.wrong for line in told] == [False] * (BEFORE + 1) + [True] + [False] * (AFTER + 1)
    assert told[0].text == "(20 earlier events)"
    assert told[BEFORE + 1].text == "-> SendData data #50, epoch 1, 9 B   <- not allowed by HB-1"
    assert told[-1].text == "(45 later events)"


def test_what_was_not_done_is_a_line_of_its_own() -> None:
    found = replace(not_allowed(2), kind="not-done", did=None, due=(Due("HB-3", "SendReply", 1),))
    told = lines(case(found, LOG[:4]))
    assert [line.text.split()[-1] if line.wrong else "" for line in told] == ["", "", "done", "", ""]
    assert (told[2].time, told[2].end, told[2].text) == ("1 ms", "client", "SendReply due by HB-3, and not done")


def test_what_shows_nothing_is_left_out_but_for_what_diverges() -> None:
    quiet = (Event(0, "client", "Tick"), Event(0, "client", "Ignore"), *LOG[:1])
    assert len(lines(case(None, quiet))) == 1
    assert [line.wrong for line in lines(case(not_allowed(1), quiet))] == [True, False]
