"""How fast logs are audited, and in how much memory: `python -m rekeyspec.benchmarks.audit`.

The log is of many links at once, both ends of each, under the profile `combined`: users who talk and fall silent by
turns, heartbeats, new keys, and an orderly end; then the next link. It is made from what the reference does, at other
times and under other names. Prints each figure with its bound: medians of several rounds, each from the file's bytes
to the findings; what two processes do beside what two processes can do here; and TLC, asked about the same events, both
net of what they take to start. `--events 10000000` prints instead how much memory is in use at each million.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rekeyspec.conformance.audit.audit import audit
from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.audit.outcome import Audited
from rekeyspec.conformance.audit.reading import BLOCK
from rekeyspec.conformance.audit.stream import Stream
from rekeyspec.conformance.log import lines, row
from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.messages import SENDS
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, ROLES, Event, Role
from rekeyspec.tools.checker import Tlc, find_tlc
from rekeyspec.tools.logcheck import ask, lives

ROUNDS = 5
LINKS = 200
"""So many links are open at a time."""

LATENCY = 20
"""How long a message is under way (ms)."""


def link(policy: Policy, turns: int, *, gap: int = 7, latency: int = LATENCY) -> list[Event]:
    """One link from end to end: so many spells of talk, every fourth followed by silence; then the client's user ends
    it."""
    story = _Story(policy, latency)
    t = 100
    for turn in range(1, turns + 1):
        for number in range(20):
            t += gap
            story.give(Event(t, "client", "Offer", bytes=900))
            if number % 2:
                story.give(Event(t, "server", "Offer", bytes=5000))
        t += policy.idle_period + 1000 if turn % 4 == 0 else 500
    story.give(Event(t + 1000, "client", "Shut"))
    story.until(NEVER)
    return story.log


class _Story:
    """Two ends of the reference and the network between them."""

    def __init__(self, policy: Policy, latency: int) -> None:
        self.log: list[Event] = []
        self._ends = {role: Engine(policy, role) for role in ROLES}
        self._due: dict[Role, int] = dict.fromkeys(ROLES, NEVER)
        self._under_way: list[tuple[int, int, Event]] = []
        self._latency = latency
        self._count = itertools.count()  # what was sent first arrives first
        for role in ROLES:
            self._take(Event(0, role, "Open"))

    def give(self, e: Event) -> None:
        """Let this happen, after all that happens before it."""
        self.until(e.t)
        self._take(e)

    def until(self, t: int) -> None:
        """Time passes: what is under way arrives, and timers run out."""
        while (soon := min(self._arrival(), *self._due.values())) < t:
            if self._arrival() == soon:
                self._take(heapq.heappop(self._under_way)[2])
            else:
                self._take(Event(soon, min(ROLES, key=lambda role: self._due[role]), "Tick"))

    def _arrival(self) -> int:
        return self._under_way[0][0] if self._under_way else NEVER

    def _take(self, e: Event) -> None:
        did, self._due[e.end] = self._ends[e.end].step(e)
        self.log += (e, *did)
        other: Role = "server" if e.end == "client" else "client"
        for done in did:
            if done.do in SENDS and done.message is not None:
                at = done.t + self._latency
                heapq.heappush(self._under_way, (at, next(self._count), Event(at, other, "Arrive", done.message)))


def text_of(policy: Policy, events: int, links: int, turns: int) -> Iterator[bytes]:
    """The lines of a log: so many events, of so many links at a time."""
    yield f"{next(lines(policy, 'made of the reference', 0, []))}\n".encode()
    parts = [(e.t, json.dumps({k: v for k, v in row(e).items() if k != "t"})[:-1]) for e in link(policy, turns)]
    merged = heapq.merge(*(_slot(number, parts) for number in range(links)))
    for _, line in islice(merged, events):
        yield line


def _slot(number: int, parts: Sequence[tuple[int, str]]) -> Iterator[tuple[int, bytes]]:
    """One link after the other."""
    begun, span, life = 13 * number, parts[-1][0] + 5000, 0
    while True:
        end = f', "link": "user{number}/{life}"}}\n'
        for t, text in parts:
            yield begun + t, f'{text}, "t": {begun + t}{end}'.encode()
        begun, life = begun + span, life + 1


def timed(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds, the median of several rounds."""
    took = []
    for _ in range(ROUNDS):
        begun = clock()
        work()
        took.append(clock() - begun)
    return median(took)


