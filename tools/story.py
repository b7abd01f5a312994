"""A counterexample of our own spec as a trace: what the environment did, and what each end did in answer.

This module, `underway` and `endview` know what the spec's variables mean: `end` has what each end remembers, `wire`
what is under way to each over each channel, oldest first. TLC names an action without its parameters, so the end is
the one of which the action changed either. A tick is a millisecond and a unit of size a byte, under the model's own
policy.

What an end does is said at the line that it answers: the latest one there at that instant, or a Tick of its own where
there is none. What an adversary sends is told when it is taken. A loop is told once. The spec lets what is due at an
instant come in any order, the reference does it at once: where it leaves the story for no other reason, the story
leaves open what is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, TypeAlias

import yaml

from rekeyspec.conformance import trace, yamlfile
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.policies import policy_from, profile_policy
from rekeyspec.conformance.replay import replay
from rekeyspec.reference.policy import Policy, parameters
from rekeyspec.reference.vocabulary import ROLES, SILENT, VISIBLE, Role
from rekeyspec.tools.models import Model
from rekeyspec.tools.output import Behaviour
from rekeyspec.tools.underway import UnderWay
from rekeyspec.tools.values import Function, NotAValue, Value

State: TypeAlias = Mapping[str, Value]

_VISIBLE: Final = frozenset(VISIBLE)
_USER: Final = frozenset({"Open", "Offer", "Shut"})
_OWN: Final = _VISIBLE | _USER | frozenset(SILENT)


class NotAStory(ValueError):
    """The behaviour is not one of our spec: it lacks what this module reads. The text says what."""


@dataclass
class Line:
    """One line of the trace being made."""

    t: int
    end: Role
    do: str
    fields: dict[str, Any] = field(default_factory=dict)
    expect: list[str] = field(default_factory=list)


@dataclass
class Story:
    """The lines so far, and the time."""

    lines: list[Line] = field(default_factory=list)
    now: int = 0
    under_way: UnderWay = field(default_factory=UnderWay)

    def add(self, action: str, before: State, after: State) -> None:
        """What one action of the spec adds."""
        if action == "Tick":
            self.now += 1
        elif action in _OWN:
            self._act(action, before, after)
        else:
            self._lines(self.under_way.meanwhile(action, before, after))

    def _act(self, action: str, before: State, after: State) -> None:
        end = acting(before, after)
        message = taken_by(end, action, before, after)
        told = self.under_way.acted(action, end, message, before, after)
        if action in _USER:
            size = {"bytes": _offered(_at(after, "end", end))} if action == "Offer" else {}
            self.lines.append(Line(self.now, end, action, size))
        self._lines(told[:1])
        if action in _VISIBLE:
            self._line_of(end).expect.append(action)
        self._lines(told[1:])

    def _lines(self, told: Iterable[tuple[Role, str, dict[str, Any]]]) -> None:
        self.lines += [Line(self.now, end, do, fields) for end, do, fields in told]

    def _line_of(self, end: Role) -> Line:
        for line in reversed(self.lines):
            if line.t == self.now and line.end == end and line.do != "Drop":
                return line
        self.lines.append(Line(self.now, end, "Tick"))
        return self.lines[-1]

    def finish(self) -> None:
        """Call each end at the last instant, so that what is due then is not missed for want of a call."""
        called = {line.end for line in self.lines if line.t == self.now and line.do != "Drop"}
        if self.now > 0:
            self.lines += [Line(self.now, role, "Tick") for role in ROLES if role not in called]


def tell(behaviour: Behaviour) -> tuple[Line, ...]:
    """The lines of a behaviour. Raises NotAStory for one of another spec."""
    story = Story()
    try:
        states = [state.values() for state in behaviour.states]
        for (before, after), state in zip(pairwise(states), behaviour.states[1:], strict=True):
            story.add(state.action, before, after)
    except (NotAValue, KeyError, IndexError, TypeError) as why:
        raise NotAStory(f"no link between two ends: {why!r}") from None
    story.finish()
    if not story.lines:
        raise NotAStory("nothing happens in it")
    return tuple(story.lines)


def to_yaml(lines: Sequence[Line], model: Model, found: str, policy: Value) -> str:
    """The trace, in YAML, in which TLC found what `found` says, under the policy of the model.

    Raises NotAStory for a policy that is none.
    """
    told = policy_of(policy, model)
    data = _document(lines, model, found, told)
    if _strays(data, model, told):
        steps = [{name: value for name, value in step.items() if name != "expect"} for step in data["steps"]]
        if not _strays(data | {"steps": steps}, model, told):
            data["steps"] = steps
        else:
            data["about"] += " The reference makes another choice that the rules allow."
    return _dumped(data)


def _strays(data: Mapping[str, Any], model: Model, policy: Policy) -> bool:
    return replay(_parsed(data, model), policy, ReferenceTarget()).word == "inconclusive"


def _parsed(data: Mapping[str, Any], model: Model) -> trace.Trace:
    return trace.parse(yamlfile.parse(_dumped(data), f"{model.id}.yaml"))


def _dumped(data: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110))


def ending(behaviour: Behaviour, found: str) -> str:
    """What TLC found, and how a behaviour without an end goes on."""
    if behaviour.back_to:
        return f"{found}; what follows state {behaviour.back_to} of {len(behaviour.states)} goes on for ever"
    return f"{found}; nothing happens any more" if behaviour.stutters else found


def _document(lines: Sequence[Line], model: Model, found: str, policy: Policy) -> dict[str, Any]:
    base = profile_policy(model.profile, f"model {model.id}")
    differs = {name: getattr(policy, name) for name in parameters() if getattr(policy, name) != getattr(base, name)}
    head: dict[str, Any] = {
        "trace": trace.VERSION,
        "name": f"model-{model.id}",
        "about": f"{' '.join(model.about.split())} The model checker's counterexample: {found}.",
        "profile": model.profile,
        "rules": list(model.rules),
        "end": "both",
    }
    return head | ({"policy": differs} if differs else {}) | {"steps": list(_steps(lines))}


def _steps(lines: Sequence[Line]) -> list[dict[str, Any]]:
    steps, now = [], 0
    for line in lines:
        step: dict[str, Any] = {"do": line.do, "end": line.end} | line.fields
        if line.t != now:
            step["at"] = now = line.t
        if line.expect:  # nothing is no claim: in the spec what is due may come later in the same instant
            step["expect"] = line.expect
        steps.append(step)
    return steps


def policy_of(policy: Value, model: Model) -> Policy:
    """The model's policy; parameters that the rules do not have are the model's own."""
    if not isinstance(policy, Function):
        raise NotAStory("its policy is no record")
    changes: dict[str, Any] = {str(name): value for name, value in policy.items() if name in parameters()}
    where = f"model {model.id}"
    return policy_from(changes, profile_policy(model.profile, where), where)


def _offered(s: Any) -> int | str:
    """How much the latest offer was of, in the policy's own words where it must be refused."""
    sizes = {"max_message": "max_message + 1", "queue_limit": "queue_limit"}
    return sizes.get(s["refusal"], 1) if s.get("refusal") else s["queue"][-1]["bytes"]


