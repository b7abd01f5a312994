"""What a found trace is called, and what it says of itself: by the rule, and by what the end did or left undone.

`found-idle-1-data-after-heartbeat`: by IDLE-1, data was sent after a heartbeat. `found-hb-3-no-reply-after-heartbeat`:
a heartbeat arrived, and no reply was sent. Only words of the rules, so that a failure has the same name anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.explore.fault import Fault
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.target import Target
from rekeyspec.conformance.trace import Step, Trace
from rekeyspec.conformance.verdict import Case, Divergence
from rekeyspec.reference.vocabulary import ENVIRONMENT, Event

_UNREMARKABLE: Final = frozenset({"Tick"})
FIRST: Final = "c1"
"""The first negotiation: to the story it is that the link opened."""
_SOME_RULE: Final = "FLOW-1"
"""What a trace cites that breaks a program before any rule was asked; a trace cites one."""


def cited(fault: Fault) -> list[str]:
    """The rules that its trace asks."""
    return [fault.rule] if fault.rule in rules() else [_SOME_RULE]


def named(trace: Trace, fault: Fault, target: Target) -> Trace:
    """The trace with its name, what it is about, the rules it asks, and a note at the line where it fails."""
    policy = policy_of(trace)
    case = replay(trace, policy, target)
    asks = cited(fault)
    if not fault.rule:
        exercised = replay(trace, policy, ReferenceTarget()).exercised
        asks = [rule for rule in rules() if rule in exercised and rule not in target.unsupported] or asks
    changes: dict[str, Any] = {"name": name(trace, case, fault), "about": about(case, fault), "rules": asks}
    found = case.divergence
    if found is not None and found.step:
        changes["steps"] = _noted(trace.steps, found)
    return msgspec.structs.replace(trace, **changes)


def name(trace: Trace, case: Case, fault: Fault) -> str:
    """Words joined by hyphens."""
    if not fault.rule:  # how far it came is in no log
        last = trace.steps[-1]
        return f"found-broken-after-{last.message.kind if last.message else last.kind or _words(last.do)}"
    did = _words(fault.do)
    what = f"no-{did}" if fault.kind == "not-done" else did
    return f"found-{fault.rule.lower()}-{what}-{_before(case.log, fault.do)}"


def _before(log: Sequence[Event], do: str) -> str:
    """What happened last that the end did not do of its own accord; data that it was offered goes without saying."""
    own = {"SendData": "Offer"}.get(do)
    for event in reversed(log[:-1] if log and log[-1].do == do else log):
        if event.do not in _UNREMARKABLE and event.do != own:
            return f"after-{_event(event)}"
    return "at-first"


def _event(event: Event) -> str:
    if event.message is not None and event.message.negotiation == FIRST:
        return "open"
    if event.do == "Arrive" and event.message is not None:
        return event.message.kind
    return _words(event.do)


def _words(do: str) -> str:
    """`SendData` is `data`; `RefuseStart` is `refuse-start`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", do.removeprefix("Send")).lower()


def about(case: Case, fault: Fault) -> str:
    """The story in a sentence."""
    found = case.divergence
    if found is None:
        return "Found by a search: the target breaks down."
    title = rules()[fault.rule].title if fault.rule in rules() else ""
    if found.kind == "not-done":
        return f"Found by a search: the {found.end} leaves undone what {fault.rule} demands ({title}): {fault.do}."
    why = f"by {fault.rule} ({title}) this is false: {found.guard}"
    return f"Found by a search: the {found.end} does {fault.do}, but {why}."


def _noted(steps: Sequence[Step], found: Divergence) -> list[Step]:
    said = (
        f"{found.rule}: {found.due[0].do} is not done"
        if found.kind == "not-done"
        else f"{found.rule}: {_did(found)} is wrong"
    )
    at = found.step - 1
    return [*steps[:at], msgspec.structs.replace(steps[at], note=said), *steps[at + 1 :]]


def _did(found: Divergence) -> str:
    return found.did.do if found.did is not None and found.did.do not in ENVIRONMENT else "what it does"
