"""The suites: which traces are told, under which policy.

`hand`: the traces written by hand. Under a policy file those are told that fit it; under a profile those that were
written for it. With neither, all that fit the profile `combined` are told under it, and then every trace under its
own policy: what is recommended is asked first, and nothing is left out.

`model`: tours of models, made by `rekeyspec model traces`, each told under its model's policy. A small set is part of
the package, and a folder with others is a suite as well. An end that makes another choice than a tour, which the
rules allow, has left the tour and is judged all the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from rekeyspec.conformance import modelgraph, yamlfile
from rekeyspec.conformance import trace as form
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.modelgraph import Graph
from rekeyspec.conformance.policies import policy_from, profiles
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.trace import Trace
from rekeyspec.reference.policy import Policy, parameters

FOLDER: Final = Path(__file__).parent / "traces"
TOURS: Final = Path(__file__).parent / "modeltraces"
"""The tours that are part of the package."""

RECOMMENDED: Final = "combined"
"""The profile that is asked first where none is named."""

SUITES: Final = ("hand", "model")


@dataclass(frozen=True)
class Told:
    """One trace that is to be told: under which policy, by which name in the report, and how to tell it again."""

    trace: Trace
    policy: Policy
    profile: str
    again: tuple[str, ...]
    """Words of the command line: the trace, and `--profile` where it is not told under its own."""
    tour: bool = False


@cache
def stories() -> dict[str, Trace]:
    """Every hand-written trace by its name, in the order of the names."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        one = form.read(path)
        if one.name != path.stem:
            raise BadInput(f"{path}: the trace is named `{one.name}`; name it `{path.stem}`, like its file")
        found[one.name] = one
    return found


def trace_named(name_or_file: str) -> Trace:
    """A trace of the package by name, or the trace in a file. Raises BadInput."""
    if name_or_file in stories():
        return stories()[name_or_file]
    if re.fullmatch(r"[a-z0-9-]+", name_or_file) and (tour := next(TOURS.rglob(f"{name_or_file}.yaml"), None)):
        return form.read(tour)
    path = Path(name_or_file)
    if path.exists() or path.suffix in (".yaml", ".yml") or "/" in name_or_file:
        return form.read(path)
    _, remedy = yamlfile.choose(name_or_file, stories())
    raise yamlfile.problem("trace", f"`{name_or_file}`", "the name of a trace, or a YAML file", remedy)


def policy_of(trace: Trace) -> Policy:
    """The policy that a trace is told under: its profile's, with its own parameters."""
    known = profiles()
    if trace.profile not in known:
        _, remedy = yamlfile.choose(trace.profile, known)
        raise yamlfile.problem(f"trace {trace.name}", f"the profile `{trace.profile}`", "the name of a profile", remedy)
    return policy_from(trace.policy, known[trace.profile], f"trace {trace.name}, `policy`")


def fits(trace: Trace, policy: Policy) -> bool:
    """Does the story make sense under this policy? Raises BadInput for a `needs` that cannot be read."""
    return all(_meets(trace, name, getattr(policy, name, None), wanted) for name, wanted in trace.needs.items())


def _meets(trace: Trace, name: str, value: object, wanted: int | str | Sequence[int | str]) -> bool:
    if name not in parameters():
        _, remedy = yamlfile.choose(name, parameters())
        raise yamlfile.problem(f"trace {trace.name}, `needs`", f"`{name}`", "a policy parameter", remedy)
    if isinstance(wanted, str) and (above := re.fullmatch(r">\s*(\d+)", wanted)):
        return isinstance(value, int) and value > int(above[1])
    return value in ([wanted] if isinstance(wanted, int | str) else wanted)


def chosen(policy: Policy | None, profile: str = "") -> list[tuple[Trace, Policy]]:
    """The hand-written traces to run, each with its policy: those that fit this policy, or (None) all, each under its
    own; with a profile's name only those told under it."""
    if policy is not None:
        return [(one, policy) for one in stories().values() if fits(one, policy)]
    return [(one, policy_of(one)) for one in stories().values() if profile in ("", one.profile)]


def sensible(trace: Trace, policy: Policy) -> bool:
    """Is it, under this policy, still the story that it was? Not where the reference itself leaves it: sizes and times
    need not stand there as they did where it was written."""
    return replay(trace, policy, ReferenceTarget()).word != "inconclusive"


def by_hand(policy: Policy | None, profile: str | None, name: str = "") -> list[Told]:
    """The suite `hand`: under a policy file (`profile` is its path, `name` what to call it), a profile, or neither."""
    if policy is not None:
        again = ("--profile", str(profile))
        return [Told(one, policy, name, (one.name, *again)) for one, _ in chosen(policy) if sensible(one, policy)]
    own = [Told(one, its, one.profile, (one.name,)) for one, its in chosen(None, profile or "")]
    if profile:
        return own
    recommended, again = profiles()[RECOMMENDED], ("--profile", RECOMMENDED)
    already = {one.trace.name for one in own if (one.profile, one.policy) == (RECOMMENDED, recommended)}
    first = [one for one, _ in chosen(recommended) if one.name not in already and sensible(one, recommended)]
    return [*(Told(one, recommended, RECOMMENDED, (one.name, *again)) for one in first), *own]


def tours(folder: Path | None = None) -> tuple[list[Told], list[Graph]]:
    """The suite `model`: the tours in a folder and those below it (None: those of the package), and the graphs that
    they are of. Raises BadInput."""
    listed = tour_files(folder)
    found = [tour(file, graph.model, folder) for graph, files in listed for file in files]
    return found, [graph for graph, _ in listed]


def tour_files(folder: Path | None = None) -> list[tuple[Graph, list[Path]]]:
    """The graphs of that suite, each with the files of its tours, which are not read. Raises BadInput."""
    if folder is not None and not folder.is_dir():
        names = ", ".join(f"`{one}`" for one in SUITES)
        remedy = "make it with `rekeyspec model traces --output DIR`"
        raise yamlfile.problem("--suite", f"`{folder}`, which is no folder", f"{names} or a folder of tours", remedy)
    found = []
    for path in sorted((folder or TOURS).rglob(f"*{modelgraph.SUFFIX}")):
        graph = modelgraph.read(path)
        found.append((graph, [path.parent / f"{name}.yaml" for name in graph.traces]))
    if folder is not None and not found:
        read = f"no *{modelgraph.SUFFIX} in it"
        raise yamlfile.problem(f"--suite {folder}", read, "what `rekeyspec model traces --output` writes", "name that")
    return found


def tour(file: Path, model: str, folder: Path | None = None) -> Told:
    """One tour of this model; `folder` is where it was looked for, None in the package. Raises BadInput."""
    one = form.read(file)
    again = (file.stem if folder is None else str(file),)
    return Told(one, policy_of(one), f"model {model}", again, tour=True)
