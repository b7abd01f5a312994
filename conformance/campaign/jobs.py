"""From a plan to jobs: small parts of it, in a fixed order, each done by one worker in one go.

A job holds what it needs but the target and the tours' files, so that it can be done by any process that runs the
same release in a folder that has them. Its size is fixed too: what a campaign finds, and after how many breaks a target
is given up, must not depend on how many workers there are.

The digest says whether two campaigns are the same: the plan, the release, the policies and the traces. How many workers
there are is no part of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Final, assert_never

from rekeyspec import __version__
from rekeyspec.conformance.campaign.plan import Limits, Plan, search_of
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.suite import FOLDER, TOURS, Told, by_hand, tour, tour_files
from rekeyspec.reference.policy import Policy

BATCH: Final = 50
"""How many traces are one job: enough that starting an adapter costs little beside them."""
CHUNK: Final = 500
"""How many examples of a search are one job. Each makes what it finds smaller by itself, so that they are not few."""


@dataclass(frozen=True)
class Stories:
    """Of the traces written by hand, as one profile tells them, those from `first` on. `policy` is that of a policy
    file, whose path `profile` is then."""

    profile: str | None
    name: str
    policy: Policy | None
    first: int
    count: int


@dataclass(frozen=True)
class Tours:
    """Some tours, by file and model. Files are paths; with `folder` None, below that of the package's tours."""

    files: tuple[tuple[str, str], ...]
    folder: str | None


@dataclass(frozen=True)
class Search:
    """So many examples, chosen from this seed."""

    profile: str | None
    examples: int
    seed: int


@dataclass(frozen=True)
class Experiments:
    """All that a real program is put to. `evidence` is where logs go."""

    evidence: str


Part = Stories | Tours | Search | Experiments


@dataclass(frozen=True)
class Job:
    """One part of the plan. `number` is its place in the plan's order, from 0; `tool` the release that made it."""

    number: int
    target: str
    part: Part
    limits: Limits
    tool: str = __version__

    @property
    def cases(self) -> int:
        """How many traces, examples or programs it is."""
        match self.part:
            case Stories(count=count):
                return count
            case Tours(files=files):
                return len(files)
            case Search(examples=examples):
                return examples
            case Experiments():
                return 1
            case _:
                assert_never(self.part)

    @property
    def alone(self) -> bool:
        """Does it run in real time, which others beside it would disturb?"""
        return isinstance(self.part, Experiments)


def expand(plan: Plan) -> list[Job]:
    """Every job, in order: by targets, by suites, by profiles. Raises BadInput for a suite that cannot be read."""
    parts = list(_parts(plan))
    jobs: list[Job] = []
    for target in plan.targets:
        own: Iterable[Part] = [Experiments(plan.evidence)] if target.startswith("peer:") else parts
        jobs += (Job(number, target, part, plan.limits) for number, part in enumerate(own, len(jobs)))
    return jobs


def _parts(plan: Plan) -> Iterator[Part]:
    for suite in plan.asked:
        search = search_of(suite)
        profiles: tuple[str | None, ...] = plan.profiles or (None,)
        if suite == "hand":
            for profile in profiles:
                yield from _stories(profile)
        elif search:
            for profile in profiles:
                yield from _chunks(profile, *search)
        else:
            yield from _tours(None if suite == "model" else suite)


def _stories(profile: str | None) -> Iterator[Part]:
    name, policy = (None, None) if profile is None else policy_named(profile)
    own = policy if name != profile else None
    count = len(told_by_hand(own, profile, name or ""))
    for first in range(0, count, BATCH):
        yield Stories(profile, name or "", own, first, min(BATCH, count - first))


@lru_cache(maxsize=16)
def told_by_hand(policy: Policy | None, profile: str | None, name: str) -> tuple[Told, ...]:
    """The suite `hand`, as `check` tells it. (Kept: which stories fit a policy is found out by telling them.)"""
    return tuple(by_hand(policy, profile, name))


def _tours(folder: str | None) -> Iterator[Part]:
    listed = [
        (str(file if folder else file.relative_to(TOURS)), graph.model)
        for graph, files in tour_files(Path(folder) if folder else None)
        for file in files
    ]
    for first in range(0, len(listed), BATCH):
        yield Tours(tuple(listed[first : first + BATCH]), folder)


def _chunks(profile: str | None, examples: int, seed: int) -> Iterator[Part]:
    for first in range(0, examples, CHUNK):
        yield Search(profile, min(CHUNK, examples - first), derived(seed, first // CHUNK))


def derived(seed: int, chunk: int) -> int:
    """The seed of one job of a search: told from all others by its place, the same on every machine."""
    return int.from_bytes(blake2b(f"{seed} {chunk}".encode(), digest_size=4).digest())


def told(part: Stories | Tours) -> list[Told]:
    """The traces of a job. Raises BadInput for a tour that cannot be read."""
    if isinstance(part, Stories):
        return list(told_by_hand(part.policy, part.profile, part.name)[part.first : part.first + part.count])
    folder = Path(part.folder) if part.folder else None
    return [tour(_file(name, part), model, folder) for name, model in part.files]


def _file(name: str, part: Tours) -> Path:
    return Path(name) if part.folder else TOURS / name


def digest(plan: Plan, jobs: Iterable[Job]) -> str:
    """What makes this campaign what it is, as a hash. Reads the tours' files. Raises BadInput, or OSError for a tour
    that is not there."""
    policies = [policy_named(name)[1].plain() for name in plan.profiles]
    whole = sha256(json.dumps([asdict(plan), policies, __version__, BATCH, CHUNK], sort_keys=True).encode())
    for path in sorted(FOLDER.glob("*.yaml")):
        whole.update(path.read_bytes())
    for part in dict.fromkeys(job.part for job in jobs if isinstance(job.part, Tours)):
        for name, model in part.files:
            whole.update(f"{model} {name}".encode() + _file(name, part).read_bytes())
    return whole.hexdigest()
