"""The example of a peer in one file: it is judged as its page says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from rekeyspec.conformance.oracle import judge
from rekeyspec.conformance.peers.named import peer_named
from rekeyspec.conformance.peers.run import run
from rekeyspec.reference.conditions import Margin

FILE = Path(__file__).resolve().parents[2] / "examples" / "peers" / "chat_peer.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("chat_peer", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["chat_peer"] = module
    spec.loader.exec_module(module)
    return module


def test_it_is_judged_as_its_page_says(tmp_path: Path) -> None:
    cases = {case.trace: case for case in run([peer_named(f"peer:{FILE}")], tmp_path, lambda *_: None, (), 1)}
    assert {name: case.word for name, case in cases.items()} == {
        "HB-2-interval": "conforms",
        "DEAD-1-muted": "conforms",
        "DEAD-4-traffic": "violates",
    }
    trial = cases["DEAD-4-traffic"].trial
    assert trial is not None
    assert trial.follows == {"proof_of_life": "any"}


def test_its_translation_is_read_as_a_log(example: ModuleType) -> None:
    line = example.Line
    lines = [line(400, "client", "ping"), line(401, "server", "pong"), line(700, "harness", "end")]
    assert judge(example.BEATS, "client", example.translate(lines), Margin(ms=20))[0] is None
    divergence, _ = judge(example.BEATS, "client", example.translate(lines[2:]), Margin(ms=20))
    assert divergence is not None
    assert divergence.rule == "HB-1"
