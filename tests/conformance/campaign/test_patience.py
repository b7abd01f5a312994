"""Whoever does not answer in time is broken, and the next case is asked all the same."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from rekeyspec.conformance.campaign import patience
from rekeyspec.conformance.campaign.patience import PatientTarget, Watch
from rekeyspec.conformance.campaign.plan import Limits
from rekeyspec.conformance.check import tell
from rekeyspec.conformance.suite import by_hand, policy_of, stories
from rekeyspec.conformance.target import Broken, features, gateway
from tests.conformance.campaign.conftest import target

SOON = Limits(step_timeout=0.05, case_timeout=30.0)


def test_an_answer_that_does_not_come_is_cut_short_and_the_target_goes_on(folder: Path) -> None:
    told = by_hand(None, "key-based")[:2]
    with PatientTarget(target("Hangs"), SOON) as hanging:
        for one in told:
            case = tell(one, hanging, hanging.name)
            assert case.word == "broken"
            assert case.reason == f"{target('Hangs')}: an answer took longer than 0.05 s"
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_the_alarm_is_put_back_as_it_was(folder: Path) -> None:
    before = signal.getsignal(signal.SIGALRM)
    with PatientTarget(target("Mute"), SOON):
        assert signal.getsignal(signal.SIGALRM) != before
    assert signal.getsignal(signal.SIGALRM) == before


class Clock:
    """A second goes by each time that somebody looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def test_a_case_that_takes_too_long_is_broken_and_the_next_has_all_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(patience, "CLOCK", clock)
    watch = Watch("it", Limits(step_timeout=9, case_timeout=5), alarm=False)
    watch.opened()
    assert [watch.ask(lambda: 7) for _ in range(4)] == [7] * 4
    with pytest.raises(Broken, match="it: the case took longer than 5 s"):
        watch.ask(lambda: 7)
    watch.closed()
    watch.opened()
    assert watch.ask(lambda: 7) == 7


def test_ends_that_are_opened_together_are_one_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "CLOCK", Clock())
    watch = Watch("it", Limits(case_timeout=5), alarm=False)
    for _ in range(4):
        watch.opened()
        watch.ask(lambda: 7)
    with pytest.raises(Broken, match="the case took"):
        watch.ask(lambda: 7)


def test_whoever_answers_in_time_is_as_it_was(folder: Path) -> None:
    one = next(told for told in by_hand(None, "key-based"))
    with PatientTarget("reference", SOON) as reference:
        assert tell(one, reference, "reference").word == "conforms"
        assert gateway(reference, policy_of(one.trace)) is not None
        assert features(reference) == frozenset()
        trace = next(trace for trace in stories().values() if trace.steps[0].link)
        told = next(told for told in by_hand(None, trace.profile) if told.trace is trace)
        assert tell(told, reference, "reference").word == "conforms", "a gateway's ends are judged too"
    with PatientTarget(target("Good"), SOON) as good:
        assert gateway(good, policy_of(one.trace)) is None
        assert good.unsupported == {"GATE-1": "one link only"}


def test_in_another_thread_nothing_is_cut_short_but_cases_are(folder: Path) -> None:
    found: list[str] = []

    def judge() -> None:
        with PatientTarget(target("Mute"), Limits(case_timeout=1e-9)) as mute:
            found.append(tell(by_hand(None, "key-based")[0], mute, mute.name).reason)

    thread = threading.Thread(target=judge)
    thread.start()
    thread.join()
    assert found == [f"{target('Mute')}: the case took longer than 1e-09 s"]


def test_a_program_has_its_own_time_out(folder: Path) -> None:
    import sys

    with PatientTarget(f"exec:{sys.executable} hanging.py", Limits(step_timeout=0.5)) as hanging:
        case = tell(by_hand(None, "key-based")[0], hanging, hanging.name)
    assert case.word == "broken"
    assert "did not answer within 0.5 s" in case.reason
