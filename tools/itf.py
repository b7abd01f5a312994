"""Behaviours in Apalache's Informal Trace Format, JSON that other TLA+ tools read (`NAME.itf.json`).

A loop is at its first state, counted from 0; a behaviour in which nothing happens any more loops at its last. Each
state's `#meta` has its action and where that is, which the format leaves free. TLC prints sequences and tuples alike,
and records like functions of strings: a sequence of things of one kind is a list here, of several kinds a tuple, and a
function whose domain is strings a record. A model value is written as Apalache writes one of an uninterpreted type,
`a_OF_MODEL`, and what TLC prints only where a spec makes it, as its text.

Source: https://apalache-mc.org/docs/adr/015adr-trace.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.output import INITIAL, Behaviour, State
from rekeyspec.tools.places import Place
from rekeyspec.tools.values import Function, ModelValue, NotAValue, Value, order, parse, text

DESCRIPTION: Final = "https://apalache-mc.org/docs/adr/015adr-trace.html"
_MODEL: Final = "_OF_MODEL"


def to_itf(behaviour: Behaviour, *, source: str, about: str) -> dict[str, Any]:
    """The behaviour as a JSON object. `source` names the spec's file, `about` says what the behaviour is."""
    meta = {"format": "ITF", "format-description": DESCRIPTION, "source": source, "description": about}
    names = list(behaviour.states[0].variables) if behaviour.states else []
    whole: dict[str, Any] = {"#meta": meta, "vars": names}
    whole["states"] = [_state(index, state) for index, state in enumerate(behaviour.states)]
    if behaviour.back_to:
        whole["loop"] = behaviour.back_to - 1
    elif behaviour.stutters:
        whole["loop"] = len(behaviour.states) - 1
    return whole


def dumped(itf: Mapping[str, Any]) -> str:
    """The text of a file in this format."""
    return json.dumps(itf, indent=1, ensure_ascii=False) + "\n"


def read(path: Path) -> Behaviour:
    """The behaviour in a file, whoever wrote it. Raises BadInput."""
    try:
        return from_itf(json.loads(path.read_text(encoding="utf-8")))
    except OSError as why:
        raise BadInput(f"{path}: read nothing ({why.strerror}), expected a trace in ITF; correct the path") from None
    except (ValueError, TypeError, RecursionError) as why:
        raise BadInput(f"{path}: {why}; expected a trace in ITF, see {DESCRIPTION}") from None


def from_itf(itf: object) -> Behaviour:
    """The behaviour that a JSON object is. Raises ValueError or TypeError, which say what is wrong."""
    names = _list(itf, "vars", "the trace")
    found = []
    for index, state in enumerate(_list(itf, "states", "the trace")):
        values = {str(name): _text_of(_member(state, name, f"state {index}")) for name in names}
        found.append(State(index + 1, *_action(state, index), values))
    loop = itf.get("loop") if isinstance(itf, dict) else None
    if loop is not None and loop not in range(len(found)):
        raise ValueError(f"read the loop {loop!r}, expected the index of a state")
    if loop is not None and loop == len(found) - 1:
        return Behaviour(tuple(found), stutters=True)
    return Behaviour(tuple(found), back_to=0 if loop is None else loop + 1)


def _state(index: int, state: State) -> dict[str, Any]:
    meta: dict[str, Any] = {"index": index, "action": state.action}
    if state.place:
        meta["place"] = {"module": state.place.module, "line": state.place.line}
    return {"#meta": meta} | {name: _expression(said) for name, said in state.variables.items()}


def _expression(said: str) -> Any:
    try:
        return _plain(parse(said))
    except NotAValue:
        return {"#unserializable": said}


def _plain(value: Value) -> Any:
    match value:
        case bool() | str():
            return value
        case int():
            return {"#bigint": str(value)}
        case ModelValue():
            return value.name + _MODEL
        case tuple():
            items = [_plain(item) for item in value]
            return items if len({type(item) for item in value}) <= 1 else {"#tup": items}
        case frozenset():
            return {"#set": [_plain(item) for item in sorted(value, key=order)]}
        case Function():
            if all(isinstance(key, str) and not key.startswith("#") for key in value):
                return {str(key): _plain(item) for key, item in value.items()}
            return {"#map": [[_plain(key), _plain(value[key])] for key in sorted(value, key=order)]}


def _text_of(expression: object) -> str:
    if isinstance(expression, dict) and "#unserializable" in expression:
        return str(expression["#unserializable"])
    return text(_value(expression))


def _value(expression: object) -> Value:
    match expression:
        case bool() | int():
            return expression
        case str():
            named = expression.endswith(_MODEL)
            return ModelValue(expression.removesuffix(_MODEL)) if named else expression
        case list():
            return tuple(map(_value, expression))
        case dict():
            return _object(expression)
        case _:
            raise ValueError(f"read {expression!r}, expected an expression")


def _object(expression: Mapping[str, object]) -> Value:
    (sign, inside) = next(iter(expression.items())) if len(expression) == 1 else ("", None)
    if not sign.startswith("#"):
        return Function({name: _value(item) for name, item in expression.items()})
    if sign == "#bigint":
        return int(str(inside))
    made: Mapping[str, Callable[[Sequence[Any]], Value]] = {
        "#tup": lambda items: tuple(map(_value, items)),
        "#set": lambda items: frozenset(map(_value, items)),
        "#map": lambda pairs: Function({_value(key): _value(item) for key, item in pairs}),
    }
    if sign not in made or not isinstance(inside, list):
        raise ValueError(f"read {json.dumps(expression)[:60]}, expected an expression")
    return made[sign](inside)


def _action(state: object, index: int) -> tuple[str, Place | None]:
    meta = state.get("#meta") if isinstance(state, dict) else None
    meta = meta if isinstance(meta, dict) else {}
    place = meta.get("place")
    where = Place(str(place.get("module", "")), int(place.get("line", 0))) if isinstance(place, dict) else None
    return str(meta.get("action", "" if index else INITIAL)), where


def _list(whole: object, name: str, where: str) -> list[Any]:
    found = _member(whole, name, where)
    if not isinstance(found, list):
        raise ValueError(f"read {name} that is no list in {where}, expected one")
    return found


def _member(whole: object, name: object, where: str) -> Any:
    if not isinstance(whole, dict) or name not in whole:
        raise ValueError(f"read no {name} in {where}")
    return whole[name]
