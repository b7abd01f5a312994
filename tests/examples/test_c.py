"""The C example: it builds without a warning, conforms, keeps the rules in random play, says what it cannot read, and
leaks nothing."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from rekeyspec.conformance.adapters.process import ExecTarget
from rekeyspec.conformance.adapters.wire import open_end
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.reference.policy import Policy
from tests.conftest import lacking
from tests.examples.test_examples import ADAPTERS, play

LINK = ADAPTERS / "link.c"
HELLO = b'{"cmd":"hello","protocol":1}\n'
OPEN = open_end(1, "client", Policy())
LONGEST = 16 << 20  # bytes: the longest line that it reads
WATCHED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

pytestmark = pytest.mark.peer("cc")


def built(source: Path, program: Path, *options: str) -> str:
    """The command that starts what cc makes of this source. Fails with what the compiler said, warnings too."""
    line = [
        shutil.which("cc") or "cc",
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Werror",
        *options,
        "-o",
        str(program),
        str(source),
    ]
    found = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
    assert (found.returncode, found.stderr) == (0, "")
    return shlex.quote(str(program))


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What starts the example, built once for all tests."""
    return built(LINK, tmp_path_factory.mktemp("c") / "link", "-O2")


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same under the sanitizers of the compiler, which end it where C has no meaning, and at the end for a leak."""
    folder = tmp_path_factory.mktemp("watched")
    trial = folder / "trial.c"
    trial.write_text("int main(void) { return 0; }\n", encoding="utf-8")
    line = [shutil.which("cc") or "cc", *WATCHED, "-o", str(folder / "trial"), str(trial)]
    if subprocess.run(line, capture_output=True, check=False, timeout=300).returncode:
        lacking("sanitizers for cc", "REKEYSPEC_REQUIRE_PEERS")
    return built(LINK, folder / "link", "-O1", *WATCHED)


def told(command: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(shlex.split(command), input=given, capture_output=True, check=False, timeout=120)


@pytest.mark.parametrize("stepwise", [False, True], ids=["whole", "stepwise"])
def test_it_conforms_to_every_story(command: str, stepwise: bool) -> None:
    with ExecTarget(command) as target:
        for trace in stories().values():
            case = replay(trace, policy_of(trace), target, stepwise=stepwise)
            assert case.word == "conforms", f"{trace.name}: {case.word}: {case.reason}"


def test_it_keeps_the_rules_in_random_play(watched: str) -> None:
    steps = 0
    with ExecTarget(watched) as target:
        for seed in range(150):
            game = play(target, seed)
            steps += len(game.log)
            assert game.found is None, f"seed {seed}, {game.role}: {game.found.sentence()}\n{game.policy}\n{game.log}"
    assert steps > 4000


def test_it_says_who_it_is(command: str) -> None:
    found = told(command, HELLO)
    said = json.loads(found.stdout)
    assert (said["name"], said["protocol"], said["features"]) == ("link.c", 1, ["gateway"])
    assert sorted(said["unsupported"]) == ["IKE-1", "IKE-2"]
    assert (found.returncode, found.stderr) == (0, b"")


def test_a_closed_end_is_freed_and_so_is_one_that_is_left_open(watched: str) -> None:
    busy = b"".join(b'{"t":%d,"do":"Offer","bytes":9},' % t for t in range(1, 40))
    lines = [
        open_end(n, "client", Policy())
        + b'{"cmd":"run","id":%d,"events":[{"t":0,"do":"Open"},%b{"t":50,"do":"Tick"}]}\n' % (n, busy)
        + (b'{"cmd":"close","id":%d}\n' % n if n % 100 else b"")
        for n in range(1, 1001)
    ]
    found = told(watched, b"".join(lines))
    assert (found.returncode, found.stderr) == (0, b"")
    assert found.stdout.count(b"\n") == 3 * 1000 - 10


UNREADABLE = [
    ("no JSON", b"hello\n", "line 1: read no JSON at byte 0, expected a value"),
    ("half a line", b'{"cmd":"hello",', "line 1: read no JSON at byte 15, expected a name in quotes"),
    ("no whole number", b'{"cmd":"close","id":1.5}\n', "line 1: read no JSON at byte 20, expected a whole number"),
    (
        "a number too large",
        b'{"cmd":"close","id":%d}\n' % (1 << 80),
        "line 1: read no JSON at byte 20, expected a whole",
    ),
    ("too deep", b"[" * 200_000 + b"\n", "line 1: read no JSON at byte 16, expected less depth"),
    ("too long", b" " * (LONGEST + 1), f"line 1: read more than {LONGEST} bytes, expected a shorter line"),
    ("a NUL", b'{"cmd":\0"hello"}\n', "line 1: read no JSON at byte 7, expected a value"),
    ("no line", b"\n", "line 1: read an empty line"),
    ("no object", b"[1]\n", "line 1: read no `cmd`, expected a string"),
    ("another protocol", b'{"cmd":"hello","protocol":0}\n', "line 1: read protocol 0, expected 1"),
    ("an unknown command", HELLO + b'{"cmd":"fly","id":1}\n', 'line 2: read cmd "fly", expected one of: hello open'),
    (
        "an id that is not open",
        HELLO + b'{"cmd":"close","id":7}\n',
        "line 2: read the number 7, expected that of an open",
    ),
    ("an id that is open", OPEN + OPEN, "line 2: read open of the number 1, expected one that no open end has"),
    (
        "no policy",
        b'{"cmd":"open","id":1,"end":"client","policy":{}}\n',
        "line 1: read no `direction`, expected a string",
    ),
    (
        "an unknown event",
        OPEN + b'{"cmd":"run","id":1,"events":[{"t":0,"do":"Open"},{"t":0,"do":"Jump"}]}\n',
        'line 2: read event "Jump", expected one of: Open Offer Arrive Tick Shut',
    ),
    (
        "a time that goes back",
        OPEN + b'{"cmd":"run","id":1,"events":[{"t":5,"do":"Open"},{"t":4,"do":"Tick"}]}\n',
        "line 2: read the time 4 after 5, expected none before it",
    ),
    (
        "a text that is too long",
        OPEN
        + b'{"cmd":"step","id":1,"event":{"t":0,"do":"Arrive","message":{"kind":"start","session":"%b"}}}\n'
        % (b"s" * 64),
        "line 2: read a `session` of 64 bytes, expected less than 64",
    ),
]


@pytest.mark.parametrize(("given", "message"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE])
def test_what_it_cannot_read_ends_it_with_one_message(watched: str, given: bytes, message: str) -> None:
    found = told(watched, given)
    said = found.stderr.decode()
    assert found.returncode == 2, said
    assert said.startswith(f"link.c: {message}"), said
    assert said.count("\n") == 1
    assert len(said) < 300
    assert found.stdout.count(b"\n") == given.count(b"\n", 0, -1)  # no answer to the last line, not even half of one


BREAKS = [
    ("AGE-2", "e->p.age_trigger == OF_TIME || ", ""),
    ("BYTE-5", "whose == OURS && e->p.byte_trigger == AT_ONCE", "false"),
    ("DEAD-1", "l->repeats = e->p.retries;", "l->repeats = 0;"),
    ("GATE-1", "&& places <= 0", "&& false"),
    (
        "HB-2",
        "l->next_beat = sum(now, e->p.heartbeat_interval);",
        "l->next_beat = sum(now, e->p.heartbeat_interval + 1);",
    ),
    ("IDLE-1", "marked = e->p.idle_trigger == AT_HEARTBEAT && l->marked", "marked = false"),
    ("IDLE-3", "e->p.reject_trigger == AT_HEARTBEAT", "false"),
    ("REKEY-5", "!(l->mine && e->role == SERVER)", "true"),
]


@pytest.mark.parametrize(("rule", "kept", "broken"), BREAKS, ids=[rule for rule, _, _ in BREAKS])
def test_a_broken_copy_violates_the_rule_that_it_breaks(rule: str, kept: str, broken: str, tmp_path: Path) -> None:
    source = LINK.read_text(encoding="utf-8")
    assert source.count(kept) == 1, "the break must be made in one place"
    copy = tmp_path / "link.c"
    copy.write_text(source.replace(kept, broken), encoding="utf-8")
    with ExecTarget(built(copy, tmp_path / "link")) as target:
        cases = [replay(one, policy_of(one), target) for one in stories().values() if rule in one.rules]
    said = {one.verdict for one in verdicts(cases, {target.name: {}}, [rule]) if one.rule == rule}  # one a profile
    assert "violates" in said, [(case.trace, case.word, case.reason) for case in cases]
