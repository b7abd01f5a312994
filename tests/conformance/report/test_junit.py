from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.junit import as_junit


def cases_of(report: Report) -> dict[tuple[str, str], ET.Element]:
    suites = ET.fromstring(as_junit(report).encode())
    return {(suite.attrib["name"], case.attrib["name"]): case for suite in suites for case in suite.findall("testcase")}


def test_a_suite_for_each_target_and_profile_with_a_case_for_each_rule(report: Report) -> None:
    suites = ET.fromstring(as_junit(report).encode())
    assert suites.tag == "testsuites"
    names = [suite.attrib["name"] for suite in suites]
    assert names[:2] == ["reference under key-based", "reference under timed"]
    assert len(names) == len({(v.target, v.profile) for v in report.verdicts})
    assert len(cases_of(report)) == len(report.verdicts)


def test_the_counts_are_those_of_the_cases(report: Report) -> None:
    suites = ET.fromstring(as_junit(report).encode())
    assert suites.attrib["failures"] == "2"
    assert suites.attrib["errors"] == "1"
    for counted, within in [(suites, ".//"), *((suite, "./") for suite in suites)]:
        assert int(counted.attrib["tests"]) == len(counted.findall(within + "testcase"))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(counted.attrib[attribute]) == len(counted.findall(f"{within}testcase/{tag}"))


def test_each_word_has_its_outcome(report: Report) -> None:
    found = cases_of(report)
    passed = found["reference under key-based", "EST-1 No data before a key"]
    assert passed.find("failure") is passed.find("error") is passed.find("skipped") is None
    failure = found["peer:hasty under key-based", "IDLE-1 A new key after idleness"].find("failure")
    assert failure is not None
    assert failure.text is not None
    assert "SendData" in failure.text
    assert "replay: rekeyspec replay" in failure.text
    skipped = found["peer:hasty under timed", "BYTE-3 The limit"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "inconclusive: not the same twice"


def test_control_characters_in_names_and_reasons_are_shown(report: Report) -> None:
    text = as_junit(report)
    assert r"\x1b[31m" in text
    assert r"\x00" in text
    assert "\x1b" not in text
    broken = next(case.find("error") for case in cases_of(report).values() if case.find("error") is not None)
    assert broken is not None
    assert "<b>" in broken.attrib["message"]


def test_the_policy_is_among_the_properties(report: Report) -> None:
    suite = ET.fromstring(as_junit(report).encode())[0]
    properties = {p.attrib["name"]: p.attrib["value"] for p in suite.findall("properties/property")}
    assert properties["policy.byte_limit"] == "1048576"


def test_a_violation_has_its_story_in_words(report: Report) -> None:
    failure = cases_of(report)["peer:hasty under key-based", "IDLE-1 A new key after idleness"].find("failure")
    assert failure is not None
    assert failure.text is not None
    lines = failure.text.splitlines()
    assert lines[0].startswith("Not allowed: at 306 s the client did SendData (sends data")
    assert "due: Start (starts a negotiation of a new key) by IDLE-1" in lines
    assert "allowed: Start start, epoch 2, c2" in lines


def test_how_many_other_cases_show_it_is_said(report: Report) -> None:
    again = [replace(case, trace=f"{case.trace} {n}") for n in range(3) for case in report.cases]
    text = as_junit(Report(report.verdicts, [*report.cases, *again], report.rules, "0"))
    assert "Seen in 4 cases (key-based 4); this is the shortest." in text
    assert f"<!-- cases that are counted, and not told one by one: {4 * len(report.cases) - 9} -->" in text
    ET.fromstring(text.encode())
