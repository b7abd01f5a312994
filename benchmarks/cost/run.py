"""One run of `bench cost`: everything that is compared, measured in turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rekeyspec.benchmarks.cost import model, speed
from rekeyspec.benchmarks.cost.choices import LIMIT, Settings
from rekeyspec.benchmarks.cost.plan import Negotiated, Plan
from rekeyspec.benchmarks.cost.quiet import Noise, figures, noise_of
from rekeyspec.benchmarks.cost.speed import Primitive
from rekeyspec.benchmarks.cost.tables import Tables
from rekeyspec.benchmarks.cost.turns import take_turns
from rekeyspec.benchmarks.results import Results
from rekeyspec.conformance.target import BadInput

Say = Callable[[str, int, int], None]
"""What is going on, how much of it is done, and how much there is."""


_QUIET: Final = Noise(0.0, 1.0)


@dataclass(frozen=True)
class Run:
    """What was found. `complete` is False where it was interrupted."""

    tables: Tables
    notes: tuple[str, ...]
    complete: bool
    openssl: str = ""
    """Whose primitives the floor is of."""
    noise: Noise = _QUIET
    """Runs whose canaries differ had different machines."""

    def results(self) -> Results:
        """In the common form."""
        settings: dict[str, Any] = {
            **asdict(self.tables.settings),
            "floor": self.openssl,
            "canary_s": self.noise.best,
            "canary_power": self.noise.power,
        }
        return Results("cost", settings, tables=self.tables.all(), notes=self.notes, complete=self.complete)

    @property
    def worst_error(self) -> float:
        """The largest deviation of a measured whole from the sum of its parts."""
        return model.worst([row["error"] for row in self.tables.points() if row["error"] is not None])


def _silent(_what: str, _done: int, _total: int) -> None: ...


def run(settings: Settings, say: Say = _silent, *, parts_only: bool = False) -> Run:
    """Measure; `parts_only`: what costs are told from, and nothing that they are compared with. An interrupt ends it
    early, and what was measured is given. Raises BadInput where the library here can do nothing of it."""
    found: list[Primitive] = []
    complete, notes = True, list[str]()
    with TemporaryDirectory(prefix="rekeyspec-") as name:
        plan = Plan(settings, Path(name), parts_only)
        try:
            say("certificates and connections", 0, 1)
            works = plan.works()
        except KeyboardInterrupt:
            return Run(Tables(settings, {}), ("interrupted before anything was measured",), complete=False)
        if not any(isinstance(one, Negotiated) for one in works):
            raise BadInput(f"nothing of this can be measured here: {'; '.join(plan.notes)}; choose other settings")
        limit = LIMIT[settings.quick]
        turns = take_turns(works, settings.share, lambda done, total: say("measuring", done, total), limit=limit)
        complete = turns.complete
        plan.check_again()
    if complete and not parts_only:
        try:
            say("openssl speed", 0, 1)
            for one in speed.measure(settings, notes):
                found.append(one)  # noqa: PERF402  (those that came before an interrupt are kept)
        except KeyboardInterrupt:
            complete = False
    noise = noise_of(turns.readings.values())
    summed = {key: figures(readings, noise) for key, readings in turns.readings.items() if readings}
    notes = [*plan.notes, *notes, *_warnings(summed)]
    if not complete:
        notes.insert(0, f"interrupted: {len(summed)} of {len(works)} things were measured before")
    tables = Tables(settings, summed, plan.round_trips, found)
    return Run(tables, tuple(notes), complete, speed.version() if found else "", noise)


def _warnings(summed: dict[Any, Any]) -> list[str]:
    samples = sum(one.samples for one in summed.values())
    quiet = sum(one.quiet for one in summed.values())
    if samples and quiet < samples / 2:
        return [f"the machine was busy: only {quiet:,} of {samples:,} samples were quiet; run it again when it is idle"]
    return []
