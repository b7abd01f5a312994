"""How fast judging is: `python -m rekeyspec.benchmarks.speed`.

Prints each figure with its bound. A judged step is one line of a trace (one event given to the end), with everything
the end does in answer. Replay is of one long story, a link that is busy and falls idle by turns, with two
renegotiations in forty lines; CPU seconds of this process, the median of several rounds. What involves other
processes is in wall seconds, and compared with a `cat` that is asked as often in the same run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Self

import msgspec

from rekeyspec.conformance.adapters import wire
from rekeyspec.conformance.adapters.process import ExecTarget
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.log import row
from rekeyspec.conformance.player import script
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.target import End, Reply, Target
from rekeyspec.conformance.trace import Trace
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, Event, Role

ADAPTER = Path(__file__).resolve().parent.parent / "examples/adapters/link.py"
ROUNDS = 7


def long_story(turns: int) -> tuple[Trace, Policy]:
    """A trace of forty lines a turn, and its policy: data both ways, then idleness, a heartbeat, and a new key."""
    busy = [
        {"after": 3, "do": "Offer", "bytes": 900},
        {"after": 2, "do": "Arrive", "message": {"kind": "data", "bytes": 700}},
        {"after": 1, "do": "Tick"},
    ] * 11
    wakes = [
        {"after": "idle_period", "do": "Tick"},
        {"after": 20, "do": "Arrive", "message": {"kind": "reply"}},
        {"after": 5, "do": "Arrive", "message": {"kind": "heartbeat"}},
        {"after": 500, "do": "Offer", "bytes": 100},
        {"after": 20, "do": "Arrive", "message": {"kind": "answer"}},
        {"after": 5, "do": "Arrive", "message": {"kind": "request"}},
        {"after": 20, "do": "Arrive", "message": {"kind": "answer"}},
    ]
    steps = [{"do": "Open", "established": True}, *(busy + wakes) * turns]
    told = {
        "trace": 0,
        "name": "long",
        "about": "Busy and idle.",
        "profile": "combined",
        "rules": ["IDLE-1"],
        "steps": steps,
    }
    return msgspec.convert(told, Trace), profiles()["combined"]


def cpu(work: Callable[[], object]) -> float:
    """The median CPU seconds of this process, over the rounds."""
    return _median(work, time.process_time)


def wall(work: Callable[[], object]) -> float:
    """The median wall seconds, over the rounds."""
    return _median(work, time.perf_counter)


def _median(work: Callable[[], object], clock: Callable[[], float]) -> float:
    work()
    took = []
    for _ in range(ROUNDS):
        begun = clock()
        work()
        took.append(clock() - begun)
    return median(took)


def judged(trace: Trace, policy: Policy, target: Target, *, stepwise: bool = False) -> None:
    """Replay once; the figures of a target that does not conform would mean nothing."""
    case = replay(trace, policy, target, stepwise=stepwise)
    assert case.word == "conforms", case.reason
    assert trace.name != "long" or case.log[-1].do != "Tick", "the link did not last to the end"


def in_process() -> float:
    """Judged steps per CPU second, replaying the reference in this process."""
    trace, policy = long_story(50)
    return len(script(trace, policy)) / cpu(lambda: judged(trace, policy, ReferenceTarget()))


def suite() -> float:
    """CPU seconds of the hand-written suite against the reference, reading its files included."""

    def whole() -> None:
        stories.cache_clear()
        for trace in stories().values():
            judged(trace, policy_of(trace), ReferenceTarget())

    return cpu(whole)


class WithCat:
    """The reference in this process, each of whose steps also waits for a `cat` to say a line back. Measured
    together, because a process that is woken after some work of the other answers later than one that is asked in a
    tight loop."""

    def __init__(self) -> None:
        self.name = "reference, with cat"
        self.unsupported: Mapping[str, str] = {}
        self.cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def open(self, role: Role, policy: Policy) -> End:
        """A new end."""
        return EndWithCat(ReferenceTarget().open(role, policy), self.cat)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.cat.communicate()


class EndWithCat:
    """One end of it."""

    def __init__(self, end: End, cat: subprocess.Popen[bytes]) -> None:
        assert cat.stdin
        assert cat.stdout
        self.own, self.send, self.receive, self.close = end.step, cat.stdin.write, cat.stdout.read, end.close

    def step(self, event: Event) -> Reply:
        """One event, and one line through the cat."""
        self.send(wire.step(1, event))
        self.receive(4096)
        return self.own(event)

    def run(self, events: Sequence[Event]) -> list[Reply]:
        """Many events, one by one."""
        return [self.step(event) for event in events]


PARROT = """
import os, sys
hello, *answers = open(sys.argv[1], "rb").read().splitlines(keepends=True)
said = iter(answers)
os.read(0, 65536)
os.write(1, hello)
while asked := os.read(0, 65536):
    begins = asked.index(b'"id":') + 5
    number = asked[begins : asked.find(b",", begins)].rstrip(b"}\\n")
    if b'"open"' in asked or b'"close"' in asked:
        said = iter(answers)
        os.write(1, b'{"id":' + number + b"}\\n")
    else:
        os.write(1, b'{"id":' + number + b"," + next(said))
