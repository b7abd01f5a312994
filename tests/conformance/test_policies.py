from __future__ import annotations

import json
from dataclasses import asdict, fields
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.policies import (
    parameter_kinds,
    policy_from,
    policy_named,
    policy_schema,
    profile_stories,
    profiles,
    validate,
)
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import read
from rekeyspec.reference.policy import Policy

NAMES = ["timed", "byte-count", "key-based", "protected-keepalive", "messaging", "combined"]


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return str(path)


def test_the_profiles() -> None:
    assert list(profiles()) == NAMES
    assert profiles()["timed"] == Policy(age_limit=120_000, age_trigger="timer", rekey_initiator="client")
    assert profiles()["key-based"].idle_period == profiles()["key-based"].rekey_idle == 300_000
    assert profiles()["protected-keepalive"].idle_period == 60_000
    assert profiles()["messaging"].byte_floor == 32_768


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_validates_and_says_only_what_differs(name: str) -> None:
    validate(profiles()[name])
    story = profile_stories()[name]
    defaults = {f.name: f.default for f in fields(Policy)}
    same = {key for key, value in story.differs.items() if value == defaults[key]}
    # where the source itself decides for what is our default, the profile says so
    assert same <= {"on_missed_reply", "heartbeat_protection"}
    assert story.title
    assert story.about
    assert story.source


def test_a_name_or_a_file(tmp_path: Path) -> None:
    assert policy_named("timed") == ("timed", profiles()["timed"])
    path = written(tmp_path, "policy: 0\nprofile: combined\nparameters:\n  grace: 40000\n  session_cache: on\n")
    name, policy = policy_named(path)
    assert name == "mine"
    assert policy == profiles()["combined"].but(grace=40_000, session_cache="on")
    assert policy_named(written(tmp_path, "policy: 0\n")) == ("mine", Policy())


def test_what_follows_the_idle_period_follows_it_still(tmp_path: Path) -> None:
    _, policy = policy_named(written(tmp_path, "policy: 0\nprofile: messaging\nparameters: {idle_period: 60000}"))
    assert policy.idle_period == policy.heartbeat_interval == policy.rekey_idle == 60_000


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("profile: timed", ":1:1: ", "no key `policy`"),
        ("policy: 1", ":1:9: ", "`policy: 1`, expected `policy: 0`"),
        ("policy: false", ":1:9: ", "expected `policy: 0`"),
        ("policy: 0\nprofil: timed", ":2:1: ", "did you mean profile?"),
        ("policy: 0\nprofile: combind", ":2:10: ", "did you mean combined?"),
        ("policy: 0\nparameters: [grace]", ":2:13: ", "expected a mapping"),
        ("policy: 0\nparameters:\n  grac: 1", ":3:9: ", "did you mean grace?"),
        ("policy: 0\nparameters:\n  grace: -1", ":3:10: ", "`grace: -1`, expected an integer from 0"),
        ("policy: 0\nparameters:\n  grace: 1.5", ":3:10: ", "`grace: 1.5`"),
        ("policy: 0\nparameters:\n  grace: soon", ":3:10: ", "`grace: soon`"),
        ("policy: 0\nparameters:\n  retries: true", ":3:12: ", "`retries: True`"),
        ("policy: 0\nparameters:\n  byte_limit: 9007199254740993", ":3:15: ", "to 9007199254740992"),
        ("policy: 0\nparameters:\n  idle_period: -1", ":3:16: ", "`idle_period: -1`"),
        ("policy: 0\nparameters:\n  heartbeat_interval: -2", ":3:23: ", "or -1 for that of idle_period"),
        ("policy: 0\nparameters:\n  channels: 3", ":3:13: ", "one of 1, 2"),
        ("policy: 0\nparameters:\n  channels: true", ":3:13: ", "one of 1, 2"),
        ("policy: 0\nparameters:\n  session_cache: true", ":3:18: ", "one of off, on"),
        ("policy: 0\nparameters:\n  on_spoof: []", ":3:13: ", "one of close, discard"),
        ("policy: 0\nparameters:\n  idle_trigger: heartbeats", ":3:17: ", "did you mean heartbeat?"),
        ("policy: 0\nprofile: combined\nparameters:\n  grace: 100", ": ", "DEAD-3"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, place: str, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        policy_named(path)
    assert str(caught.value).startswith(path + place), caught.value
    assert words in str(caught.value)


def test_a_contradiction_is_shown_with_its_arithmetic(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"3 \* 10000 \+ 2 \* 2000 = 34000 ms, which must be less than grace 34000"):
        policy_named(written(tmp_path, "policy: 0\nprofile: combined\nparameters:\n  grace: 34000"))


@pytest.mark.parametrize(
    ("name", "words"), [("combind", "did you mean combined?"), ("x/y", "No such file"), ("y.yaml", "No such file")]
)
def test_neither_a_profile_nor_a_file(name: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        policy_named(name)
    assert words in str(caught.value)


def test_a_trace_may_contradict_itself_but_not_the_schema() -> None:
    assert policy_from({"grace": 0}, profiles()["combined"], "T:1:1").grace == 0
    with pytest.raises(BadInput, match=r"^T:1:1: read `grace: None`"):
        policy_from({"grace": None}, Policy(), "T:1:1")
    with pytest.raises(BadInput, match=r"^at grac: read the parameter 'grac'"):
        policy_from({"grac": 1}, Policy(), lambda name: f"at {name}")


def test_the_schema_is_not_stale() -> None:
    committed = json.loads(files("rekeyspec.spec").joinpath("policy.schema.json").read_text(encoding="utf-8"))
    assert committed == policy_schema(), "write it again: json.dumps(policy_schema(), indent=2)"


SCHEMA = jsonschema.Draft202012Validator(policy_schema())
ANYTHING = st.one_of(st.integers(-3, 3), st.booleans(), st.sampled_from(["on", "any", "client", "protected", "1"]))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(policy_schema())


@given(st.dictionaries(st.sampled_from([*parameter_kinds(), "gracious"]), ANYTHING, max_size=3))
def test_the_schema_allows_what_the_reader_allows(changes: dict[str, object]) -> None:
    try:
        policy_from(changes, Policy(), "here")
        accepted = True
    except BadInput:
        accepted = False
    assert SCHEMA.is_valid({"policy": 0, "parameters": changes}) == accepted


@given(st.sampled_from(NAMES))
def test_a_whole_policy_is_read_as_it_was(name: str) -> None:
    policy = profiles()[name]
    assert policy_from(asdict(policy), Policy(), "here") == policy


def test_the_profiles_file_is_within_the_reader(tmp_path: Path) -> None:
    document = read(str(files("rekeyspec.spec").joinpath("profiles.yaml")))
    assert list(document.data) == ["profiles"]