def judged(path: Path, jobs: int = 1) -> Audited:
    """Audit once; the figures of a log that does not conform would mean nothing."""
    found = audit([str(path)], Options(), jobs)
    assert found.exit_code == 0, list(found.lines())
    return found


def spun() -> None:
    """As much work for a processor as a second's, and nothing else."""
    number = 0
    for one in range(20_000_000):
        number += one


def speedup() -> float:
    """What two processes that only compute get done here, in the time in which one does it alone."""
    context = get_context("spawn")

    def together(count: int) -> float:
        started = [context.Process(target=spun) for _ in range(count)]
        begun = time.perf_counter()
        for process in started:
            process.start()
        for process in started:
            process.join()
        return time.perf_counter() - begun

    return median(2 * together(1) / together(2) for _ in range(3))


def throughput(folder: Path, events: int) -> None:
    """One process and two."""
    policy = profiles()["combined"]
    path, empty = folder / "many.jsonl", folder / "one.jsonl"
    with path.open("wb") as file:
        file.writelines(text_of(policy, events, LINKS, 20))
    with empty.open("wb") as file:
        file.writelines(text_of(policy, 2, 1, 1))
    judged(path)
    alone, busy = timed(lambda: judged(path)), timed(lambda: judged(path), time.process_time)
    print(f"one process    {events / alone:>10,.0f} events/s, parsing included  (bound: 100,000 or more)")
    print(f"               {events / busy:>10,.0f} events per second of its processor time")
    start = timed(lambda: judged(empty, 2))
    both = timed(lambda: judged(path, 2)) - start
    print(
        f"two processes  {events / both:>10,.0f} events/s net of {start:.1f} s to start: {alone / both:.2f} times one"
    )
    print(f"               (bound: 200,000 or more; two processes that only compute: {speedup():.2f} times one)")


def against_tlc(folder: Path, tlc: Tlc) -> None:
    """The same events, asked of TLC and of the audit. A unit of time is a millisecond, and nearly each has events."""
    policy = profiles()["byte-count"].but(byte_limit=30_000)
    log = link(policy, 12, gap=1, latency=2)
    path = folder / "sample.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines(policy, "", 0, log)), encoding="utf-8")
    sample, first = lives(policy, log), lives(policy, [e for e in log if e.t == 0])
    start = timed(lambda: ask(first, tlc))
    answers: list[object] = []
    took = timed(lambda: answers.extend(ask(sample, tlc))) - start
    mine = timed(lambda: judged(path))
    count = sum(len(one.events) for one in sample)
    assert all(getattr(one, "accepted", False) for one in answers)
    print(f"TLC            {count / took:>10,.0f} events/s of {count:,}, net of {start:.1f} s to start")
    print(f"the same       {count / mine:>10,.0f} events/s audited: {took / mine:.0f} times TLC  (bound: 20 or more)")


def memory(events: int) -> None:
    """How much is in use at each million events."""
    stream, spent, block = Stream("made", Options()), 0.0, bytearray()
    for count, line in enumerate(text_of(profiles()["combined"], events, LINKS, 2)):
        block += line
        if len(block) > BLOCK:
            begun = time.process_time()
            stream.feed(bytes(block))
            spent += time.process_time() - begun
            block.clear()
        if count and count % 1_000_000 == 0:
            print(f"{count:>12,} events: {resident():>6,.0f} MB in use, {count / spent:>9,.0f} events/s", flush=True)
    stream.feed(bytes(block))
    stream.end()
    (found,) = stream.found
    assert not found.divergences, found.divergences
    print(f"{found.events:,} events of {found.lives.total():,} lives of ends; put aside: {found.spilled:,}")


def resident() -> float:
    """MB that this process has in memory now; where the system does not say, the most that it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How fast logs are audited, and in how much memory.")
    parser.add_argument("--events", type=int, default=0, help="print the memory in use over so many events")
    parser.add_argument("--log", type=int, default=300_000, help="how many events the log has whose audit is timed")
    wanted = parser.parse_args()
    if wanted.events:
        memory(wanted.events)
        return
    with TemporaryDirectory() as folder:
        throughput(Path(folder), wanted.log)
        against_tlc(Path(folder), find_tlc())


if __name__ == "__main__":
    main()