"""
"""An adapter that says its answers from a recording: what it costs to ask it is what the protocol costs."""


def recording(trace: Trace, policy: Policy) -> list[bytes]:
    """The answers of the reference to a trace, as lines of the protocol, step by step."""
    lines: list[bytes] = []

    class Recorded(ReferenceTarget):
        def open(self, role: Role, policy: Policy) -> End:
            end = super().open(role, policy)
            own = end.step

            def step(event: Event) -> Reply:
                did, deadline = own(event)
                said = [{k: v for k, v in row(d).items() if k not in ("t", "end")} for d in did]
                answer = wire.encode({"did": said, "deadline": deadline if deadline < NEVER else None})
                lines.append(answer[1:])  # the parrot puts the number in front
                return Reply(did, deadline)

            end.step = step  # type: ignore[method-assign]
            return end

    judged(trace, policy, Recorded(), stepwise=True)
    hello = wire.encode({"protocol": 1, "name": "parrot", "version": "1"})
    return [hello, *lines]


def stepwise() -> tuple[float, float, float]:
    """Wall microseconds per step: of an adapter that has only to say its answers, of a cat with a step in process,
    and of the example in Python. Rounds of the three take turns."""
    trace, policy = long_story(10)
    count = len(script(trace, policy))
    took: tuple[list[float], list[float], list[float]] = ([], [], [])
    with TemporaryDirectory() as folder:
        program, answers = Path(folder) / "parrot.py", Path(folder) / "answers"
        program.write_text(PARROT)
        answers.write_bytes(b"".join(line + b"\n" for line in recording(trace, policy)))
        parrot = ExecTarget(f"{sys.executable} {program} {answers}")
        with parrot, WithCat() as echo, ExecTarget(f"{sys.executable} {ADAPTER}") as example:
            for _ in range(2 * ROUNDS):
                targets: tuple[Target, ...] = (parrot, echo, example)
                for target, times in zip(targets, took, strict=True):
                    begun = time.perf_counter()
                    judged(trace, policy, target, stepwise=True)
                    times.append((time.perf_counter() - begun) / count * 1e6)
    return median(took[0]), median(took[1]), median(took[2])


def whole_lines() -> float:
    """Judged steps per wall second, with whole traces sent to an adapter in one line."""
    trace, policy = long_story(50)
    with ExecTarget(f"{sys.executable} {ADAPTER}") as target:
        return len(script(trace, policy)) / wall(lambda: judged(trace, policy, target))


def help_time() -> float:
    """Wall seconds of `rekeyspec --help`."""
    return wall(lambda: subprocess.run([sys.executable, "-m", "rekeyspec", "--help"], capture_output=True, check=True))


def main() -> None:
    """Measure and print."""
    print(f"replay in process   {in_process():>10,.0f} judged steps/s  (bound: 50,000 or more)")
    print(f"hand-written suite  {suite():>10.2f} s               (bound: under 1)")
    asked, control, example = stepwise()
    print(f"exec, step by step  {asked:>10.1f} us a step: {asked / control:.2f} times a cat and a step in process,")
    print(f"                    {control:.1f} us (bound: 1.5 times); the example in Python, its own work included:")
    print(f"                    {example:.1f} us")
    print(f"exec, whole traces  {whole_lines():>10,.0f} judged steps/s  (bound: 20,000 or more)")
    print(f"rekeyspec --help    {help_time():>10.2f} s               (bound: under 0.3)")


if __name__ == "__main__":
    main()
