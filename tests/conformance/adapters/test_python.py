"""An implementation in this process: what is of no use is bad input, what fails later is broken."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from rekeyspec.conformance.adapters.python import PythonTarget
from rekeyspec.conformance.target import BadInput, Broken, Carried, Reply
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, Event, Message

OPEN = Event(0, "client", "Open")

Write = Callable[[str], str]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Write]:
    """Writes a module into the current folder, and returns its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    written: list[str] = []

    def write(text: str) -> str:
        name = f"written_{abs(hash(request.node.nodeid))}_{len(written)}"
        (tmp_path / f"{name}.py").write_text(dedent(text))
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)


def end_with(body: str) -> str:
    return f"class End:\n    def __init__(self, *given):\n        pass\n    def step(self, event):\n        {body}\n"


def test_it_is_given_the_role_every_parameter_and_the_forms_of_the_protocol(module: Write) -> None:
    name = module("""
        class Outer:
            class End:
                unsupported = {"REKEY-6": "no notices"}
                given = []
                def __init__(self, *given):
                    self.given.append(given)
                def step(self, event):
                    self.given.append(event)
                    return {"did": ({"do": "Close", "reason": "tired"},), "deadline": None}
    """)
    with PythonTarget(f"{name}:Outer.End") as target:
        assert target.name == f"python:{name}:Outer.End"
        assert target.unsupported == {"REKEY-6": "no notices"}
        end = target.open("client", Policy(retries=2))
        arrived = Event(7, "client", "Arrive", Message("data", 1, 4, sealed_by="adversary"), link="b")
        (reply,) = end.run([arrived])
        end.close()
    assert reply == Reply((Event(7, "client", "Close", reason="tired", link="b"),), NEVER)
    (role, policy), event = sys.modules[name].Outer.End.given
    assert role == "client"
    assert (policy["retries"], policy["delay"]) == (2, 0)
    assert event == {"t": 7, "do": "Arrive", "message": {"kind": "data", "epoch": 1, "number": 4}}


def test_a_function_will_do(module: Write) -> None:
    name = module(
        end_with("return {'did': [], 'deadline': 5}") + "def make(end, policy):\n    return End(end, policy)\n"
    )
    assert PythonTarget(f"{name}:make").open("server", Policy()).step(OPEN) == Reply((), 5)


@pytest.mark.parametrize("where", ["", "python", "module", "module:", ":End", "a module:End", "path/to/file.py:End"])
def test_a_name_without_module_and_attribute_is_bad_input(where: str) -> None:
    with pytest.raises(BadInput, match="does not say which attribute of which module; expected python:MODULE:ATTR"):
        PythonTarget(where)


def test_a_module_that_is_not_there_is_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=rf"there is no module 'no_such_module', neither installed nor in {tmp_path}; "):
        PythonTarget("no_such_module:End")
    with pytest.raises(BadInput, match=r"there is no module 'json\.no_such_part'"):
        PythonTarget("json.no_such_part:End")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_part", "failed with .*ModuleNotFoundError: No module named 'no_such_part'"),
        ("x = = 1", "SyntaxError: invalid syntax"),
        ("1 / 0", r"ZeroDivisionError: division by zero.*written_\w+\.py:1\)"),
        ("import sys; sys.exit('bye')", "SystemExit: bye"),
    ],
)
def test_a_module_that_cannot_be_imported_is_bad_input(text: str, said: str, module: Write) -> None:
    with pytest.raises(BadInput, match=f"importing 'written_.*{said}.*see that `python -c"):
        PythonTarget(f"{module(text)}:End")


def test_an_attribute_of_no_use_is_bad_input(module: Write) -> None:
    name = module("class Mine: pass\nmine = 4\n")
    with pytest.raises(BadInput, match="the module has no attribute 'End'; it has Mine"):
        PythonTarget(f"{name}:End")
    with pytest.raises(BadInput, match="'mine' is '4', which cannot be called; expected a class or function"):
        PythonTarget(f"{name}:mine")


