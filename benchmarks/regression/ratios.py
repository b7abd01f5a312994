"""Ratios of what the suite has measured, and the baseline that they are held to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from rekeyspec.conformance.report.output import write_whole
from rekeyspec.conformance.target import BadInput

BASELINE: Final = Path(__file__).with_name("baseline.json")
YARDSTICK: Final = "yardstick"


class _Stats(msgspec.Struct):
    min: float


class _Measured(msgspec.Struct):
    name: str
    group: str
    stats: _Stats


class Measured(msgspec.Struct):
    """What pytest-benchmark writes, as far as it is read here."""

    benchmarks: list[_Measured]

    def fastest(self) -> dict[str, float]:
        """Seconds of the fastest round, by `group/name`: what else the machine does only ever makes it slower."""
        return {f"{one.group}/{one.name.removeprefix('test_')}": one.stats.min for one in self.benchmarks}


class Baseline(msgspec.Struct):
    """The form of `baseline.json`. A ratio may be `tolerance` times as large as the one that is kept."""

    form: int
    tolerance: float
    ratios: dict[str, float]


@dataclass(frozen=True)
class Compared:
    """One ratio, beside the one that is kept (None: there is none yet)."""

    name: str
    ratio: float
    kept: float | None
    tolerance: float

    @property
    def times(self) -> float:
        """How many times as large as the kept one it is; 1 where none is kept."""
        return self.ratio / self.kept if self.kept else 1.0

    @property
    def slower(self) -> bool:
        """Is it beyond the tolerance?"""
        return self.times > self.tolerance

    def line(self) -> str:
        """For people."""
        if self.kept is None:
            return f"{self.name:<28} {self.ratio:8.3f}  new: keep it with --save"
        said = "SLOWER" if self.slower else "faster: keep it with --save" if self.times < 1 / self.tolerance else "ok"
        return f"{self.name:<28} {self.ratio:8.3f}  kept {self.kept:8.3f}  {self.times:5.2f} times  {said}"


def merged(runs: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The fastest of several runs."""
    found: dict[str, float] = defaultdict(lambda: float("inf"))
    for run in runs:
        for name, took in run.items():
            found[name] = min(found[name], took)
    return dict(found)


def ratios(fastest: Mapping[str, float]) -> dict[str, float]:
    """Each by the yardstick of its group. Raises BadInput where a group has none."""
    found = {}
    for name, took in fastest.items():
        group, _, what = name.partition("/")
        if what == YARDSTICK:
            continue
        by = fastest.get(f"{group}/{YARDSTICK}")
        if not by:
            raise BadInput(f"the group {group} has no yardstick; give it a test_{YARDSTICK}")
        found[name] = took / by
    return found


def compared(now: Mapping[str, float], baseline: Baseline) -> Iterator[Compared]:
    """Each ratio beside the kept one. Raises BadInput for one that is kept and was not measured."""
    if gone := [name for name in baseline.ratios if name not in now]:
        raise BadInput(f"the baseline keeps {', '.join(gone)}, which the suite does not measure; keep it with --save")
    for name, ratio in now.items():
        yield Compared(name, ratio, baseline.ratios.get(name), baseline.tolerance)


def read(path: Path = BASELINE) -> Baseline:
    """The baseline. Raises BadInput."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except (OSError, msgspec.MsgspecError) as why:
        raise BadInput(f"{path}: {why}; make it anew with --save") from None
    if found.form != 1 or found.tolerance <= 1:
        raise BadInput(f"{path}: read form {found.form}, tolerance {found.tolerance}; expected 1, and more than 1")
    return found


def keep(now: Mapping[str, float], tolerance: float, path: Path = BASELINE) -> None:
    """Write the baseline. Raises BadInput."""
    rounded = {name: float(f"{ratio:.3g}") for name, ratio in sorted(now.items())}
    text = msgspec.json.format(msgspec.json.encode(Baseline(1, tolerance, rounded)), indent=2)
    write_whole(path, text + b"\n")
