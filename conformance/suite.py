"""The suite: the hand-written traces, found by name, and which of them may be told under which policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from rekeyspec.conformance import trace as form
from rekeyspec.conformance import yamlfile
from rekeyspec.conformance.policies import policy_from, profiles
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.trace import Trace
from rekeyspec.reference.policy import Policy, parameters

FOLDER: Final = Path(__file__).parent / "traces"


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
    """A hand-written trace by name, or the trace in a file. Raises BadInput."""
    if name_or_file in stories():
        return stories()[name_or_file]
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
    """The traces to run, each with its policy: those that fit this policy, or (None) all, each under its own; with a
    profile's name only those told under it."""
    if policy is not None:
        return [(one, policy) for one in stories().values() if fits(one, policy)]
    return [(one, policy_of(one)) for one in stories().values() if profile in ("", one.profile)]
