"""What an expression comes to in a model: TLC evaluates it while it starts, with the constants of the cfg.

For this a module that extends the model's is written into a folder of its own. It assumes what is false once the value
is printed, so that TLC stops before it checks anything. (In a simulation TLC looks at no assumption at all.)
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from rekeyspec.tools.checker import Tlc, check
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.messages import Code
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.values import NotAValue, Value, first

_MARK: Final = "rekeyspec_evaluation"
_MODULE: Final = """---- MODULE Evaluation ----
EXTENDS {module}
LOCAL Output == INSTANCE TLC
ASSUME Output!PrintT(<<"{mark}", {expression}>>) /\\ FALSE
====
"""


def evaluate(expression: str, run: TlcRun, tlc: Tlc, *, timeout: float = 60) -> Value:
    """The value of a constant expression of the run's module, `timeout` in seconds.

    Raises ModelError where the expression has none, and for all that stops TLC.
    """
    with tempfile.TemporaryDirectory(prefix="rekeyspec-tlc-") as folder:
        module = Path(folder) / "Evaluation.tla"
        module.write_text(_MODULE.format(module=run.spec.stem, mark=_MARK, expression=expression), encoding="utf-8")
        once = replace(run, spec=module, library=(run.spec.parent, *run.library), dump=None, simulate=None)
        try:
            printed = check(once, tlc, timeout=timeout).printed
        except ModelError as why:
            printed = why.printed
            if why.code != Code.ASSUMPTION_FALSE:
                raise
    _, found, after = "\n".join(printed).partition(f'"{_MARK}",')
    try:
        return first(after)
    except NotAValue as why:
        read = f"something else: {why}" if found else "nothing"
        raise ModelError(f"{run.spec}: TLC printed {read}, expected a value of {expression}; correct it") from None
