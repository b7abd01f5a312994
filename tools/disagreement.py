"""A difference between spec and reference in words: the state, the action, and the guard that is true on one side only.

Of the reference the guard is known. The spec is asked: TLC begins in that very state, with conditions that say their
label when they are false (`Req` of `spec/Link.tla`, and what is due there).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.tools.abstraction import PEER
from rekeyspec.tools.bisimulation import Difference
from rekeyspec.tools.checker import Tlc, check
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.composition import Composition
from rekeyspec.tools.graph import State
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.records import Record, Said
from rekeyspec.tools.situation import Situation, Wire

DUTIES: Final = ("KeyDue", "HeartbeatDue", "DataDue", "NoticeDue", "RefusalDue", "EndDue", "SuspicionDue", "MustArrive")
"""What the spec's Tick waits for, by its operators."""

_MARK: Final = "rekeyspec:"
_MODULE: Final = """---- MODULE Asked ----
EXTENDS {module}
LOCAL Output == INSTANCE TLC
Say(words) == Output!PrintT("{mark}" \\o words)
AskedReq(label, condition) ==
  LET holds == IF label \\in Dropped THEN TRUE ELSE IF label \\in Inverted THEN ~condition ELSE condition
  IN  IF holds THEN TRUE ELSE Say(label) /\\ FALSE
AskedInit ==
{state}
  /\\ \\A e \\in End :
{duties}
AskedOf(e) == Say("@" \\o e) /\\ (User(e) \\/ Act(e) \\/ Drop(e) \\/ Attack(e))
AskedNext == AskedOf("client") \\/ AskedOf("server") \\/ Reconnect
Nowhere == link # link
====
"""


def words(found: Difference, composition: Composition, asked: tuple[str, ...] = ()) -> Iterator[str]:
    """A difference, line by line. `asked`: the labels of what the spec holds to be false, or due, in that state."""
    end = _whose(found.at, found.after)
    other = "the reference" if found.side == "spec" else "the spec"
    verb = "allows" if found.side == "spec" else "allows, against the spec,"
    yield f"state {found.state}: {'the spec' if found.side == 'spec' else 'the reference'} {verb} {found.action}" + (
        f" at the {end}" if end else ""
    )
    for role in ROLES:
        yield from _shown(role, found.at)
    if found.at.foe != composition.first().foe:
        yield f"  adversary: {_brief(found.at.foe._asdict())}"
    yield f"  which changes {_changes(found.at, found.after)}"
    for one in found.instead:
        yield f"  where {other} changes {_changes(found.at, one)}"
    if not found.instead:
        why = _refused(found, composition) if found.side == "spec" else _labelled(found, asked)
        yield f"  where {other} has none: {'; '.join(why) or 'no guard says why'}"


def ask(run: TlcRun, tlc: Tlc, state: State, *, timeout: float = 60) -> tuple[str, ...]:
    """The labels of the conditions of the spec that are false in this state, and its duties there, each once.

    Raises ModelError for a spec that has none.
    """
    told = "\n".join(f"  /\\ {name} = {' '.join(text.split())}" for name, text in state.texts.items())
    duties = "\n".join(f'       /\\ IF {duty}(e) THEN Say("Tick: {duty} of the " \\o e) ELSE TRUE' for duty in DUTIES)
    with tempfile.TemporaryDirectory(prefix="rekeyspec-asked-") as folder:
        module, cfg = Path(folder) / "Asked.tla", Path(folder) / "Asked.cfg"
        text = _MODULE.format(module=run.spec.stem, mark=_MARK, state=told, duties=duties)
        module.write_text(text, encoding="utf-8")
        cfg.write_text(_asked_cfg(run.cfg.read_text("utf-8", "replace")), encoding="utf-8")
        once = replace(
            run, spec=module, cfg=cfg, library=(run.spec.parent, *run.library), unjudged=True, deadlock=False
        )
        try:
            printed = check(once, tlc, timeout=timeout).printed
        except ModelError as why:
            printed = why.printed
            if not any(_MARK in line for line in printed):
                raise
    return tuple(dict.fromkeys(_told(printed)))


