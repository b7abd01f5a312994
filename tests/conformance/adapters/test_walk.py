"""Small pretenders, one for each slip that a first adapter makes: the walk stops at it and says what to change."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rekeyspec.conformance.adapters.walk import exit_code, walk
from rekeyspec.conformance.adapters.walker import Found
from rekeyspec.conformance.target import BadInput

LINK = (Path(__file__).parents[3] / "examples" / "adapters" / "link.py").read_text()
SLOW = 0.5
"""How long (s) to wait for an answer that will not come."""
REPORT = "print(json.dumps(answer), flush=True)"
HELLO = '{"protocol": 1, "name": "link.py", "version": "1"}'
LOOP = "    for line in sys.stdin:\n"
STEP = 't, do = event["t"], event["do"]'

Write = Callable[..., str]

# By the slip: what to replace in the example by what, where the walk stops, and what it says there.
BROKEN: dict[str, tuple[str, str, str, str]] = {
    "speaks version 0": ('"protocol": 1', '"protocol": 0', "hello", 'let it answer hello with "protocol":1'),
    "has no name": (HELLO, '{"protocol": 1}', "hello", "missing required field `name`"),
    "does not flush": (REPORT, "print(json.dumps(answer))", "hello", "flush standard output after each answer"),
    "reads to the end first": (LOOP, "    for line in sys.stdin.readlines():\n", "hello", "read line by line"),
    "ends no line": (
        REPORT,
        "print(json.dumps(answer), end='', flush=True)",
        "hello",
        "end each answer with a newline",
    ),
    "prints a banner": (LOOP, "    print('link.py is ready', flush=True)\n" + LOOP, "hello", "goes to standard error"),
    "prints what it is asked": (
        REPORT,
        r"print(json.dumps(answer) + '\n# ' + cmd, flush=True)",
        "hello",
        "one line for each request",
    ),
    "raises an error": (
        LOOP + "        ask = json.loads(line)\n",
        LOOP + "        ask = json.load(line)\n",
        "hello",
        "AttributeError",
    ),
    "answers for another end": (
        '"id": ask.get("id")',
        '"id": ask.get("id") and 7',
        "open: a client",
        "with the `id` of the request",
    ),
    "says no id": (
        'answer |= result(ends[ask["id"]], ask["event"])',
        'answer = result(ends[ask["id"]], ask["event"])',
        "Open: a client",
        "with the `id` of the request",
    ),
    "says no deadline": (
        '"deadline": None if end.wake == NEVER else end.wake',
        "",
        "Open: a client",
        'add "deadline": the next `t`',
    ),
    "reports its time": (
        'return {"did": did,',
        'return {"did": [{**one, "t": 0} for one in did],',
        "Open: a client",
        "the time and the end are those",
    ),
    "misspells a field": ('{"kind": kind, "epoch":', '{"kind": kind, "epoc":', "Open: a client", "look the field up"),
    "leaves messages out": (
        'self.did.append({"do": do, "message": m})',
        'self.did.append({"do": do})',
        "Open: a client",
        "each action carries the message",
    ),
    "answers a run once": (
        'for event in ask["events"]]',
        'for event in ask["events"][:1]]',
        "run: three events",
        "one reply for each of its events",
    ),
    "knows one end only": (
        'ends[ask["id"]] = opened(ask, gateways)',
        "ends = {ask['id']: opened(ask, gateways)}",
        "close: an end",
        "KeyError",
    ),
    "cuts long lines": (
        "        ask = json.loads(line)\n",
        "        ask = json.loads(line[:65536])\n",
        "run: a long line",
        "its last words on standard error say which",
    ),
    "crashes at the end of a link": (
        'self.close("CLOSE-1")\n        self.act',
        "raise SystemExit(3)\n        self.act",
        "Shut",
        "exit status 3",
    ),
}

VIOLATES: dict[str, tuple[str, str, str, str]] = {
    "reads a clock": (
        STEP,
        'import time\n        t, do = int(time.monotonic() * 1000), event["do"]',
        "Tick at 10000",
        "the only time is `t`",
    ),
    "does nothing by itself": (
        "            self.start(t)\n",
        "            pass\n",
        "Open: a client",
        "a client starts the first negotiation",
    ),
    "does later what is due at once": (
        "        self.act(t)\n        self.wake",
        '        if do != "Arrive":\n            self.act(t)\n        self.wake',
        "Arrive: the answer",
        "not in the answer to a later one",
    ),
    "trusts what nobody sealed": (
        'or not (m["sealed_by"] == "peer" or clear)',
        "",
        "Arrive: an answer that nobody",
        "allowed here: ",
    ),
    "names the epoch in force": (
        'f"{self.role[0]}{self.epoch + 1}"',
        'f"{self.role[0]}{self.epoch}"',
        "Open: a client",
        "allowed here: ",
    ),
    "shares what is each end's own": (
        'ends[ask["id"]] = opened(ask, gateways)',
        'ends[ask["id"]] = next((e for e in ends.values() if e.role == ask["end"]), None) or opened(ask, gateways)',
        "several ends at once",
        "something that ends share",
    ),
}

WELL: dict[str, tuple[str, str, str, str]] = {
    "never says when": (
        "None if end.wake == NEVER else end.wake",
        "None",
        "Open: a client",
        "declare the time at which it fires",
    ),
    "says when by a clock": (
        "None if end.wake == NEVER else end.wake",
        "None if end.wake == NEVER else end.wake + 1763900000000",
        "Open: a client",
        "it looks like a real clock's",
    ),
    "lacks a rule that there is none of": (
        '"IKE-2": ',
        '"IKE-9": ',
        "hello: what it does not support",
        "there is no rule IKE-9",
    ),
    "does not end": (
        'if __name__ == "__main__":\n    main()',
        "main()\nimport time\ntime.sleep(600)",
        "end of input",
        "what goes on running is ended by force",
    ),
    "talks on standard error": (LOOP, LOOP + "        print('got', line[:20], file=sys.stderr)\n", "", "got {"),
}


@pytest.fixture
def pretender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the example with a slip in it, and returns its command."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)

    def write(old: str = "", new: str = "") -> str:
        assert old in LINK, "the slip must be one"
        path = tmp_path / "pretender.py"
        path.write_text(LINK.replace(old, new) if old else LINK)
        return f"{sys.executable} -S {path}"

    return write


def walked(command: str, timeout: float = 20.0) -> list[Found]:
    return list(walk(command, timeout=timeout, grace=0.2, start=timeout))


def said(one: Found) -> str:
    return "\n".join(one.lines())


def test_an_adapter_that_keeps_to_it_is_led_to_the_end(pretender: Write) -> None:
    found = walked(pretender())
    assert {one.word for one in found} == {"ok"}
    assert exit_code(found) == 0
    assert len(found) > 25
    assert found[-1].step.startswith("end of input")


@pytest.mark.parametrize("slip", BROKEN)
def test_what_breaks_the_protocol_ends_the_walk(slip: str, pretender: Write) -> None:
    old, new, step, hint = BROKEN[slip]
    silent = slip in ("does not flush", "reads to the end first", "ends no line")
    found = walked(pretender(old, new), *([SLOW] if silent else []))
    assert found[-1].word == "broken"
    assert {one.word for one in found[:-1]} <= {"ok"}
    assert found[-1].step.startswith(step), said(found[-1])
    assert hint in said(found[-1])
    assert found[-1].asked
    assert exit_code(found) == 2


@pytest.mark.parametrize("slip", VIOLATES)
def test_what_no_rule_allows_is_shown_beside_what_could_have_been(slip: str, pretender: Write) -> None:
    old, new, step, hint = VIOLATES[slip]
    found = walked(pretender(old, new))
    first = next(one for one in found if one.word not in ("ok", "ok, but"))
    assert first.word == "violates", said(first)
    assert first.step.startswith(step), said(first)
    assert hint in said(first)
    assert first.read
    assert first.expected
    assert first.read != first.expected
    assert found[-1].step.startswith("end of input"), "the walk goes on"
    if first.step[:4] in ("Open", "Arri"):
        assert found[found.index(first) + 1].step == "open: a server's end, beside it", "its story does not"
    assert exit_code(found) == 1


@pytest.mark.parametrize("slip", WELL)
def test_what_is_allowed_but_of_no_use_is_said(slip: str, pretender: Write) -> None:
    old, new, step, hint = WELL[slip]
    found = walked(pretender(old, new))
    assert exit_code(found) == 0
    assert any(one.step.startswith(step) and hint in said(one) for one in found), "\n".join(map(said, found))
    assert sum(one.word == "ok, but" for one in found) <= 1, "it is said once"


def test_an_end_that_does_not_do_the_same_twice_is_noticed(pretender: Write) -> None:
    command = pretender("None if end.wake == NEVER else end.wake}", "min(end.wake, event['t'] + next(DICE))}")
    path = Path(command.split()[-1])
    path.write_text(
        path.read_text().replace("import sys\n", "import sys\nfrom itertools import count\n\nDICE = count()\n", 1)
    )
    found = next(one for one in walked(command) if one.word != "ok")
    assert (found.word, found.step[:14]) == ("violates", "run: a new end")
    assert "random number" in found.hint


def test_a_gateway_that_counts_nothing_is_noticed(pretender: Write) -> None:
    found = next(
        one for one in walked(pretender("if 0 < self.p.links_per_user <= others:", "if False:")) if one.word != "ok"
    )
    assert (found.word, found.remark, found.read) == ("violates", "GATE-1", "nothing, then nothing")
    plain = walked(pretender('"features": ["gateway"]', '"features": []'))
    assert not any(one.step.startswith("gateway") for one in plain), "who did not state the feature is not asked"


def test_a_silent_action_that_is_reported_is_hinted_at(pretender: Write) -> None:
    command = pretender("    did = end.step(event)\n", '    did = [*end.step(event), {"do": "AcceptReply"}]\n')
    found = walked(command)[-1]
    assert (found.word, found.step.startswith("Open: a client")) == ("broken", True)
    assert "leave it out of `did`: Establish, AcceptReply" in found.hint


def test_what_cannot_be_started_is_the_first_step() -> None:
    (found,) = walked("/no/such/program --really")
    assert (found.step, found.word) == ("it starts", "broken")
    assert "give the path of a program" in found.remark
    assert exit_code([found]) == 2


@pytest.mark.parametrize("command", ["", "exec:", "python 'x"])
def test_a_command_that_cannot_be_read_is_bad_input(command: str) -> None:
    with pytest.raises(BadInput, match=r"no command|close the quotes"):
        walked(command)


def test_the_command_ends_with_the_one_to_run_next(pretender: Write, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "rekeyspec", "adapter", "test"]
    command = pretender()
    done = subprocess.run([*words, command], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"next: rekeyspec check 'exec:{command}'\n")
    command = pretender('"protocol": 1', '"protocol": 0')
    done = subprocess.run([*words, f"exec:{command}"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "broken    hello: it introduces itself" in done.stdout
    assert f"then again: rekeyspec adapter test 'exec:{command}'\n" in done.stdout
    done = subprocess.run([*words, ""], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("rekeyspec: no command; give one")
