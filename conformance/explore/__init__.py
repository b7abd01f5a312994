"""Search: hypothesis chooses policies and interleavings, the oracle judges, and what fails is made small and kept.

`explore` is the whole of it for a target; `Effort` says how long, `Explored` what came of it, `Failure` is one finding.
"""

from rekeyspec.conformance.explore.drawing import Shape
from rekeyspec.conformance.explore.found import Failure
from rekeyspec.conformance.explore.search import Effort, Explored, explore

__all__ = ["Effort", "Explored", "Failure", "Shape", "explore"]
