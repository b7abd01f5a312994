from __future__ import annotations

import json
from dataclasses import fields
from importlib.resources import files

from jsonschema import Draft202012Validator

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.json_form import as_json
from rekeyspec.conformance.verdict import Verdict

SCHEMA = json.loads(files("rekeyspec.conformance.report").joinpath("report.schema.json").read_text("utf-8"))


def test_the_report_is_what_its_schema_says(report: Report) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(as_json(report))
    Draft202012Validator(SCHEMA).validate(document)
    assert document["schema"] == 1
    assert len(document["verdicts"]) == len(report.verdicts)
    assert {v["verdict"] for v in document["verdicts"]} == {
        "conforms", "violates", "inconclusive", "unsupported", "broken",
    }  # fmt: skip


def test_the_schema_has_the_fields_of_a_verdict() -> None:
    entry = SCHEMA["$defs"]["verdict"]
    assert entry["required"] == list(entry["properties"]) == [field.name for field in fields(Verdict)]


def test_the_policy_judged_by_is_there_and_where_a_trace_had_its_own(report: Report) -> None:
    document = json.loads(as_json(report))
    assert set(document["policies"]) == {"key-based", "timed"}
    assert document["policies"]["timed"]["age_limit"] == 120_000
    assert document["policies"]["key-based"]["byte_limit"] == 1_048_576
    assert document["changes"] == {"key-based": {"the limit": {"byte_limit": 1000}}}


def test_the_same_run_makes_the_same_bytes(report: Report) -> None:
    again = Report(list(report.verdicts), list(report.cases), report.rules, report.tool)
    assert as_json(again) == as_json(report)
