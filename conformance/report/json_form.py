"""The report for programs: JSON, schema 1 (`report.schema.json` beside this file)."""

from __future__ import annotations

import json
from dataclasses import asdict

from rekeyspec.conformance.report.contents import Report


def as_json(report: Report) -> str:
    """The whole report as one JSON document. The same run gives the same bytes."""
    document = {
        "schema": 1,
        "tool": report.tool,
        "policies": report.policies,
        "changes": report.changes,
        "verdicts": [asdict(verdict) for verdict in report.verdicts],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
