"""The Java example: it compiles without a warning, conforms, keeps the rules in random play, and says what it cannot
read."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from rekeyspec.conformance.adapters.process import ExecTarget
from rekeyspec.conformance.adapters.wire import open_end
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.reference.policy import Policy
from tests.examples.test_examples import ADAPTERS, play

LINK = ADAPTERS / "Link.java"
HELLO = '{"cmd":"hello","protocol":1}\n'
LONGEST = 8 << 20  # characters: the longest line that it reads

pytestmark = pytest.mark.peer("javac", "java")


def compiled(source: Path, into: Path) -> str:
    """The command that runs this source's program. Fails with what the compiler said, warnings too."""
    line = ["javac", "-Xlint:all", "-Werror", "-d", str(into), str(source)]
    told = subprocess.run(line, capture_output=True, text=True, check=False, timeout=120)
    assert (told.returncode, told.stderr) == (0, "")
    return f"java -cp {shlex.quote(str(into))} Link"


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> str:
    return compiled(LINK, tmp_path_factory.mktemp("java"))


@pytest.mark.parametrize("stepwise", [False, True], ids=["whole", "stepwise"])
def test_it_conforms_to_every_story(command: str, stepwise: bool) -> None:
    with ExecTarget(command) as target:
        for trace in stories().values():
            case = replay(trace, policy_of(trace), target, stepwise=stepwise)
            assert case.word == "conforms", f"{trace.name}: {case.word}: {case.reason}"


def test_it_keeps_the_rules_in_random_play(command: str) -> None:
    steps = 0
    with ExecTarget(command) as target:
        for seed in range(150):
            game = play(target, seed)
            steps += len(game.log)
            assert game.found is None, f"seed {seed}, {game.role}: {game.found.sentence()}\n{game.policy}\n{game.log}"
    assert steps > 4000


def test_it_runs_from_its_source_alone(tmp_path: Path) -> None:
    copy = tmp_path / "Link.java"
    copy.write_text(LINK.read_text(encoding="utf-8"), encoding="utf-8")
    found = subprocess.run(["java", copy], input=HELLO, capture_output=True, text=True, check=True, timeout=120)
    said = json.loads(found.stdout)
    assert (said["name"], said["protocol"], said["features"]) == ("Link.java", 1, ["gateway"])
    assert not found.stderr


UNREADABLE = [
    ("no JSON", "hello\n", 'line 1: expected in JSON, at column 1, a value, read "hello"'),
    ("half a line", '{"cmd":"hello",', "line 1: expected in JSON, at column 16, a field's name in quotes"),
    ("no whole number", '{"cmd":"close","id":1.5}\n', "line 1: expected in JSON, at column 21, a value"),
    ("too deep", "[" * 200_000 + "\n", "line 1: expected in JSON, at column 101, fewer brackets"),
    ("too long", " " * (LONGEST + 1), f"line 1: expected a line of at most {LONGEST} characters"),
    ("no UTF-8", b'{"cmd":"\xff"}\n', "line 1: expected UTF-8"),
    ("no object", "[1]\n", "line 1: expected an object, read [1]"),
    ("an unknown command", HELLO + '{"cmd":"fly","id":1}\n', "line 2: expected a command, one of hello, open"),
    ("an id that is not open", HELLO + '{"cmd":"close","id":7}\n', "line 2: expected the id of an end that is open"),
    ("no policy", '{"cmd":"open","id":1,"end":"client","policy":{}}\n', 'line 1: expected as "direction" one of both'),
]


@pytest.mark.parametrize(("given", "message"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE])
def test_what_it_cannot_read_ends_it_with_one_message(command: str, given: str | bytes, message: str) -> None:
    line = given.encode() if isinstance(given, str) else given
    found = subprocess.run(shlex.split(command), input=line, capture_output=True, check=False, timeout=60)
    said = found.stderr.decode()
    assert found.returncode == 2
    assert said.startswith(f"Link.java: {message}"), said
    assert said.count("\n") == 1
    assert len(said) < 300


def test_an_unknown_event_ends_it_with_one_message(command: str) -> None:
    given = open_end(1, "client", Policy()) + b'{"cmd":"step","id":1,"event":{"t":0,"do":"Jump"}}\n'
    found = subprocess.run(shlex.split(command), input=given, capture_output=True, check=False, timeout=60)
    assert found.returncode == 2
    assert found.stdout == b'{"id":1}\n'
    assert found.stderr.decode() == (
        'Link.java: line 2: expected an event, one of Open, Offer, Arrive, Tick, Shut, read "Jump"\n'
    )


BREAKS = [
    ("IDLE-1", "boolean marked = p.idleTrigger", "boolean marked = false && p.idleTrigger"),
    ("REKEY-5", "boolean givesWay = role == Role.SERVER", "boolean givesWay = false"),
    ("GATE-1", "return 0 < policy.linksPerUser", "return false && 0 < policy.linksPerUser"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "kept", "broken"), BREAKS, ids=[rule for rule, _, _ in BREAKS])
def test_a_broken_copy_violates_the_rule_that_it_breaks(rule: str, kept: str, broken: str, tmp_path: Path) -> None:
    source = LINK.read_text(encoding="utf-8")
    assert source.count(kept) == 1, "the break must be made in one place"
    copy = tmp_path / "Link.java"
    copy.write_text(source.replace(kept, broken), encoding="utf-8")
    with ExecTarget(compiled(copy, tmp_path)) as target:
        cases = [replay(one, policy_of(one), target) for one in stories().values() if rule in one.rules]
    said = {one.verdict for one in verdicts(cases, {target.name: {}}, [rule]) if one.rule == rule}  # one a profile
    assert "violates" in said, [(case.trace, case.word, case.reason) for case in cases]
