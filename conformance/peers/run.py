"""Several programs judged side by side, each with all its experiments."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rekeyspec.conformance.peers.experiment import REPETITIONS, Experiment, Laboratory
from rekeyspec.conformance.peers.judging import judges
from rekeyspec.conformance.peers.peer import Peer, Setting
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput, Broken
from rekeyspec.conformance.verdict import Case

AT_ONCE: Final = 40
"""How many runs there may be at once: they mostly wait, but each disturbs the others' clocks a little."""

STARTING: Final = 2
"""How many programs may start at once."""

Progress = Callable[[str, int, int], None]
"""Is told the target, how many of its experiments are done, and how many there are."""


def run(
    peers: Sequence[Peer[Any]],
    evidence: Path,
    progress: Progress,
    only: Sequence[str] = (),
    repetitions: int = REPETITIONS,
) -> list[Case]:
    """Perform the experiments of these peers (`only` those of these names or questions, where there are any) and save
    what was seen below `evidence`, a directory for each peer.

    Takes minutes of real time, and no traffic but on the loopback and in namespaces of its own. A program that is
    missing is one case, *unsupported*, and costs the others nothing. BadInput for an unknown experiment, or a directory
    that cannot be written. On an exception, Ctrl-C included, no process is left.
    """
    with judges() as pool, undisturbed():
        return asyncio.run(_run(peers, evidence, progress, only, repetitions, pool))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Without the collector of cycles, for which this process would stand still for a tenth of a second now and then.
    What is left uncollected is some megabytes, for minutes."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _run(
    peers: Sequence[Peer[Any]],
    evidence: Path,
    progress: Progress,
    only: Sequence[str],
    repetitions: int,
    pool: Executor,
) -> list[Case]:
    chosen = {peer.target: picked(peer, only) for peer in peers if not peer.missing()}
    if only and chosen and not any(chosen.values()):
        known = sorted({e.name for peer in peers if not peer.missing() for e in peer.experiments()})
        raise BadInput(f"no experiment is named {', '.join(only)}; there are {', '.join(known)}")
    starting, running = asyncio.Semaphore(STARTING), asyncio.Semaphore(AT_ONCE)

    async def one(peer: Peer[Any]) -> list[Case]:
        if missing := peer.missing():
            why = "; ".join(missing)
            return [Case(peer.target, peer.profile, "", tuple(rules()), {}, (), "unsupported", reason=why)]
        experiments = chosen[peer.target]
        done = iter(range(1, len(experiments) + 1))
        progress(peer.target, 0, len(experiments))
        try:
            with TemporaryDirectory(prefix="rekeyspec-") as private:
                async with peer.stage(Setting(Path(private), starting)) as perform:
                    laboratory = Laboratory(
                        peer.target, peer.version(), perform, evidence / peer.name, repetitions, running, pool,
                        lambda: progress(peer.target, next(done), len(experiments)),
                    )  # fmt: skip
                    return await laboratory.cases(experiments)
        except Broken as why:  # the stage itself could not be set: every rule that it was to be asked
            asked = tuple(dict.fromkeys(rule for e in experiments for rule in e.rules))
            return [Case(peer.target, peer.profile, "stage", asked, {}, (), "broken", reason=str(why))]

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(peer)) for peer in peers]
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return [case for task in tasks for case in task.result()]


def picked(peer: Peer[Any], only: Sequence[str]) -> list[Experiment[Any]]:
    """The peer's experiments: all of them, or those whose name or question is among `only`."""
    return [e for e in peer.experiments() if not only or e.name in only or e.name.partition(".")[0] in only]
