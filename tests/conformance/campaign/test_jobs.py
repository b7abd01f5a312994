"""A plan's jobs come in one order, hold what they need, and are told from those of any other plan."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from rekeyspec.conformance.campaign.jobs import (
    BATCH,
    CHUNK,
    Experiments,
    Search,
    Stories,
    Tours,
    derived,
    digest,
    expand,
    told,
)
from rekeyspec.conformance.campaign.plan import made
from rekeyspec.conformance.suite import RECOMMENDED, TOURS, by_hand, stories, tours
from rekeyspec.conformance.target import BadInput


def test_the_jobs_of_a_plan_tell_what_check_tells_in_its_order() -> None:
    jobs = expand(made(["reference"]))
    parts = [job.part for job in jobs if isinstance(job.part, Stories | Tours)]
    assert [one.trace.name for part in parts for one in told(part)] == [
        one.trace.name for one in [*by_hand(None, None), *tours()[0]]
    ]
    assert all(job.cases <= BATCH for job in jobs)
    assert [job.number for job in jobs] == list(range(len(jobs)))


def test_each_target_is_put_to_each_profile_and_suite_and_a_peer_to_its_own() -> None:
    plan = made(["reference", "peer:asyncssh", "exec:x"], ["timed", RECOMMENDED], ["hand", "explore:1050:3", "model"])
    jobs = expand(plan)
    assert list(dict.fromkeys(job.target for job in jobs)) == list(plan.targets)
    assert [job.part for job in jobs if job.target == "reference"] == [
        job.part for job in jobs if job.target == "exec:x"
    ]
    (peer,) = [job for job in jobs if job.target == "peer:asyncssh"]
    assert peer.part == Experiments(plan.evidence)
    assert peer.alone
    own = [job.part for job in jobs if job.target == "reference"]
    searches = [part for part in own if isinstance(part, Search)]
    assert [(part.profile, part.examples) for part in searches] == [
        (profile, examples) for profile in plan.profiles for examples in (CHUNK, CHUNK, 50)
    ]
    assert [part.seed for part in searches[:3]] == [derived(3, n) for n in range(3)]
    assert {part.profile for part in own if isinstance(part, Stories)} == set(plan.profiles)
    tours_ = [part for part in own if isinstance(part, Tours)]
    assert len(tours_) == len(expand(made(["reference"], suites=["model"]))), "a tour has one policy, and is told once"


def test_seeds_are_told_apart_by_seed_and_place() -> None:
    seeds = {derived(seed, chunk) for seed in range(20) for chunk in range(50)}
    assert len(seeds) == 1000
    assert (derived(0, 0), derived(7, 3)) == (2272523639, 927464122), "what a seed found, it finds again"


def test_a_job_can_be_sent_to_another_process(tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    ours.write_text("policy: 0\nprofile: key-based\nparameters: {idle_period: 77000}\n")
    for job in expand(made(["reference", "peer:asyncssh"], [str(ours)], ["hand", "model", "explore:10"])):
        assert pickle.loads(pickle.dumps(job)) == job
    (first, *_) = expand(made(["reference"], [str(ours)]))
    ours.unlink()
    assert isinstance(first.part, Stories)
    assert {one.policy.idle_period for one in told(first.part)} == {77000}, "the policy travels with the job"


def test_a_folder_of_tours_is_read_where_the_work_is_done(tmp_path: Path) -> None:
    for path in (TOURS / "session-reconnect-client").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    jobs = expand(made(["reference"], suites=[str(tmp_path)]))
    part = jobs[0].part
    assert isinstance(part, Tours)
    assert told(part)[0].again == (part.files[0][0],)
    Path(part.files[0][0]).unlink()
    with pytest.raises(BadInput, match="nothing"):
        told(part)


def test_the_digest_is_that_of_the_plan_its_policies_and_its_traces(tmp_path: Path) -> None:
    for path in (TOURS / "session-reconnect-server").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    ours = tmp_path / "ours.yaml"
    ours.write_text("policy: 0\nprofile: key-based\n")

    def now(*targets: str) -> str:
        plan = made(targets or ["reference"], [str(ours)], [str(tmp_path), "hand"])
        return digest(plan, expand(plan))

    first = now()
    assert now() == first
    assert now("reference", "exec:x") != first
    ours.write_text("policy: 0\nprofile: key-based\nparameters: {idle_period: 77000}\n")
    changed = now()
    assert changed != first
    one = next(tmp_path.glob("*-001.yaml"))
    one.write_text(one.read_text() + "# another\n")
    assert now() != changed


def test_every_story_is_in_some_job() -> None:
    jobs = expand(made(["reference"], suites=["hand"]))
    names = {one.trace.name for job in jobs if isinstance(job.part, Stories) for one in told(job.part)}
    assert names == set(stories())
