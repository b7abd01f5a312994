"""A trace as the YAML that is saved: one line for each step, and of each only what is not at its default."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import yaml

from rekeyspec.conformance.trace import Step, Trace

_WIDE: Final = 1 << 20
"""A step stays on its line."""
_ORDER: Final = (
    "at", "after", "end", "link", "do", "kind", "established", "bytes", "times", "message", "expect", "refuse", "shows",
    "note",
)  # fmt: skip
"""A step is read from left to right: when, where, what, and what comes of it."""


def text(trace: Trace) -> str:
    """The file. Reading it gives an equal trace."""
    head = {"trace": trace.trace, "name": trace.name, "about": trace.about, "profile": trace.profile, "end": trace.end}
    lines = [_block(name, value) for name, value in head.items()]
    if trace.policy:
        lines.append(f"policy: {_flow(dict(trace.policy))}")
    if trace.needs:
        lines.append(f"needs: {_flow(dict(trace.needs))}")
    lines.append(f"rules: {_flow(list(trace.rules))}")
    lines.append("steps:")
    lines += [f"- {_flow(plain(step))}" for step in trace.steps]
    return "\n".join(lines) + "\n"


def plain(step: Step) -> dict[str, Any]:
    """A step as a mapping, in the order in which it is read."""
    changed = _changed(step)
    return {name: changed[name] for name in _ORDER if name in changed}


def _changed(form: msgspec.Struct) -> dict[str, Any]:
    """The fields that are not at their default, and of what they hold the same."""
    found = {}
    for one in msgspec.structs.fields(form):
        value = getattr(form, one.name)
        default = one.default_factory() if one.default_factory is not msgspec.NODEFAULT else one.default
        if value != default:
            found[one.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return _changed(value)
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _block(name: str, value: object) -> str:
    return str(yaml.safe_dump({name: value}, allow_unicode=True, width=_WIDE)).rstrip("\n")


def _flow(value: object) -> str:
    made = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=_WIDE)
    return str(made).rstrip("\n")