def _told(printed: Iterable[str]) -> Iterator[str]:
    """What the spec said, with the end of which it was asked."""
    end = ""
    for word in re.findall(rf'"{_MARK}([^"]*)"', "\n".join(printed)):
        if word.startswith("@"):
            end = word[1:]
        else:
            yield word if word.startswith("Tick: ") else f"{end} {word}"


def _asked_cfg(text: str) -> str:
    """The cfg, beginning in the state in question and going no further."""
    text = re.sub(r"(?<!\w)SPECIFICATION\s+\w+", "INIT AskedInit\nNEXT AskedNext", text)
    text = re.sub(r"(?<!\w)(?:ACTION_)?CONSTRAINTS?\s+\w+", "", text)
    return f"{text}\nCONSTANT Req <- AskedReq\nACTION_CONSTRAINT Nowhere\n"


def _refused(found: Difference, composition: Composition) -> list[str]:
    """Why the reference does not do it."""
    if found.action == "Tick":
        return [f"{role}: {due.do} is due by {due.rule}" for role, due in composition.due(found.at)]
    end = _whose(found.at, found.after)
    roles: Iterable[Role] = [end] if end else ROLES
    why = [no for role in roles for no in composition.refused(found.at, role, found.action)]
    return list(dict.fromkeys(f"{no.rule} is false: {no.text}" for no in why))


def _labelled(found: Difference, asked: tuple[str, ...]) -> list[str]:
    """What the spec said about this action at this end."""
    if found.action == "Tick":
        return [one for one in asked if one.startswith("Tick: ")]
    end = _whose(found.at, found.after)
    before = tuple(f"{role} {found.action}: " for role in ([end] if end else ROLES))
    return [f"{one} is false" for one in asked if one.startswith(before)]


def _whose(at: Situation, after: Situation) -> Role | None:
    """The end that became another, or to which less is under way, or at last more; None where both changed, or
    neither."""
    changed = [role for role in ROLES if at.end(role)[0] != after.end(role)[0]]
    if len(changed) == 1:
        return changed[0]
    fewer = [role for role in ROLES if _length(after.end(role)[1]) < _length(at.end(role)[1])]
    more = [role for role in ROLES if _length(after.end(role)[1]) > _length(at.end(role)[1])]
    if len(changed) == 2:
        return None
    return fewer[0] if len(fewer) == 1 else PEER[more[0]] if len(more) == 1 else None


def _length(wire: Wire) -> int:
    return sum(map(len, wire))


def _shown(role: Role, at: Situation) -> Iterator[str]:
    record, wire = at.end(role)
    yield f"  {role}: {_brief(_unlike(record, Record()))}"
    for queue in wire:
        for one in queue:
            yield f"    to the {role}: {_message(one)}"


def _message(one: Said) -> str:
    told = {
        name: value for name, value in one._asdict().items() if value not in (0, "single", "peer") and name != "kind"
    }
    return f"{one.kind} {_brief(told)}".rstrip()


def _changes(at: Situation, after: Situation) -> str:
    """What is different after a step, in words."""
    found = []
    for role in ROLES:
        (was, wire_was), (now, wire) = at.end(role), after.end(role)
        found += [f"{role}.{name} to {value}" for name, value in _unlike(now, was).items()]
        if wire != wire_was:
            under_way = ", ".join(_message(one) for queue in wire for one in queue)
            found.append(f"what is under way to the {role} to <{under_way}>")
    found += [f"adversary.{name} to {value}" for name, value in _unlike(after.foe, at.foe).items()]
    if at.link != after.link:
        found.append(f"link to {after.link}")
    return ", ".join(found) or "nothing"


def _unlike(one: Any, other: Any) -> dict[str, object]:
    return {name: value for name, value in one._asdict().items() if value != getattr(other, name)}


def _brief(values: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())
