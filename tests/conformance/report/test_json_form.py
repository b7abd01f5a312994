from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from importlib.resources import files

from jsonschema import Draft202012Validator

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.json_form import EVENTS, as_json
from rekeyspec.conformance.verdict import Verdict
from rekeyspec.reference.state import Queued, Series
from rekeyspec.reference.vocabulary import Event

SCHEMA = json.loads(files("rekeyspec.conformance.report").joinpath("report.schema.json").read_text("utf-8"))


def test_the_report_is_what_its_schema_says(report: Report) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(as_json(report))
    Draft202012Validator(SCHEMA).validate(document)
    assert document["schema"] == 3
    assert len(document["verdicts"]) == len(report.verdicts)
    assert {v["verdict"] for v in document["verdicts"]} == {
        "conforms", "violates", "inconclusive", "unsupported", "broken",
    }  # fmt: skip


def test_the_schema_has_the_fields_of_a_verdict() -> None:
    entry = SCHEMA["$defs"]["VerdictForm"]
    assert list(entry["properties"]) == [field.name for field in fields(Verdict)]
    assert entry["required"] == [name for name in entry["properties"] if name != "weakness"]


def test_a_verdict_has_all_its_fields_whatever_their_values(report: Report) -> None:
    for entry, verdict in zip(json.loads(as_json(report))["verdicts"], report.verdicts, strict=True):
        assert entry == asdict(verdict)


def test_a_violation_is_there_in_full(report: Report) -> None:
    idle, _ = json.loads(as_json(report))["violations"]
    assert (idle["target"], idle["rule"], idle["kind"], idle["do"]) == (
        "peer:hasty",
        "IDLE-1",
        "not-allowed",
        "SendData",
    )
    assert (idle["cases"], idle["profiles"]) == (1, {"key-based": 1})
    assert idle["happened"].startswith("Not allowed: at 306 s the client did SendData")
    story = idle["example"]
    assert (story["step"], story["index"], story["t"], story["end"]) == (7, 18, 306_000, "client")
    assert story["due"] == [{"rule": "IDLE-1", "do": "Start", "t": 306_000}]
    assert story["allowed"] == ["Start start, epoch 2, c2", "Close"]
    assert [side["end"] for side in story["sides"]] == ["client", "server"]
    assert story["sides"][0]["state"]["timers"] == {"idle": 305_000, "reply": "none"}
    assert story["log"][18] == {
        "t": 306_000, "end": "client", "do": "SendData",
        "message": {"kind": "data", "epoch": 1, "number": 2, "bytes": 100},
    }  # fmt: skip
    assert story["evidence"] == "logs/hasty.jsonl"


def test_of_a_long_log_the_last_events_are_kept_and_the_others_counted(report: Report) -> None:
    case = report.violations[0].example
    assert case is not None
    assert case.divergence is not None
    tick = Event(0, "client", "Tick")
    long = replace(case, log=(tick,) * 1_000 + case.log, divergence=replace(case.divergence, index=1_018))
    story = json.loads(as_json(Report([], [long], {}, "0")))["violations"][0]["example"]
    assert len(story["log"]) == EVENTS
    assert len(story["log"]) + story["skipped"] == len(long.log)
    assert story["index"] == 1_018


def test_a_state_is_told_with_the_names_of_its_parts(report: Report) -> None:
    case = report.violations[0].example
    assert case is not None
    assert case.divergence is not None
    state = {"series": Series(1, 2, 30), "queue": (Queued(5, 1, 0),), "odd": {1}}
    told = replace(case, divergence=replace(case.divergence, state=state))
    side = json.loads(as_json(Report([], [told], {}, "0")))["violations"][0]["example"]["sides"][0]
    assert side["state"] == {
        "series": {"first": 1, "last": 2, "last_at": 30, "doubtful": False},
        "queue": [{"bytes": 5, "epoch": 1, "idle": 0}],
        "odd": "{1}",
    }


def test_totals_and_coverage_are_there_and_counted_elsewhere_where_somebody_did(report: Report) -> None:
    document = json.loads(as_json(report))
    assert document["totals"]["reference"] == {"conforms": 4}
    assert document["coverage"] == []
    told = replace(report, totals={"reference": {"conforms": 70_000}}, coverage=[{"target": "reference", "rules": []}])
    document = json.loads(as_json(told))
    assert document["totals"] == {"reference": {"conforms": 70_000}}
    assert document["coverage"] == [{"target": "reference", "rules": []}]
    assert document["left_out"]["cases"] > 69_000


def test_one_verdict_stands_on_each_line(report: Report) -> None:
    lines = as_json(report).splitlines()
    assert sum(line.startswith('{"target": ') and '"weakness"' in line for line in lines) == len(report.verdicts)


def test_the_policy_judged_by_is_there_and_where_a_trace_had_its_own(report: Report) -> None:
    document = json.loads(as_json(report))
    assert set(document["policies"]) == {"key-based", "timed"}
    assert document["policies"]["timed"]["age_limit"] == 120_000
    assert document["policies"]["key-based"]["byte_limit"] == 1_048_576
    assert document["changes"] == {"key-based": {"the limit": {"byte_limit": 1000}}}


def test_the_same_run_makes_the_same_bytes(report: Report) -> None:
    again = Report(list(report.verdicts), list(report.cases), report.rules, report.tool)
    assert as_json(again) == as_json(report)
