"""What a line of a story says must happen, against what did.

The oracle judges; this only tells whether the target is still on the story's path. It may leave it where the rules
leave a choice, and is then not wrong, but the story no longer shows what it was told for."""

from __future__ import annotations

from collections.abc import Sequence

from rekeyspec.conformance.amounts import amount
from rekeyspec.conformance.trace import ActionForm, Step
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

_FIELDS = ("epoch", "number", "session", "bytes", "channel", "sealed_by")


def differs(step: Step, did: Sequence[Event], policy: Policy) -> str:
    """How it differs, in words; empty where it does not, or where the line says nothing of it."""
    if step.expect is None:
        return ""
    said = [wanted if isinstance(wanted, str) else wanted.do for wanted in step.expect]
    names = [event.do for event in did]
    if names != said:
        return f"it did {', '.join(names) or 'nothing'} where the story says {', '.join(said) or 'nothing'}"
    for wanted, event in zip(step.expect, did, strict=True):
        if isinstance(wanted, ActionForm):
            for name in _FIELDS:
                value, was = getattr(wanted, name), getattr(event.message, name, None)
                if value is not None and was != (amount(value, policy) if name == "bytes" else value):
                    return f"{event.do} has {name} {was!r}, where the story says {value!r}"
    return ""
