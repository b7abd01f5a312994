"""The committed schemas are those that the code makes, and what we write fits them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from rekeyspec.conformance import log, trace, yamlfile
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.schemas import MADE, text
from rekeyspec.conformance.suite import FOLDER, policy_of, stories


@pytest.mark.parametrize("path", MADE, ids=lambda p: p.name)
def test_a_committed_schema_is_the_one_the_code_makes(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == text(MADE[path]()), "run python -m rekeyspec.conformance.schemas"
    Draft202012Validator.check_schema(MADE[path]())


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_story_fits_the_schema_that_editors_use(path: Path) -> None:
    Draft202012Validator(trace.schema()).validate(yamlfile.read(path).data)


def test_a_log_that_we_write_fits_its_schema() -> None:
    validator = Draft202012Validator(log.schema())
    for one in stories().values():
        policy = policy_of(one)
        case = replay(one, policy, ReferenceTarget())
        for line in log.lines(policy, "reference", 0, case.log):
            validator.validate(json.loads(line))


def test_a_log_line_that_is_none_does_not_fit() -> None:
    validator = Draft202012Validator(log.schema())
    assert not validator.is_valid({"t": 0, "end": "client", "do": "Sleep"})
    assert not validator.is_valid({"t": -1, "end": "client", "do": "Tick"})
    assert not validator.is_valid({"t": 0, "end": "client", "do": "Tick", "note": "x"})
