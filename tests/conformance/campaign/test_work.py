"""One job: the same whoever does it, whatever its target does to it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rekeyspec.conformance.campaign.done import packed
from rekeyspec.conformance.campaign.plan import Limits
from rekeyspec.conformance.campaign.work import TWICE, by, twice, untried, work
from rekeyspec.conformance.check import check
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.verdict import Case
from tests.conformance.campaign.conftest import cases_of, jobs_of, target


def test_a_job_says_what_check_says(folder: Path) -> None:
    for name in ("reference", target("Mute"), target("Good")):
        checked = check([name], "key-based", folder, lambda *_: None)
        done = work(jobs_of(name)[0])
        assert done.unsupported == ({"GATE-1": "one link only"} if name == target("Good") else {})
        for trace, case in cases_of(done).items():
            whole = next(one for one in checked.report.cases if one.trace == trace)
            assert (case.word, case.reason, case.replay, case.rules) == (
                whole.word, whole.reason, whole.replay, whole.rules,
            )  # fmt: skip
        assert sum(entry.times for entry in done.sums) == len(checked.report.cases)
        assert done.tried == len([case for case in checked.report.cases if not case.reason.startswith("stated")])


def test_the_same_job_is_the_same_bytes(folder: Path) -> None:
    for name in ("reference", target("Mute")):
        job = jobs_of(name)[0]
        assert packed(work(job)) == packed(work(job))


def test_a_violation_that_is_not_there_the_second_time_is_named_as_flaky(folder: Path) -> None:
    done = work(jobs_of(target("Flaky"))[0])
    (flaky,) = [case for case in cases_of(done).values() if case.word == "inconclusive"]
    assert done.count("violates") == 0
    assert flaky.reason.startswith(f"{TWICE}: first violates (EST-4")
    assert flaky.reason.endswith(", then conforms")


def case(word: str, reason: str = "") -> Case:
    return Case("t", "p", "a-story", ("EST-1",), {}, (), word, reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "second", "word"), [
    ("conforms", "violates", "conforms"),  # what went well is not repeated
    ("violates", "violates", "violates"),
    ("broken", "broken", "broken"),
    ("violates", "broken", "inconclusive"),
    ("broken", "conforms", "inconclusive"),
])  # fmt: skip
def test_what_went_wrong_is_repeated_once(first: str, second: str, word: str) -> None:
    asked: list[Case] = []

    def again() -> Case:
        asked.append(case(second, "so"))
        return asked[-1]

    found = twice(case(first, "thus"), again)
    assert found.word == word
    assert len(asked) == (first != "conforms")
    if word == "inconclusive":
        assert found.reason == f"{TWICE}: first {first} (thus), then {second} (so)"


def test_a_target_that_keeps_breaking_is_given_up_and_what_it_stated_is_not_held_against_it(folder: Path) -> None:
    done = work(jobs_of(target("Breaks"))[0])
    assert (done.tried, done.row, done.halted) == (3, 3, True)
    words = [(case.word, case.reason.partition(":")[0]) for case, entry in done.cases() for _ in range(entry.times)]
    assert words.count(("broken", "not tried")) == len(words) - 3
    patient = work(replace(jobs_of(target("Breaks"))[0], limits=Limits(quarantine=5)))
    assert (patient.tried, patient.row, patient.halted) == (5, 5, True)


def test_a_break_between_others_does_not_give_the_target_up(folder: Path) -> None:
    done = work(jobs_of(target("Trips"), profiles=("byte-count",))[0])
    assert done.count("broken")
    assert done.count("conforms")
    assert not done.halted


@pytest.mark.parametrize("name", ["python:no_such:End", "python:targets:None_such", "python:targets"])
def test_a_target_that_cannot_be_used_is_a_trouble(folder: Path, name: str) -> None:
    done = work(jobs_of(name)[0])
    assert done.halted
    assert done.trouble
    assert not done.sums
    assert done.unsupported is None


def test_a_program_that_does_not_greet_is_tried_twice_and_broken_by_every_rule(folder: Path) -> None:
    (folder / "dies.py").write_text("open('lives', 'a').write('x')\n")
    name = f"exec:{sys.executable} dies.py"
    done = work(jobs_of(name)[0])
    assert done.halted
    (hello,) = cases_of(done).values()
    assert (hello.trace, hello.word, hello.rules, hello.profile) == ("hello", "broken", (), "key-based")
    assert done.trouble == hello.reason
    assert (folder / "lives").read_text() == "xx"


def test_a_program_that_greets_when_it_is_started_again_is_said_to_and_judged(folder: Path) -> None:
    (folder / "late.py").write_text(
        "import json, sys, pathlib\n"
        "if not pathlib.Path('lived').exists():\n"
        "    pathlib.Path('lived').touch(); sys.exit(1)\n"
        "for line in sys.stdin:\n"
        "    ask = json.loads(line)\n"
        "    hello = {'protocol': 1, 'name': 'late', 'unsupported': {'GATE-1': 'one link'}}\n"
        "    none = {'did': [], 'deadline': None}\n"
        "    said = {'hello': hello, 'run': {'replies': [none] * len(ask.get('events', []))}, 'step': none}\n"
        "    answer = said.get(ask['cmd'], {})\n"
        "    print(json.dumps(answer if ask['cmd'] == 'hello' else {'id': ask['id'], **answer}), flush=True)\n"
    )
    done = work(jobs_of(f"exec:{sys.executable} late.py")[0])
    assert done.count("violates")
    assert done.unsupported == {"GATE-1": "one link"}
    (remark,) = done.remarks
    assert remark.startswith(f"{TWICE}: exec:")


def test_what_is_not_put_to_a_target_says_why(folder: Path) -> None:
    job = jobs_of("reference", profiles=("protected-keepalive",))[0]
    done = untried(job, "not tried: no reason", {"GATE-1": "one link only"})
    assert done.skipped
    assert {case.word for case in cases_of(done).values()} == {"broken", "unsupported"}
    assert sum(entry.times for entry in done.sums) == job.cases
    search = untried(jobs_of("reference", suites=("explore:550",))[1], "not tried", {})
    assert [(case.word, case.rules, entry.times) for case, entry in search.cases()] == [("broken", (), 50)]


def test_to_a_pair_only_stories_of_two_ends_are_told(folder: Path) -> None:
    (job,) = jobs_of("pair:reference reference")
    alone = sum(entry.times for entry in work(jobs_of("reference")[0]).sums)
    done = work(job)
    assert 0 < sum(entry.times for entry in done.sums) < alone
    assert {case.word for case, _ in done.cases()} == {"conforms"}
    assert sum(entry.times for entry in untried(job, "x", {}).sums) == sum(entry.times for entry in done.sums)


def test_a_job_of_another_release_is_refused() -> None:
    with pytest.raises(BadInput, match=r"a job of rekeyspec 0\.0\.1 .*install the same release"):
        work(replace(jobs_of("reference")[0], tool="0.0.1"))


def test_a_report_has_a_name_for_the_policies_of_each_job(folder: Path) -> None:
    jobs = jobs_of("reference", "peer:asyncssh", profiles=("timed",), suites=("hand", "model", "explore:5"))
    assert [by(job) for job in jobs] == ["timed", *["model session-reconnect"] * 3, "timed", "none"]
    (ours,) = [folder / "ours.yaml"]
    ours.write_text("policy: 0\nprofile: timed\n")
    assert {by(job) for job in jobs_of("reference", profiles=(str(ours),), suites=("hand", "explore:5"))} == {"ours"}
    assert [by(job) for job in jobs_of("reference", profiles=(), suites=("explore:5",))] == ["explore"]