def _at(state: State, *path: str) -> Any:
    value: Any = state
    for name in path:
        value = value[name]
    return value


def acting(before: State, after: State) -> Role:
    """The end whose action it was: the one that remembers something else, or to which less is under way."""
    for role in ROLES:
        was, now = _at(before, "end", role), _at(after, "end", role)
        if was is not now and relative(was) != relative(now):
            return role
    for role in ROLES:
        if any(len(queue) < len(_at(before, "wire", role, name)) for name, queue in _at(after, "wire", role).items()):
            return role
    raise NotAStory("an action that changes neither end nor what is under way")


def relative(record: Any) -> Value:
    """What an end remembers, but for where the numbers of heartbeats begin: those are numbered anew for both ends when
    either does something."""
    if not isinstance(record, Function):
        raise NotAStory("an end is no record")
    changes: dict[Value, Value] = {name: 0 for name in ("beat_seen", "beat_number") if name in record}
    series: Any = record.get("series", {})
    if series.get("first"):
        changes["series"] = Function({**series, "first": 1, "last": series["last"] - series["first"] + 1})
    return Function({**record, **changes}) if changes else record


def taken_by(end: Role, action: str, before: State, after: State) -> Any:
    """The message that the action took; None where it took none."""
    was, now = _at(before, "wire", end), _at(after, "wire", end)
    heads = {queue[0]["kind"]: queue[0] for name, queue in was.items() if len(now[name]) < len(queue)}
    if action == "Close":
        return _closing(heads, _at(before, "end", end))
    return next(iter(heads.values()), None)


def _closing(heads: Mapping[str, Any], state: Any) -> Any:
    """Which message an end closes for. A closed end drops all that is under way to it, whatever it closes for."""
    if state.get("ending"):
        return None
    sealed = {kind: m for kind, m in heads.items() if m.get("seal") != "nobody"}
    gap = "data" in sealed and sealed["data"].get("number", 0) > state.get("delivered_number", 0) + 1
    return sealed.get("close") or (sealed["data"] if gap else None)
