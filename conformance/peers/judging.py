"""Judging in a process of its own: a long log takes a second, in which nobody must look after the programs that run."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

from rekeyspec.conformance.oracle import judge
from rekeyspec.conformance.orphan import follow
from rekeyspec.conformance.peers.follow import Value, followed
from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Event, Role


class Question(NamedTuple):
    """What the oracle is asked about one run."""

    policy: Policy
    end: Role
    events: tuple[Event, ...]
    margin: Margin
    hidden: frozenset[Do]
    follow: Sequence[str]


class Judgement(NamedTuple):
    """The oracle's word on a run, and what of the policy the program follows."""

    divergence: Divergence | None
    exercised: frozenset[str]
    follows: Mapping[str, Value] | None


def judged(q: Question) -> Judgement:
    """Ask the oracle, and where the experiment tells parameters apart once more for each combination of them."""
    divergence, exercised = judge(q.policy, q.end, q.events, q.margin, q.hidden)
    if not q.follow:
        return Judgement(divergence, exercised, {})
    follows = followed(q.policy, q.follow, lambda p: judge(p, q.end, q.events, q.margin, q.hidden)[0] is None)
    return Judgement(divergence, exercised, follows)


async def judged_by(judges: Executor | None, q: Question) -> Judgement:
    """Ask the oracle in one of these processes; here, where there is none."""
    if judges is None:
        return judged(q)
    return await asyncio.get_running_loop().run_in_executor(judges, judged, q)


@contextmanager
def judges() -> Iterator[Executor]:
    """One process that judges. It is gone when this is left, and when we are killed outright."""
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=follow)
    others = {process.pid for process in multiprocessing.active_children()}
    try:
        yield pool
    finally:
        for process in multiprocessing.active_children():
            if process.pid not in others:
                process.kill()  # it holds nothing that could be left half done
        pool.shutdown(cancel_futures=True)  # once: only the first call waits until the process is reaped
