"""The example adapter in Rust: it builds without a warning and does all that is asked of the other examples."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from rekeyspec.conformance.adapters.process import ExecTarget
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.suite import policy_of, stories
from tests.examples.test_examples import ADAPTERS, play

SOURCE = ADAPTERS / "link.rs"
pytestmark = pytest.mark.peer("rustc")


def built(source: Path, program: Path, *options: str) -> str:
    """The command that starts what rustc makes of this source."""
    rustc = shutil.which("rustc") or "rustc"
    line = [rustc, "--edition", "2021", *options, "-o", str(program), str(source)]
    found = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
    assert found.returncode == 0, found.stderr
    return shlex.quote(str(program))


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What starts the example, built once for all tests."""
    return built(SOURCE, tmp_path_factory.mktemp("rust") / "link", "-O", "-D", "warnings")


@pytest.mark.parametrize("stepwise", [False, True], ids=["whole", "stepwise"])
def test_the_example_conforms_to_every_story(command: str, stepwise: bool) -> None:
    with ExecTarget(command) as target:
        for trace in stories().values():
            case = replay(trace, policy_of(trace), target, stepwise=stepwise)
            assert case.word == "conforms", f"{trace.name}: {case.word}: {case.reason}"


def test_the_example_keeps_the_rules_in_random_play(command: str) -> None:
    steps = 0
    with ExecTarget(command) as target:
        for seed in range(150):
            game = play(target, seed)
            steps += len(game.log)
            assert game.found is None, f"seed {seed}, {game.role}: {game.found.sentence()}\n{game.policy}\n{game.log}"
    assert steps > 4000


BREAKS = [
    ("HB-2", "// HB-2: from first to first", "; self.heartbeat_at = self.heartbeat_at.map(|at| at + 1);"),
    ("IDLE-1", "let marked = key.marked &&", "let marked = false &&"),
    ("DEAD-5", "self.link = self.link.take().filter(|_| live.is_ok());", "let _ = live;"),
    ("GATE-1", "if (1..=links).contains(&self.policy.links_per_user) =>", "if false =>"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "kept", "broken"), BREAKS, ids=[rule for rule, _, _ in BREAKS])
def test_a_broken_copy_violates_the_rule_that_it_breaks(rule: str, kept: str, broken: str, tmp_path: Path) -> None:
    source = SOURCE.read_text(encoding="utf-8")
    assert source.count(kept) == 1, "the break must be made in one place"
    copy = tmp_path / "link.rs"
    copy.write_text(source.replace(kept, broken), encoding="utf-8")
    with ExecTarget(built(copy, tmp_path / "link", "-A", "warnings")) as target:
        cases = [replay(one, policy_of(one), target) for one in stories().values() if rule in one.rules]
    said = {one.verdict for one in verdicts(cases, {target.name: {}}, [rule]) if one.rule == rule}  # one a profile
    assert "violates" in said, [(case.trace, case.word, case.reason) for case in cases]


BAD = {
    "no JSON": "hello",
    "nothing": "",
    "more than one value": '{"cmd":"hello","protocol":1} {}',
    "no end to its lists": "[" * 100_000,
    "half a character": r'{"cmd":"\ud83d"}',
    "another protocol": '{"cmd":"hello","protocol":2}',
    "an unknown command": '{"cmd":"dance"}',
    "no whole number": '{"cmd":"close","id":1.5}',
    "an end that is not open": '{"cmd":"step","id":7,"event":{"t":0,"do":"Open"}}',
    "no policy": '{"cmd":"open","id":1,"end":"client","policy":{}}',
    "a very long line": '{"cmd":"hello","protocol":1}' + " " * (65 << 20),
}


@pytest.mark.parametrize("line", BAD.values(), ids=BAD)
def test_what_is_no_request_is_one_message_and_the_end(line: str, command: str) -> None:
    found = subprocess.run(
        shlex.split(command), input=f"{line}\n", capture_output=True, text=True, check=False, timeout=60
    )
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("link.rs: ")
    assert found.stderr.count("\n") == 1
    assert len(found.stderr) < 300
