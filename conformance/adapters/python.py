"""`python:MODULE:ATTR`: an implementation in Python, in this process.

ATTR is called with the end's role and a dictionary of every policy parameter, and returns an object with a method
`step`, which takes an event as the adapter protocol says it, and returns `{"did": [...], "deadline": ms or None}`. ATTR
may have `unsupported`, a dictionary from rule ids to reasons, `features`, a list of the protocol's words for them, and
(which states that feature by itself) `gateway`, which is called with the parameters and returns what makes a server's
end when it is called with a user's name. Faster than a process, and as trusting as any import: what never returns
cannot be ended from here.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial, reduce
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import msgspec

from rekeyspec.conformance.adapters import wire
from rekeyspec.conformance.adapters.protocol import FEATURES, Feature, RuleId
from rekeyspec.conformance.target import BadInput, Broken, End, Gateway, Reply
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role

_T = TypeVar("_T")

FORM: Final = "python:MODULE:ATTR, as in python:my_package.my_module:MyEnd"


class PythonEnd:
    """One end, wrapped."""

    def __init__(self, name: str, end: object, stated: frozenset[str] = wire.NOTHING) -> None:
        self._name = name
        self._stated = stated
        step = getattr(end, "step", None)
        if not callable(step):
            raise Broken(f"{name}: it made {wire.shown(wire.said(end))}, which has no method `step`")
        self._step: Callable[[dict[str, Any]], object] = step

    def step(self, event: Event) -> Reply:
        """One event. Raises Broken when the implementation raises anything, or returns nonsense."""
        asked = wire.plain(event)
        made = _call(self._name, f"step({asked})", lambda: self._step(asked))
        try:
            return wire.result(made, event, self._stated)
        except Broken as wrong:
            raise Broken(f"{self._name}: {wrong}; it had been given {wire.shown(str(asked))}") from None

    def run(self, events: Sequence[Event]) -> list[Reply]:
        """Many events, one after the other."""
        return [self.step(event) for event in events]

    def close(self) -> None:
        """It is forgotten."""


class PythonTarget:
    """What MODULE:ATTR names, imported with the current folder on the path, as `python -m` would. Raises BadInput when
    there is no such module or attribute, or it is not of use."""

    def __init__(self, where: str) -> None:
        self.name = f"python:{where}"
        self._make = _imported(self.name, where)
        gateway = getattr(self._make, "gateway", None)
        self.gateway = partial(self._gateway, gateway) if callable(gateway) else None
        """A new gateway (GATE-1); None where ATTR makes none."""
        self.unsupported: Mapping[str, str] = self._stated(
            "unsupported", {}, dict[RuleId, str], 'rule ids with reasons, as in {"REKEY-6": "no notices"}'
        )
        features = self._stated("features", [], list[Feature], f"a list of some of {', '.join(FEATURES)}")
        if "gateway" in features and not self.gateway:
            raise BadInput(
                f"{self.name}: its `features` say gateway, but it has no function `gateway`; "
                "add one, or take the word out"
            )
        if "real-clock" in features:
            raise BadInput(
                f"{self.name}: its `features` say real-clock, which is for programs (exec:COMMAND): "
                "what runs in this process is given the time"
            )
        self.features = frozenset(features) | ({"gateway"} if self.gateway else set())
        """What it can do that not every implementation can (`protocol.FEATURES`)."""

    def _stated(self, name: str, otherwise: _T, form: type[_T], expected: str) -> _T:
        """What ATTR says of itself under this name, or else this."""
        stated = getattr(self._make, name, otherwise)
        try:
            return msgspec.convert(stated, form)
        except msgspec.ValidationError as wrong:
            read = wire.shown(wire.said(stated))
            raise BadInput(f"{self.name}: its `{name}` is {read}: {wrong}; expected {expected}") from None

    def open(self, role: Role, policy: Policy) -> End:
        """A new end. Raises Broken when it cannot be made."""
        parameters = asdict(policy)
        return self._end(f"{role!r} and the policy", lambda: self._make(role, parameters))

    def _end(self, given: str, make: Callable[[], object]) -> End:
        return PythonEnd(self.name, _call(self.name, given, make), self.features)

    def _gateway(self, make: Callable[[dict[str, Any]], Callable[[str], object]], policy: Policy) -> Gateway:
        parameters = asdict(policy)
        opens = _call(self.name, "the policy, for a gateway", lambda: make(parameters))
        if not callable(opens):
            raise Broken(f"{self.name}: its `gateway` made {wire.shown(wire.said(opens))}, which cannot be called")
        return lambda user: self._end(f"the user {user!r}", lambda: opens(user))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing was started."""


def _imported(name: str, where: str) -> Callable[[str, dict[str, Any]], object]:
    module_name, colon, attribute = where.partition(":")
    if not (colon and attribute and all(part.isidentifier() for part in module_name.split("."))):
        raise BadInput(f"{name!r} does not say which attribute of which module; expected {FORM}")
    folder = str(Path.cwd())
    if folder not in sys.path and "" not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as wrong:
        if wrong.name and f"{module_name}.".startswith(f"{wrong.name}."):
            raise BadInput(
                f"{name}: there is no module {wrong.name!r}, neither installed nor in {folder}; "
                "install it, or run from the folder that has it"
            ) from None
        raise BadInput(_import_failed(name, module_name, wrong)) from wrong
    except (Exception, SystemExit) as wrong:
        raise BadInput(_import_failed(name, module_name, wrong)) from wrong
    return _attribute(name, module, attribute)


def _attribute(name: str, module: object, attribute: str) -> Callable[[str, dict[str, Any]], object]:
    try:
        found = reduce(getattr, attribute.split("."), module)
    except AttributeError:
        has = [n for n, value in vars(module).items() if callable(value) and not n.startswith("_")]
        known = ", ".join(has) or "nothing that can be called"
        raise BadInput(f"{name}: the module has no attribute {attribute!r}; it has {known}") from None
    if not callable(found):
        raise BadInput(
            f"{name}: {attribute!r} is {wire.shown(wire.said(found))}, which cannot be called; "
            "expected a class or function that takes a role and a policy, and makes an end"
        )
    made: Callable[[str, dict[str, Any]], object] = found
    return made


def _import_failed(name: str, module: str, wrong: BaseException) -> str:
    return f"{name}: importing {module!r} failed with {_last_line(wrong)}; see that `python -c 'import {module}'` works"


def _call(name: str, given: str, act: Callable[[], object]) -> object:
    try:
        return act()
    except (Exception, SystemExit) as wrong:
        raise Broken(f"{name}: it raised {_last_line(wrong)}; it had been given {wire.shown(given)}") from wrong


def _last_line(wrong: BaseException) -> str:
    """The exception, and the line that raised it."""
    words = traceback.format_exception_only(wrong)[-1].strip()
    frames = traceback.extract_tb(wrong.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return wire.shown(words, 400) + place
