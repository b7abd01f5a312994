"""Programs that misbehave, one for each way; after each, nothing of it is left."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent, indent
from uuid import uuid4

import pytest

from rekeyspec.conformance.adapters.child import Child
from rekeyspec.conformance.adapters.process import BATCH, ExecTarget
from rekeyspec.conformance.target import BadInput, Broken, Reply, gateway
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, Event, Message

OPEN = Event(0, "client", "Open")
MARK = "REKEYSPEC_TEST_MARK"
SLOW = 0.5
"""How long (s) to wait for an answer that will not come."""

HONEST = """
import json, os, signal, subprocess, sys, time

def out(text):
    sys.stdout.write(text)
    sys.stdout.flush()

def honest(q):
    if q["cmd"] == "hello":
        return {"protocol": 1, "name": "honest", "version": "7", "unsupported": {"REKEY-6": "no notices"}}
    if q["cmd"] == "step":
        return {"id": q["id"], "did": [{"do": "Suspect"}], "deadline": q["event"]["t"] + 1}
    if q["cmd"] == "run":
        return {"id": q["id"], "replies": [{"did": [], "deadline": e["t"]} for e in q["events"]]}
    return {"id": q["id"]}

def daemon(*options):
    # a grandchild that nobody waits for, in a session of its own, holding none of our streams
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", *options], {})
        os._exit(0)
    os.wait()

def serve():
    for line in sys.stdin:
        question = json.loads(line)
        text = json.dumps(honest(question)) + "\\n"
        at(question["cmd"], text)
"""


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A word that everything started in this test carries; none of it may be left."""
    word = f"mark-{uuid4()}"
    monkeypatch.setenv(MARK, word)
    yield word
    assert left(word) == {}


