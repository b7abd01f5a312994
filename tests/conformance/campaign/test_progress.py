"""How far it has come: a bar at a terminal, lines elsewhere, and a clock that the test sets."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from rekeyspec.conformance.campaign.progress import EVERY, Watched


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def watched(clock: Clock, *, terminal: bool = False) -> tuple[Watched, StringIO]:
    out = StringIO()
    return Watched(clock, Console(file=out, force_terminal=terminal, width=120)), out


def test_elsewhere_than_at_a_terminal_a_line_now_and_then_and_one_at_the_end() -> None:
    clock = Clock()
    progress, out = watched(clock)
    with progress:
        progress.begin(4000, 0, 0)
        for _ in range(3):
            clock.now += EVERY / 2
            progress.advance(500, 1)
        clock.now += EVERY / 2
        progress.advance(2500, 0)
    assert out.getvalue().splitlines() == [
        "campaign: 1,000 of 4,000 cases, 100 cases/s, 0:30 left, 2 violations",
        "campaign: 4,000 of 4,000 cases, 200 cases/s, 0:00 left, 3 violations",
    ]


def test_the_rate_is_that_of_this_run_and_the_rest_counts_what_was_done_before() -> None:
    clock = Clock()
    progress, out = watched(clock)
    progress.begin(10_000, 9_000, 1)
    assert out.getvalue() == "campaign: 9,000 of 10,000 cases were done before\n"
    assert progress.said == "1 violation", "nothing is known of the rate yet"
    clock.now += 2
    progress.advance(100, 0)
    assert progress.said == "50 cases/s, 0:18 left, 1 violation"
    clock.now += 7198
    assert progress.said == "0 cases/s, 18:00:00 left, 1 violation"


def test_when_all_was_done_before_there_is_nothing_to_say_of_this_run() -> None:
    progress, out = watched(Clock())
    progress.begin(100, 100, 0)
    assert out.getvalue() == "campaign: 100 of 100 cases were done before\n"


def test_at_a_terminal_a_bar_says_it_all() -> None:
    clock = Clock()
    progress, out = watched(clock, terminal=True)
    with progress:
        progress.begin(200, 0, 0)
        clock.now += 1
        progress.advance(100, 2)
    shown = out.getvalue()
    assert "100/200" in shown
    assert "100 cases/s, 0:01 left, 2 violations" in shown
    assert "campaign: " not in shown