@pytest.mark.parametrize("stated", ["['REKEY-6']", "{'rekey six': 'x'}", "{'REKEY-6': 1}"])
def test_an_unsupported_that_is_none_is_bad_input(stated: str, module: Write) -> None:
    name = module(f"def make(end, policy): pass\nmake.unsupported = {stated}\n")
    with pytest.raises(BadInput, match=r"its `unsupported` is .*expected rule ids with reasons"):
        PythonTarget(f"{name}:make")


def test_an_end_that_cannot_be_made_is_broken(module: Write) -> None:
    name = module("def make(end): pass\ndef none(end, policy): pass\n")
    with pytest.raises(Broken, match=r"it raised .*TypeError: make\(\) takes 1 positional argument but 2 were given"):
        PythonTarget(f"{name}:make").open("client", Policy())
    with pytest.raises(Broken, match="it made 'None', which has no method `step`"):
        PythonTarget(f"{name}:none").open("client", Policy())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return {}['key']", r"it raised .KeyError: 'key'.*\.py:5\); it had been given .step"),
        ("raise SystemExit(3)", "it raised 'SystemExit: 3'"),
        ("return None", "it answered 'None': Expected `object`, got `null`; expected {\"did\""),
        ("return {'did': [], 'deadline': None, 'more': 1}", "unknown field `more`"),
        ("return {'did': [{'do': 'SendData'}], 'deadline': None}", "SendData says no message"),
        ("return {'did': [], 'deadline': 2.5}", r"Expected `int \| null`, got `float`"),
        ("a = []; a.append(a); return {'did': a, 'deadline': None}", "it answered"),
        ("return {'did': [], 'deadline': 1 << 80}", "Expected `int` <="),
    ],
)
def test_a_step_that_fails_is_broken(body: str, said: str, module: Write) -> None:
    end = PythonTarget(f"{module(end_with(body))}:End").open("client", Policy())
    with pytest.raises(Broken, match=f"^python:.*{said}"):
        end.step(OPEN)


def test_interrupting_it_is_not_its_fault(module: Write) -> None:
    end = PythonTarget(f"{module(end_with('raise KeyboardInterrupt'))}:End").open("client", Policy())
    with pytest.raises(KeyboardInterrupt):
        end.step(OPEN)


def test_what_it_can_do_beyond_others_is_stated_by_attributes(module: Write) -> None:
    plain = module(end_with("return {'did': [], 'deadline': None}"))
    assert PythonTarget(f"{plain}:End").features == frozenset()
    sealing = module(
        "class End:\n    features = ['opaque']\n    def __init__(self, *given):\n        pass\n"
        "    def step(self, event):\n"
        "        start = {'kind': 'start', 'epoch': 1, 'negotiation': 'c1', 'opaque': 'b3Bh'}\n"
        "        return {'did': [{'do': 'Start', 'message': start}], 'deadline': None}\n"
    )
    target = PythonTarget(f"{sealing}:End")
    assert target.features == {"opaque"}
    (start,) = target.open("client", Policy()).step(OPEN).did
    assert isinstance(start.message, Carried)
    assert start.message.opaque == "b3Bh"
    gated = module(
        "class End:\n    def __init__(self, *given):\n        pass\n    def gateway(policy):\n        return End\n"
    )
    assert PythonTarget(f"{gated}:End").features == {"gateway"}


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("['gatway']", r"its `features` is \"\['gatway'\]\": Invalid enum value 'gatway'.*some of gateway, opaque"),
        ("'opaque'", "expected a list of some of gateway, opaque, real-clock"),
        ("['gateway']", "has no function `gateway`; add one, or take the word out"),
        ("['real-clock']", r"is for programs \(exec:COMMAND\)"),
    ],
)
def test_features_that_are_of_no_use_are_bad_input(stated: str, said: str, module: Write) -> None:
    name = module(f"class End:\n    features = {stated}\n    def __init__(self, *given):\n        pass\n")
    with pytest.raises(BadInput, match=said):
        PythonTarget(f"{name}:End")