def left(word: str) -> dict[int, str]:
    """The command lines of all living processes that carry the mark, but our own, by process id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        try:
            command, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if word.encode() in command + environment:
            found[int(folder.name)] = command.replace(b"\0", b" ").decode()
    return found


def no_zombies() -> bool:
    """Is every child of ours that has ended reaped?"""
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return True


Write = Callable[[str], str]


@pytest.fixture
def program(tmp_path: Path, mark: str) -> Write:
    """Writes a program that answers honestly but for `at(cmd, answer)`, whose body is given. Returns its command."""

    def write(body: str) -> str:
        path = tmp_path / "adapter.py"
        at = f"def at(cmd, answer):\n{indent(dedent(body), '    ')}\n"
        path.write_text(f"{HONEST}\nMARK = {mark!r}\n{at}\nserve()\n")
        return f"{sys.executable} -S {path} {mark}"

    return write


def target(command: str, **parameters: float) -> ExecTarget:
    parameters = {"timeout": 20.0, "grace": 0.2, **parameters}
    return ExecTarget(command, **{"start": parameters["timeout"], **parameters})  # type: ignore[arg-type]


def one_step(command: str, hurry: bool = False) -> Reply:
    with target(command) as t:
        end = t.open("client", Policy())
        if hurry:
            lose_patience(t)
        reply = end.step(OPEN)
        end.close()
        return reply


def lose_patience(t: ExecTarget) -> None:
    """From now on, when the program is known to be up, it gets little time to answer."""
    assert t._session
    t._session.timeout = SLOW


def test_an_honest_program_is_introduced_and_answers(program: Write) -> None:
    with target(program("out(answer)")) as t:
        assert t.introduced == "honest 7"
        assert t.unsupported == {"REKEY-6": "no notices"}
        client, server = t.open("client", Policy()), t.open("server", Policy())
        assert server.step(Event(3, "server", "Tick")) == Reply((Event(3, "server", "Suspect"),), 4)
        assert client.step(OPEN) == Reply((Event(0, "client", "Suspect"),), 1)
        client.close()
        server.close()
    assert no_zombies()


@pytest.mark.parametrize(("stated", "made"), [("[]", False), ('["opaque"]', False), ('["gateway"]', True)])
def test_who_did_not_state_the_feature_is_asked_for_no_gateway(stated: str, made: bool, program: Write) -> None:
    body = f"""out(answer.replace('"version"', '"features": {stated}, "version"'))"""
    with target(program(body)) as t:
        assert (gateway(t, Policy()) is not None) == made


def test_a_long_run_is_answered_event_for_event(program: Write) -> None:
    message = Message("data", 1, 1, bytes=9)
    events = [Event(t, "client", "Arrive", message) for t in range(2 * BATCH + 1)]
    with target(program("out(answer)")) as t:
        end = t.open("client", Policy())
        assert end.run(events) == [Reply((), t) for t in range(2 * BATCH + 1)]
        assert end.run([]) == []


def test_a_deadline_of_null_is_never(program: Write) -> None:
    assert one_step(program("out(answer.replace('\"deadline\": 1', '\"deadline\": null'))")).deadline == NEVER


MISBEHAVIOUR: dict[str, tuple[str, str]] = {
    "exits when asked": (
        "sys.stderr.write('no configuration\\n'); sys.exit(3)",
        r"it ended with exit status 3 instead of answering; it had been asked .*hello.*'no configuration'",
    ),
    "is killed": ("os.kill(os.getpid(), signal.SIGSEGV)", r"it ended by SIGSEGV instead of answering"),
    "hangs at a step": (
        "out(answer) if cmd != 'step' else time.sleep(600)",
        r"it did not answer within 0\.5 s .*; it had been asked .*\"do\":\"Open\"",
    ),
    "writes prose": ("out('ready to serve\\n')", r"it answered 'ready to serve': JSON is malformed.*expected"),
    "writes an empty line": ("out('\\n')", r"it answered '': .*truncated"),
    "writes what is not text": (
        "sys.stdout.buffer.write(b'\\xff\\xfe\\x1b[2J\\n'); sys.stdout.flush()",
        r"it answered '\S+\\x1b\[2J'",
    ),
    "writes half a line and ends": (
        "out(answer[:9]); sys.exit(0)",
        r"it ended with exit status 0 instead of answering; it left half a line, '\{\"protoco",
    ),
    "writes half a line and hangs": (
        "out(answer) if cmd != 'step' else (out(answer[:9]), time.sleep(600))",
        r"it wrote only half a line, '\{\"id\": 1,', within 0\.5 s",
    ),
    "nests brackets": ("out('[' * 1_000_000 + '\\n')", r"it answered '\[\[.*1000000 bytes"),
    "writes numbers too large": (
        "out(answer if cmd != 'step' else '{\"id\":1,\"did\":[],\"deadline\":%s}\\n' % ('9' * 4000))",
        r"Expected `int` <= 4611686018427387904 - at `\$\.deadline`",
    ),
    "speaks another version": (
        'out(\'{"protocol": 2, "name": "new", "more": []}\\n\')',
        r"it speaks version 2 of the adapter protocol, but this harness speaks version 1; use an adapter for that",
    ),
    "speaks version 0": (
        'out(\'{"protocol": 0, "name": "old", "version": "3"}\\n\')',
        r"it speaks version 0 .* harness speaks version 1; let it answer hello with \"protocol\":1.*From version 0",
    ),
    "states a feature that there is none of": (
        'out(\'{"protocol": 1, "name": "new", "features": ["gatway"]}\\n\')',
        r"Invalid enum value 'gatway' - at `\$\.features\[0\]` \(the features are gateway, opaque, real-clock\)",
    ),
    "has no name": ("out('{\"protocol\": 1}\\n')", r"missing required field `name`"),
    "misspells a rule": (
        "out(answer.replace('REKEY-6', 'REKEY6'))",
        r"unsupported",
    ),
    "answers for another end": (
        "out(answer.replace('\"id\": 1', '\"id\": 2'))",
        r"this is for id 2, but id 1 was asked",
    ),
    "answers another request": ("out(answer if cmd != 'step' else '{\"id\": 1}\\n')", r"missing required field `did`"),
    "answers twice": ("out(answer + answer)", r"and then wrote .* without having been asked"),
    "reports a silent action": (
        "out(answer.replace('Suspect', 'Establish'))",
        r"Invalid enum value 'Establish' - at `\$\.did\[0\]\.do` \(`do` is one of Start, .*, Close\)",
    ),
    "sends data without a message": (
        "out(answer.replace('Suspect', 'SendData'))",
        r"SendData says no message; expected the data message",
    ),
    "misspells a field": ("out(answer.replace('deadline', 'dead_line'))", r"unknown field `dead_line`|required"),
    "closes its standard input": (
        "os.close(0); out(answer); time.sleep(600)",
        r"it closed its standard input, but goes on running",
    ),
    "closes its standard output": (
        "sys.stdout.close(); os.close(1); time.sleep(600)",
        r"it closed its standard output, but goes on running",
    ),
}


@pytest.mark.parametrize("case", MISBEHAVIOUR)
def test_what_a_program_does_wrong_is_said(case: str, program: Write) -> None:
    body, said = MISBEHAVIOUR[case]
    with pytest.raises(Broken, match=rf"^exec:.*{said}"):
        one_step(program(body), hurry="and hangs" in case or "hangs at" in case)
    assert no_zombies()


def test_a_program_that_does_not_even_greet_is_ended(program: Write) -> None:
    with (
        pytest.raises(Broken, match=r"it did not answer within 0\.5 s"),
        target(program("time.sleep(600)"), timeout=SLOW),
    ):
        pytest.fail("it greeted")


def test_the_first_answer_may_take_longer_than_the_others(program: Write) -> None:
    with target(program("out(answer)"), timeout=0.0, start=20.0) as t:
        assert t.introduced == "honest 7"
        assert t._session
        assert t._session.timeout == 0


def test_a_line_without_end_is_not_held(program: Write) -> None:
    endless = """
        for _ in range(100):
            out("x" * (1 << 20))
        out("\\n")
    """
    command = program(endless)
    tracemalloc.start()
    try:
        with pytest.raises(Broken, match=r"a line of more than 8388608 bytes, which begins 'xxx"):
            one_step(command)
        assert tracemalloc.get_traced_memory()[1] < 3 * 8388608
    finally:
        tracemalloc.stop()


def test_a_line_written_between_two_requests_is_noticed(program: Write, tmp_path: Path) -> None:
    asked, written = tmp_path / "asked", tmp_path / "written"
    os.mkfifo(asked)
    os.mkfifo(written)
    body = f"""
        out(answer)
        if cmd == "step":
            open({str(asked)!r}).read()
            out("by the way\\n")
            open({str(written)!r}, "w").close()
    """
    with target(program(body)) as t:
        end = t.open("client", Policy())
        assert end.step(OPEN).did
        asked.write_text("now")
        written.read_text()
        with pytest.raises(Broken, match=r"wrote 'by the way\\n' without having been asked"):
            end.step(OPEN)


def test_a_flood_on_standard_error_stops_nothing(program: Write) -> None:
    flood = """
        for n in range(20000):
            sys.stderr.write("line %d of very many lines that nobody will read\\n" % n)
        sys.stderr.write("the last\\n")
        out(answer if cmd != "step" else "what?\\n")
    """
    with pytest.raises(Broken, match=r"its last words on standard error: '.*the last'$"):
        one_step(program(flood))


def test_a_program_that_floods_for_ever_is_ended(program: Write) -> None:
    body = "out(answer)\nwhile cmd == 'open': os.write(2, b'x' * 65536)"
    with pytest.raises(Broken, match=r"did not answer within 0\.5 s"):
        one_step(program(body), hurry=True)


def test_a_program_that_does_not_read_is_ended(program: Write) -> None:
    body = "out(answer)\nif cmd == 'open': time.sleep(600)"
    events = [Event(t, "client", "Arrive", Message("data", 1, 1, session="x" * 2000)) for t in range(BATCH)]
    with target(program(body)) as t:
        end = t.open("client", Policy())
        lose_patience(t)
        with pytest.raises(Broken, match="did not read its standard input"):
            end.run(events)


@pytest.mark.parametrize("when", ["orderly", "hung"])
def test_a_program_that_ignores_sigterm_is_killed(when: str, program: Write) -> None:
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nout(answer)\nif cmd == 'close': time.sleep(600)"
    if when == "orderly":
        assert one_step(program(body)).did
    else:
        with pytest.raises(Broken, match="did not answer"):
            one_step(
                program(body.replace("out(answer)", "out(answer) if cmd != 'step' else time.sleep(600)")), hurry=True
            )
    assert no_zombies()


CHILDREN = {
    "a child": "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', MARK])",
    "a child that ignores SIGTERM": (
        "subprocess.Popen([sys.executable, '-c', 'import signal, sys, time; signal.signal(15, signal.SIG_IGN); "
        "print(1, flush=True); time.sleep(600)', MARK], stdout=subprocess.PIPE).stdout.readline()"
    ),
    "a child in a session of its own": (
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', MARK], start_new_session=True)"
    ),
    "a daemon without our environment": "daemon(MARK)",
}


@pytest.mark.parametrize("child", CHILDREN)
@pytest.mark.parametrize("ending", ["orderly", "exits", "hangs"])
def test_children_left_behind_are_ended(child: str, ending: str, program: Write, mark: str) -> None:
    then = {"orderly": "", "exits": "sys.exit(4)", "hangs": "time.sleep(600)"}[ending]
    body = f"if cmd == 'step':\n    {CHILDREN[child]}\n    {then}\nout(answer)"
    with target(program(body)) as t:
        end = t.open("client", Policy())
        if ending == "hangs":
            lose_patience(t)
        if ending == "orderly":
            assert end.step(OPEN).did
            assert len(left(mark)) > 2, "the test must have something to find"
        else:
            with pytest.raises(Broken, match=r"exit status 4|did not answer"):
                end.step(OPEN)
    assert left(mark) == {}
    assert no_zombies()


def test_a_broken_case_is_its_own_and_the_next_gets_a_new_process(program: Write, tmp_path: Path) -> None:
    once = tmp_path / "once"
    body = f"""
        if cmd == "step" and not os.path.exists({str(once)!r}):
            open({str(once)!r}, "w").close()
            sys.exit(9)
        out(answer)
    """
    with target(program(body)) as t:
        client, server = t.open("client", Policy()), t.open("server", Policy())
        with pytest.raises(Broken, match="exit status 9"):
            client.step(OPEN)
        with pytest.raises(Broken, match="exit status 9"):
            server.step(Event(0, "server", "Open"))
        client.close()
        server.close()
        again = t.open("client", Policy())
        assert again.step(OPEN).did
        with pytest.raises(Broken, match="exit status 9"):
            client.step(OPEN)


def test_a_program_that_was_never_introduced_is_started_once(program: Write, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    t = target(program(f"open({str(starts)!r}, 'a').write('x'); out('hello\\n')"))
    for _ in range(3):
        with pytest.raises(Broken, match="it answered 'hello'"):
            t.open("client", Policy())
    assert starts.read_text() == "x"


def test_a_program_whose_keeper_is_killed_ends_with_it(program: Write, mark: str) -> None:
    with target(program("out(answer) if cmd != 'step' else os.kill(os.getppid(), 9) or time.sleep(600)")) as t:
        end = t.open("client", Policy())
        alive = select.poll()
        fds = [os.pidfd_open(pid) for pid in left(mark)]
        with pytest.raises(Broken, match="its keeper was killed"):
            end.step(OPEN)
        for fd in fds:
            alive.register(fd, select.POLLIN)
            assert alive.poll(30_000)
            alive.unregister(fd)
            os.close(fd)


def test_an_end_and_the_last_output_may_be_seen_together(tmp_path: Path, mark: str) -> None:
    child = Child(["sh", "-c", f"echo last; echo words >&2; exit 5; : {mark}"], 0.2, 1000)
    child._keeper.wait()
    while child._take(0):
        continue
    assert (bytes(child._out), child.fate) == (b"last\n", "it ended with exit status 5 instead of answering")
    assert child.last_words() == "words"
    child.end()


def test_nothing_can_be_asked_after_the_end(program: Write) -> None:
    with target(program("out(answer)")) as t:
        end = t.open("client", Policy())
    with pytest.raises(Broken, match="it was ended"):
        end.step(OPEN)


def test_a_command_that_cannot_be_started_names_the_remedy(tmp_path: Path, mark: str) -> None:
    plain, odd, script = tmp_path / "plain", tmp_path / "odd", tmp_path / "script"
    plain.write_text("echo\n")
    odd.write_bytes(b"\x00\x01\x02\x03")
    script.write_text("#!/no/such/interpreter\n")
    odd.chmod(0o755)
    script.chmod(0o755)
    cases = {
        f"/no/such/program {mark}": "No such file or directory; give the path",
        f"no-such-program-on-path {mark}": "No such file or directory; give the path",
        f"{plain} {mark}": r"Permission denied; make it executable \(chmod \+x\)",
        f"{odd} {mark}": "Exec format error; .*first line",
        f"{script} {mark}": "No such file or directory; .*interpreter",
    }
    for command, said in cases.items():
        with pytest.raises(Broken, match=f"cannot be started: {said}"), target(command):
            pytest.fail("it started")


@pytest.mark.parametrize(
    ("command", "said"), [("", "no command"), ("  ", "no command"), ("python 'x", "close the quotes")]
)
def test_a_command_that_cannot_be_read_is_bad_input(command: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        ExecTarget(command)


def test_nothing_is_left_when_the_harness_itself_is_killed(program: Write, mark: str) -> None:
    stubborn = f"signal.signal(15, signal.SIG_IGN)\n{CHILDREN['a child in a session of its own']}\nout(answer)"
    command = program(f"{stubborn}\ntime.sleep(600)")
    harness = (
        "import sys, time\nfrom rekeyspec.conformance.adapters.process import ExecTarget\n"
        f"with ExecTarget({command!r}, grace=0.1) as t:\n    print('up', flush=True)\n    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", harness], stdout=subprocess.PIPE) as started:
        assert started.stdout
        assert started.stdout.readline() == b"up\n"
        alive = select.poll()
        waited_for = {os.pidfd_open(pid) for pid in left(mark) if pid != started.pid}
        assert len(waited_for) == 3, "the keeper, the program, and its child"
        for fd in waited_for:
            alive.register(fd, select.POLLIN)
        started.send_signal(signal.SIGKILL)
        while waited_for:
            ended = alive.poll(30_000)
            assert ended, left(mark)
            for fd, _ in ended:
                alive.unregister(fd)
                waited_for.remove(fd)
                os.close(fd)
