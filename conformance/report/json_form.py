"""The report for programs: JSON, version 3 (`form.py`, and `report.schema.json` made from it).

One verdict, violation or policy to a line, so that a report can be read, searched and compared line by line too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Final

from rekeyspec.conformance.log import row
from rekeyspec.conformance.report import world
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.form import VERSION
from rekeyspec.conformance.report.keep import Keep, chosen, cut, fitted, left_out
from rekeyspec.conformance.report.sides import sides
from rekeyspec.conformance.report.telling import Telling, telling
from rekeyspec.conformance.verdict import Case, Divergence, Verdict

EVENTS: Final = 400
"""So many events of one story's log are kept, the last ones up to `AFTER` behind the divergence."""
AFTER: Final = 10


def as_json(report: Report) -> str:
    """The whole report as one JSON document. The same run gives the same bytes."""
    return fitted(lambda keep: _document(report, keep))


def _document(report: Report, keep: Keep) -> str:
    parts = {
        "schema": json.dumps(VERSION),
        "tool": json.dumps(report.tool),
        "policies": _object(report.policies),
        "changes": _object(report.told_changes),
        "totals": _object(report.totals),
        "verdicts": _list(_verdict(verdict, keep) for verdict in report.verdicts),
        "violations": _list(_violations(report, keep)),
        "left_out": json.dumps(left_out(report, keep)),
        "coverage": _list(report.coverage),
    }
    if report.occasion is not None:
        parts["occasion"] = _line(asdict(report.occasion))
        parts["programs"] = _list(map(world.program, report.programs))
        parts["experiments"] = _list(
            world.experiment(case, whole=bool(keep.stories)) for case in world.trials(report.cases)
        )
    whole = "{\n" + ",\n".join(f'"{name}": {text}' for name, text in parts.items()) + "\n}\n"
    # Bytes of a name that are no UTF-8 are shown, as in every form; as half a character no reader would take them.
    return re.sub("[\ud800-\udfff]", lambda found: f"\\\\u{ord(found[0]):04x}", whole)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_foreign)


def _foreign(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _list(values: Iterable[object]) -> str:
    lines = [_line(value) for value in values]
    return "[\n" + ",\n".join(lines) + "\n]" if lines else "[]"


def _object(values: Mapping[str, object]) -> str:
    lines = [f"{_line(name)}: {_line(value)}" for name, value in values.items()]
    return "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"


def _verdict(verdict: Verdict, keep: Keep) -> dict[str, object]:
    whole = asdict(verdict)
    whole |= {name: cut(whole[name], keep.text) for name in ("reason", "detail", "weakness")}
    if verdict.verdict == "conforms" and not keep.passes:
        whole |= {"detail": "", "replay": ""}
    return whole


def _violations(report: Report, keep: Keep) -> Iterator[dict[str, object]]:
    picked = chosen(report, keep)
    for number in sorted(picked.told):
        one = report.violations[number]
        told = telling(report, one, keep.text)
        found: dict[str, object] = {"target": one.target, "rule": one.rule, "kind": one.way.kind, "do": one.way.do}
        found |= {"cases": one.cases, "profiles": dict(one.profiles), "happened": told.happened}
        found |= {"culprit": told.culprit} if told.culprit else {}
        if one.others:
            found["others"] = list(one.others)
        if told.case is not None:
            found["example"] = _story(told, told.case, whole=number in picked.in_full)
        yield found


def _story(told: Telling, case: Case, *, whole: bool) -> dict[str, object]:
    story: dict[str, object] = {"profile": case.profile, "trace": case.trace, "replay": case.replay}
    story["changes"] = dict(told.changed)
    if case.divergence is not None:
        story |= _divergence(case.divergence)
    if whole:
        end = min(len(case.log), (case.divergence.index if case.divergence else len(case.log)) + AFTER)
        story["sides"] = [{"end": s.end, "how": s.how, "state": _plain(s.state)} for s in sides(case)]
        story["log"] = [row(event) for event in case.log[max(0, end - EVENTS) : end]]
        if end > EVENTS:
            story["skipped"] = end - EVENTS
    if case.evidence:
        story["evidence"] = case.evidence
    return story


def _divergence(found: Divergence) -> dict[str, object]:
    return {
        "step": found.step,
        "index": found.index,
        "t": found.t,
        "end": found.end,
        "guard": found.guard,
        "also": list(found.also),
        "allowed": list(found.allowed),
        "due": [asdict(due) for due in found.due],
    }


def _plain(value: object) -> object:
    """A state's part as JSON has it: what has named fields keeps their names."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
