"""Models bisimulated: each compared with the reference, the first differences told, and what is said of it all."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from rich.table import Table
from rich.text import Text

from rekeyspec.conformance.adversary import Attack
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.vocabulary import ROLES, SILENT, VISIBLE
from rekeyspec.tools.atonce import Stop, at_once
from rekeyspec.tools.bisimulation import Compared, Difference, compare
from rekeyspec.tools.bounds import bounds, broken
from rekeyspec.tools.checker import Cancelled, Tlc
from rekeyspec.tools.composition import Composition
from rekeyspec.tools.disagreement import ask, words
from rekeyspec.tools.frontier import Explored, constrains_steps, explored
from rekeyspec.tools.modelcheck import Checked, Watch, interrupted
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.models import Model
from rekeyspec.tools.modeltable import COLOUR, SCHEMA
from rekeyspec.tools.output import Figures
from rekeyspec.tools.records import Foreign
from rekeyspec.tools.story import NotAStory

MOST: Final = 60_000
"""How many states of a model are compared, unless another number is named."""

UNCOUNTED: Final = 10_000
"""The same, at most, of a model that a check does not search to the end: nobody knows how many it has."""

ACTIONS: Final = frozenset((*VISIBLE, *SILENT, *get_args(Attack), "Open", "Offer", "Shut", "Tick", "Reconnect"))
"""Every action of the spec."""

_KINDS_TOLD: Final = 4
"""Of how many kinds of difference one is told, for each model."""

Mutate = Callable[[Rules], Rules]
Look = Callable[[Model, Composition], None]
"""What is shown each model when it was compared, with all that the reference was asked then."""


@dataclass(frozen=True)
class Bisimulated:
    """A model, and what came of comparing it; `compared` is None where it could not be."""

    checked: Checked
    compared: Compared | None = None
    told: tuple[str, ...] = ()


def comparable(models: Sequence[Model]) -> tuple[tuple[Model, ...], tuple[Model, ...]]:
    """Those that can be equal to the reference, and those that cannot: broken on purpose, of another spec, or with some
    of their steps cut off."""
    able = tuple(one for one in models if of_the_link(one) and _whole(one.cfg.read_text("utf-8", "replace")))
    return able, tuple(one for one in models if one not in able)


def _whole(cfg: str) -> bool:
    return not broken(cfg) and not constrains_steps(cfg)


def of_the_link(model: Model) -> bool:
    """Does the model extend the spec of one link, however far down, and remember nothing besides?"""
    seen, todo, besides = set[str](), [model.spec.stem], False
    while todo:
        name = todo.pop()
        path = next(
            (f / f"{name}.tla" for f in (model.spec.parent, model.folder) if (f / f"{name}.tla").is_file()), None
        )
        if path is not None and name not in seen:
            text = path.read_text("utf-8", "replace")
            extended = re.search(r"^EXTENDS\s+(\w+(?:\s*,\s*\w+)*)", text, re.MULTILINE)
            todo += re.split(r"\s*,\s*", extended[1]) if extended else []
            besides |= name != "Link" and bool(re.search(r"^VARIABLES?\b", text, re.MULTILINE))
        seen.add(name)
    return "KeyChange" in seen and not besides


def mutation(text: str) -> Mutate:
    """The reference without a rule in an action, `DO:RULE`. Raises BadInput for a pair that it has not."""
    do, _, rule = text.partition(":")
    pairs = guard_pairs()
    if (do, rule) not in pairs:
        has = ", ".join(own for act, own in pairs if act == do) or ", ".join(dict.fromkeys(act for act, _ in pairs))
        raise BadInput(f"--reference-mutant {text}: read {do!r} and {rule!r}, expected DO:RULE; {do or 'it'} has {has}")
    return lambda rules: rules.without(do, rule)  # type: ignore[arg-type]


def guard_pairs() -> tuple[tuple[str, str], ...]:
    """Every action of the guard tables with every rule that asks something of it, each pair once."""
    from rekeyspec.reference.guards import OWN, TAKING  # noqa: PLC0415

    return tuple(dict.fromkeys((do, guard.rule) for table in (TAKING, OWN) for do, gs in table.items() for guard in gs))


def model_bisimulate(
    models: Sequence[Model],
    tlc: Tlc,
    *,
    mutate: Mutate | None = None,
    most: int = MOST,
    jobs: int = 2,
    watch: Watch | None = None,
    look: Look | None = None,
) -> list[Bisimulated]:
    """Compare every model with the reference, or with a mutant of it, `jobs` at once. `look` comes after
    each."""
    watch = watch or Watch()

    def work(model: Model, stop: Stop) -> Bisimulated:
        watch.started(model)
        found = _bisimulate(model, tlc, mutate, most, stop, look)
        watch.ended(found.checked)
        return found

    return at_once(models, jobs, work, lambda model: Bisimulated(interrupted(model)))


def _bisimulate(model: Model, tlc: Tlc, mutate: Mutate | None, most: int, stop: Stop, look: Look | None) -> Bisimulated:
    begun = time.monotonic()
    try:
        bound = bounds(model, tlc)
        most = most if model.expected == "ok" else min(most, UNCOUNTED)
        found = explored(model.run(), tlc, most=most, cancelled=stop)
        rules = {role: mutate(Rules(bound.policy_at(role))) for role in ROLES} if mutate else None
        composition = Composition(bound, rules)
        compared = compare(found, composition)
        told = _told(model, tlc, found, compared, composition)
        if look:
            look(model, composition)
    except Cancelled:
        return Bisimulated(interrupted(model, time.monotonic() - begun))
    except (ModelError, BadInput, Foreign, NotAStory) as why:
        return Bisimulated(Checked(model, "failed", "", Figures(), time.monotonic() - begun, str(why)))
    outcome, got = (
        ("different", f"{compared.differences:,} differences") if compared.differences else ("as expected", "ok")
    )
    figures = Figures(distinct=compared.states)
    checked = Checked(model, outcome, got, figures, time.monotonic() - begun)  # type: ignore[arg-type]
    return Bisimulated(checked, compared, told)


def _told(model: Model, tlc: Tlc, found: Explored, compared: Compared, composition: Composition) -> tuple[str, ...]:
    """The first difference of some kinds, in words."""
    first: dict[tuple[str, str], Difference] = {}
    for one in compared.shown:
        first.setdefault((one.side, one.action), one)
    lines = []
    for kind, one in list(first.items())[:_KINDS_TOLD]:
        lines += [f"{model.id}: {compared.by[one.side, one.action]:,} times {kind[1]} of the {kind[0]} only, first in"]
        unasked = one.side == "spec" or one.instead
        asked = () if unasked else ask(model.run(), tlc, found.graph.states[one.state])
        lines += [f"  {line}" for line in words(one, composition, asked)]
    return tuple(lines)


def table(found: Sequence[Bisimulated]) -> Table:
    """Every model in a row."""
    made = Table(box=None, pad_edge=False)
    made.add_column("model", no_wrap=True)
    for name in ("states", "cut off", "edges", "differences", "seconds"):
        made.add_column(name, justify="right")
    for one in found:
        compared = one.compared
        counts = (compared.states, compared.cut, compared.edges) if compared else ()
        numbers = [f"{count:,}" for count in counts] or ["", "", ""]
        differences = f"{compared.differences:,}" if compared else one.checked.outcome
        cell = Text(differences, style=COLOUR[one.checked.outcome])
        made.add_row(one.checked.model.id, *numbers, cell, f"{one.checked.seconds:.1f}")
    return made


def remarks(found: Sequence[Bisimulated], left: Sequence[Model]) -> list[str]:
    """What is to be said of some models."""
    lines = [line for one in found for line in one.told]
    lines += [f"{one.checked.model.id}: {one.checked.reason}" for one in found if one.checked.reason]
    if left:
        lines.append(f"left out, being broken on purpose or of another spec: {', '.join(one.id for one in left)}")
    unreached = sorted(ACTIONS - set(_actions(found)))
    return [*lines, f"actions not reached: {', '.join(unreached)}"] if unreached else lines


def _actions(found: Sequence[Bisimulated]) -> Mapping[str, int]:
    steps = Counter[str]()
    for one in found:
        steps.update(one.compared.actions if one.compared else {})
    return dict(sorted(steps.items()))


def totals(found: Sequence[Bisimulated], seconds: float) -> dict[str, Any]:
    """The figures of the whole."""
    compared = [one.compared for one in found if one.compared]
    return {
        "models": len(found),
        "failed": sum(one.checked.outcome == "failed" for one in found),
        "states": sum(one.states for one in compared),
        "cut": sum(one.cut for one in compared),
        "edges": sum(one.edges for one in compared),
        "differences": sum(one.differences for one in compared),
        "reached": len(ACTIONS & set(_actions(found))),
        "actions": len(ACTIONS),
        "seconds": round(seconds, 1),
    }


def last_line(figures: Mapping[str, Any]) -> str:
    """The figures on one line."""
    compared = f"{figures['states']:,} states ({figures['cut']:,} cut off), {figures['edges']:,} edges"
    return (
        f"{figures['models']} models bisimulated: {compared}, {figures['differences']:,} differences,"
        f" {figures['failed']} failed; {figures['reached']} of {figures['actions']} actions; {figures['seconds']} s"
    )


def to_json(found: Sequence[Bisimulated], figures: Mapping[str, Any]) -> str:
    """The same for programs."""
    rows = [_row(one) for one in found]
    whole = {"schema": SCHEMA, "models": rows, "actions": _actions(found), "figures": figures}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _row(one: Bisimulated) -> dict[str, Any]:
    compared = one.compared
    row: dict[str, Any] = {
        "id": one.checked.model.id,
        "outcome": one.checked.outcome,
        "reason": one.checked.reason,
        "seconds": round(one.checked.seconds, 1),
    }
    if compared is None:
        return row
    by = [{"side": side, "action": action, "times": times} for (side, action), times in sorted(compared.by.items())]
    return row | {
        "states": compared.states,
        "cut": compared.cut,
        "edges": compared.edges,
        "differences": compared.differences,
        "by": by,
        "told": list(one.told),
    }
