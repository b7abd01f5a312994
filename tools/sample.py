"""One random behaviour of a model, with the action of each step.

A module that extends the model's says, as an invariant, that behaviours are short; TLC, simulating, shows one that is
not. What the cfg judges is not looked at. A behaviour may end sooner where nothing is enabled any more.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from rekeyspec.tools.checker import Tlc, check
from rekeyspec.tools.command import Simulation, TlcRun
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.output import Behaviour

_TRIES: Final = 1000
_MODULE: Final = """---- MODULE Sample ----
EXTENDS {module}
LOCAL Output == INSTANCE TLC
SampleIsShort == Output!TLCGet("level") < {length}
====
"""


def sample(run: TlcRun, tlc: Tlc, *, length: int, seed: int = 0, timeout: float = 600) -> Behaviour:
    """A behaviour of so many states, or of fewer where it cannot go on; the same for the same seed.

    Raises ModelError for all that stops TLC, and where no behaviour becomes that long.
    """
    with tempfile.TemporaryDirectory(prefix="rekeyspec-tlc-") as folder:
        module = Path(folder) / "Sample.tla"
        module.write_text(_MODULE.format(module=run.spec.stem, length=length - 1), encoding="utf-8")
        once = replace(
            run,
            spec=module,
            library=(run.spec.parent, *run.library),
            unjudged=True,
            invariants=("SampleIsShort",),
            deadlock=True,
            coverage=False,
            simulate=Simulation(behaviours=_TRIES, depth=length, seed=seed),
        )
        found = check(once, tlc, timeout=timeout).behaviour
    if found is None:
        read = f"no behaviour of {length} states in {_TRIES} tries"
        raise ModelError(f"{run.cfg}: read {read}, expected one; ask for a shorter one, or widen the constraint")
    return found
