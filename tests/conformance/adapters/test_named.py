"""Targets by name, and the reference as one of them."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.adapters.process import ExecTarget
from rekeyspec.conformance.adapters.python import PythonTarget
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.target import BadInput, Reply
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message


def test_each_form_names_its_target() -> None:
    assert isinstance(target_named("reference"), ReferenceTarget)
    assert isinstance(target_named("python:json:loads"), PythonTarget)
    command = target_named("exec:python 'an adapter.py' --level=1:2")
    assert isinstance(command, ExecTarget)
    assert command.name == "exec:python 'an adapter.py' --level=1:2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("refrence", "did you mean 'reference'?"),
        ("Reference", "did you mean 'reference'?"),
        ("reference:", "did you mean 'reference'?"),
        ("exe:./a b", "did you mean 'exec:./a b'?"),
        ("pyhton:m:A", "did you mean 'python:m:A'?"),
        ("per:asyncssh", "did you mean 'peer:asyncssh'?"),
        ("my_adapter.py", "is no target"),
        ("", "is no target"),
    ],
)
def test_what_names_none_is_bad_input_that_lists_the_forms(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        target_named(text)
    message = str(caught.value)
    assert said in message
    for form in ("reference", "python:MODULE:ATTR", "exec:COMMAND", "peer:NAME"):
        assert form in message


def test_the_reference_is_an_end_like_any_other() -> None:
    with target_named("reference") as target:
        assert (target.name, dict(target.unsupported)) == ("reference", {})
        end = target.open("client", Policy(negotiation_timeout=70))
        start = Event(3, "client", "Start", Message("start", 1, negotiation="c1"), link="b")
        assert end.run([Event(3, "client", "Open", link="b")]) == [Reply((start,), 73)]
        end.close()


def test_the_reference_is_not_told_who_else_has_the_key() -> None:
    end = target_named("reference").open("client", Policy())
    end.run([Event(0, "client", "Open"), Event(1, "client", "Arrive", Message("answer", 1, negotiation="c1"))])
    forged = Message("data", 1, 1, bytes=5, sealed_by="adversary")
    (delivered,) = end.step(Event(2, "client", "Arrive", forged)).did
    assert delivered == Event(2, "client", "Deliver", forged._replace(sealed_by="peer"))
