"""The pytest plugin, as its users run it: pytest in a folder of its own, with the options and nothing else.

Where the package is installed pytest finds the plugin by its entry point; here it is named (`-p`) and the finding is
switched off, so that the tests are the same in any environment. One test goes the whole way by the entry point.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

# Here, and not in a run: what a run in this process is the first to import is forgotten after it, which parsers in C
# do not survive.
from rekeyspec.conformance import pytest_items
from rekeyspec.conformance.check import check

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = "rekeyspec.conformance.pytest_plugin"
EXAMPLE = ROOT / "examples" / "adapters" / "link.py"

LAZY = """
class End:
    unsupported = {"CHAN-1": "one channel only"}
    def __init__(self, end, policy): pass
    def step(self, event): return {"did": [], "deadline": None}
"""
CRASHES = """
class End:
    def __init__(self, end, policy):
        with open("opened", "a") as file: file.write("x")
    def step(self, event): raise RuntimeError("out of luck")
"""
ONE = "EST-4[est-never-answered]"

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(lazy_end=LAZY, crashing_end=CRASHES)

    def pytest_with(*options: str) -> pytest.RunResult:
        strict = ("--strict-markers", "--strict-config", "-W", "error")
        return pytester.runpytest_inprocess("-p", PLUGIN, *strict, *options)

    return pytest_with


def logged(pytester: pytest.Pytester) -> str:
    """A conforming program that writes down each life of it."""
    script = f"echo $$ >> {pytester.path}/lives; exec {sys.executable} {EXAMPLE}"
    return f"exec:sh -c {shlex.quote(script)}"


def test_a_test_for_each_rule_and_trace_and_no_file_of_the_users(run: Run) -> None:
    result = run("--rekeyspec-target=reference", "--rekeyspec-profile=key-based", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["rekeyspec::reference::IDLE-1[[]idle-then-data]"])
    assert result.ret == 0
    ids = [line for line in result.outlines if line.startswith("rekeyspec::")]
    assert len(ids) == len(set(ids)) > 26


def test_a_trace_told_under_two_policies_has_two_names(run: Run) -> None:
    result = run(
        "--rekeyspec-target=reference", "--rekeyspec-suite=hand", "--collect-only", "-q", "-k", "idle-then-data"
    )
    assert {line.rpartition("::")[2] for line in result.outlines if "IDLE-1" in line} >= {
        "IDLE-1[idle-then-data]",
        "IDLE-1[idle-then-data:combined]",
    }


def test_the_reference_passes(run: Run) -> None:
    run("--rekeyspec-target=reference", "--rekeyspec-profile=combined").assert_outcomes(passed=51)


def test_a_violation_is_told_whole(run: Run) -> None:
    result = run("--rekeyspec-target=python:lazy_end:End", "--rekeyspec-profile=key-based", "-k", ONE)
    assert result.parseoutcomes()["failed"] == 1
    assert "passed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(
        [
            "violates: EST-4: at * the client had not done what was due: Start (by EST-4) at 0 ms",
            "est-never-answered on python:lazy_end:End, judged by key-based",
            "*EST-4 (*",
            "*due: Start by EST-4, at 0 s",
            "again: rekeyspec replay est-never-answered python:lazy_end:End",
            f"FAILED rekeyspec::python:lazy_end:End::{ONE.replace('[', '[[]')} - violates: *",
        ]
    )


def test_what_was_stated_and_what_was_not_reached_are_skipped_with_the_reason(run: Run) -> None:
    result = run("--rekeyspec-target=python:lazy_end:End", "--rekeyspec-suite=hand", "-rs")
    result.stdout.fnmatch_lines(["SKIPPED *: unsupported: *one channel only"])
    result.stdout.fnmatch_lines(["SKIPPED *: inconclusive: not reached: *"])
    assert result.ret == 1


def test_no_violation_passes_unseen_where_the_rule_is_not_cited(run: Run, pytester: pytest.Pytester) -> None:
    # It does nothing at all, so no trace that was told to it can leave it without a failure.
    counts = run("--rekeyspec-target=python:lazy_end:End", "--rekeyspec-profile=key-based", "-rA")
    ended: dict[str, set[str]] = {}
    for line in counts.outlines:
        word, _, rest = line.partition(" ")
        if word in ("PASSED", "FAILED") and "[" in rest:
            ended.setdefault(rest.split("[")[1].split("]")[0], set()).add(word)
    cases = check(["python:lazy_end:End"], "key-based", pytester.path, lambda *_: None).report.cases
    wrong = {case.trace for case in cases if case.word == "violates"}
    assert wrong == {trace for trace, words in ended.items() if "FAILED" in words}


def test_a_broken_target_fails_and_says_so_and_is_given_up(run: Run, pytester: pytest.Pytester) -> None:
    result = run("--rekeyspec-target=python:crashing_end:End", "--rekeyspec-profile=key-based")
    result.stdout.fnmatch_lines(["broken: *RuntimeError: out of luck*", "again: rekeyspec replay *"])
    result.stdout.fnmatch_lines(["broken: not tried: the target was broken 3 times in a row"])
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"failed"}
    assert (pytester.path / "opened").read_text() in ("xxx", "xxxx")  # one of the traces may open both ends


def test_a_program_that_does_not_greet_is_broken(run: Run) -> None:
    result = run("--rekeyspec-target=exec:/no/such/program", "--rekeyspec-profile=combined", "-x")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["broken: exec:/no/such/program: *"])


def test_a_program_is_started_once_and_reaped(run: Run, pytester: pytest.Pytester) -> None:
    result = run(f"--rekeyspec-target={logged(pytester)}", "--rekeyspec-profile=key-based", "-k", "idle or dead")
    assert result.ret == 0
    assert result.parseoutcomes()["passed"] > 10
    (pid,) = (pytester.path / "lives").read_text().split()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_a_trace_is_told_once_for_all_its_rules(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    tell = pytest_items.tell
    monkeypatch.setattr(pytest_items, "tell", lambda one, *rest: told.append(one.trace.name) or tell(one, *rest))
    result = run("--rekeyspec-target=reference", "--rekeyspec-profile=combined")
    result.assert_outcomes(passed=51)
    assert len(told) == len(set(told)) < 51


def test_several_targets_each_by_its_name(run: Run) -> None:
    both = ("--rekeyspec-target=reference", "--rekeyspec-target=python:lazy_end:End")
    result = run(*both, "--rekeyspec-profile=key-based", "-k", ONE, "-v")
    shown = ONE.replace("[", "[[]")
    result.stdout.fnmatch_lines([f"*reference::{shown} PASSED*", f"*python:lazy_end:End::{shown} FAILED*"])


def test_a_pair_is_told_what_has_two_ends(run: Run) -> None:
    result = run("--rekeyspec-target=pair:reference reference", "--rekeyspec-profile=key-based")
    assert result.ret == 0
    assert set(result.parseoutcomes()) == {"passed"}


def test_x_stops_at_the_first_failure(run: Run) -> None:
    result = run("--rekeyspec-target=python:lazy_end:End", "--rekeyspec-profile=key-based", "-x")
    assert result.parseoutcomes()["failed"] == 1


def test_the_users_own_tests_run_too_and_a_marker_leaves_them_out(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_own="def test_own(): pass")
    options = ("--rekeyspec-target=reference", "--rekeyspec-profile=combined")
    run(*options).assert_outcomes(passed=52)
    run(*options, "-m", "rekeyspec").assert_outcomes(passed=51, deselected=1)


def test_the_settings_say_the_same_and_the_command_line_more(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nrekeyspec_target =\n    reference\nrekeyspec_profile = combined\n")
    run().assert_outcomes(passed=51)
    result = run("--rekeyspec-profile=key-based", "-k", ONE)
    assert result.parseoutcomes()["passed"] == 1
    pytester.makeini("[pytest]\nrekeyspec_target =\n    reference\nrekeyspec_suite =\n    hand\n    nonsense\n")
    assert run().ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rekeyspec-target=nonsense"], "*'nonsense' is no target*"),
        (["--rekeyspec-target=python:no_such:End"], "*there is no module 'no_such'*"),
        (["--rekeyspec-target=peer:asyncssh"], "*run `rekeyspec check peer:asyncssh`*"),
        (["--rekeyspec-target=reference", "--rekeyspec-profile=combine"], "*did you mean combined?*"),
        (["--rekeyspec-target=reference", "--rekeyspec-suite=nowhere"], "*`nowhere`, which is no folder*"),
        (["--rekeyspec-profile=combined"], "*read no --rekeyspec-target beside it*"),
        (["--rekeyspec-suite=hand"], "*read no --rekeyspec-target beside it*"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value).replace("--rekeyspec-", ""),
)
def test_bad_input_is_one_message(run: Run, options: list[str], message: str) -> None:
    result = run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_junit_has_the_sentence(run: Run, pytester: pytest.Pytester) -> None:
    run("--rekeyspec-target=python:lazy_end:End", "--rekeyspec-profile=key-based", "-k", ONE, "--junit-xml=out.xml")
    (case,) = ET.parse(pytester.path / "out.xml").iter("testcase")
    assert case.get("name") == ONE
    (failure,) = case.iter("failure")
    assert "EST-4: at" in (failure.get("message") or "")
    assert "again: rekeyspec replay" in (failure.text or "")


def test_without_a_target_nothing_is_imported_or_collected(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_own="""
        import sys
        def test_own():
            ours = {name for name in sys.modules if name.startswith("rekeyspec")}
            assert ours == {"rekeyspec", "rekeyspec.conformance", "rekeyspec.conformance.pytest_plugin"}
            assert not {"yaml", "msgspec", "typer", "rich", "hypothesis"} & set(sys.modules)
        """
    )
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", PLUGIN, "-q", "--strict-markers", "--strict-config"]
    done = subprocess.run(command, cwd=pytester.path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "rekeyspec" not in done.stdout


def test_pytest_finds_it_by_its_entry_point(pytester: pytest.Pytester) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = pytester.mkdir("installed") / "rekeyspec_here-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rekeyspec-here\nVersion: 0\n")
    listed = [f"{name} = {module}" for name, module in project["entry-points"]["pytest11"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[pytest11]", *listed, ""]))
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_DISABLE_PLUGIN_AUTOLOAD"}
    environment["PYTHONPATH"] = str(info.parent)
    command = [sys.executable, "-m", "pytest", "--rekeyspec-target=reference", "--rekeyspec-profile=combined", "-q"]
    done = subprocess.run(command, cwd=pytester.path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "51 passed" in done.stdout
    off = subprocess.run(
        [*command, "-p", "no:rekeyspec"],
        cwd=pytester.path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "unrecognized arguments: --rekeyspec-target" in off.stderr


def test_the_projects_own_run_is_not_disturbed(request: pytest.FixtureRequest) -> None:
    assert not [item for item in request.session.items if item.nodeid.startswith("rekeyspec::")]
    assert not request.config.pluginmanager.hasplugin("rekeyspec-judging")
