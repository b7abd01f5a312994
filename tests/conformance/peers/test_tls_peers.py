"""Erlang ssl, Java JSSE, OpenSSL, aioquic and our own wire as targets, and quick experiments on the real programs."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography")
pytest.importorskip("OpenSSL")

from rekeyspec.conformance.adapters.keeper import descendants
from rekeyspec.conformance.peers import need
from rekeyspec.conformance.peers.named import peer_named
from rekeyspec.conformance.peers.own.proxy import Frame, nothing, proxying
from rekeyspec.conformance.peers.own.scene import read
from rekeyspec.conformance.peers.run import run
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import Broken
from rekeyspec.conformance.verdict import Case

NAMES = ("aioquic", "erlang", "jsse", "openssl", "wire")
PROGRAMS = [pytest.param(name, marks=pytest.mark.peer(name)) for name in NAMES]


def silent(target: str, done: int, all_of_them: int) -> None:
    """Nobody watches the progress."""


def judged(name: str, where: Path, *experiments: str) -> dict[str, Case]:
    return {case.trace: case for case in run([peer_named(f"peer:{name}")], where, silent, experiments, 1)}


def played(name: str, where: Path, script: Callable[[Any], Awaitable[None]]) -> Case:
    """What becomes of this script, played with the program's plainest experiment."""
    target = peer_named(f"peer:{name}")
    plain = next(e for e in target.experiments() if e.name == "CLOSE-1-quit")
    changed = replace(plain, provocation=replace(plain.provocation, script=script))
    [case] = run([replace(target, experiments=lambda: [changed])], where, silent, (), 1)
    return case


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_rule_is_asked_or_said_not_to_be(name: str) -> None:
    target = peer_named(f"peer:{name}")
    asked = {rule for e in target.experiments() for rule in e.rules}
    assert asked | set(target.unsupported()) == set(rules())
    assert not asked & set(target.unsupported())
    names = [e.name for e in target.experiments()]
    assert len(names) == len(set(names))


@pytest.mark.peer("erlang")
def test_erlang_counts_what_it_sends_to_the_byte_and_not_what_comes(tmp_path: Path) -> None:
    found = judged("erlang", tmp_path, "BYTE-3-sent.18000", "BYTE-3-received")
    assert found["BYTE-3-sent.18000"].word == "conforms"
    assert found["BYTE-3-sent.18000"].reason.startswith("rekeyed 3 times, after 18000 bytes")
    assert found["BYTE-3-received"].divergence is not None
    assert found["BYTE-3-received"].divergence.rule == "BYTE-1"


@pytest.mark.peer("jsse")
def test_a_limit_of_jsse_on_the_real_wire(tmp_path: Path) -> None:
    [case] = judged("jsse", tmp_path, "BYTE-3-sent.18000").values()
    assert case.word == "conforms"
    assert case.trial is not None
    assert case.trial.follows is not None
    assert case.trial.follows["byte_trigger"] == "at-once"


@pytest.mark.peer("openssl")
def test_openssl_sends_on_during_a_key_update_and_waits_during_a_renegotiation(tmp_path: Path) -> None:
    found = judged("openssl", tmp_path, "REKEY-1-slow", "REKEY-1-slow.tls12", "EST-2-wrong-key")
    assert {name: case.word for name, case in found.items()} == {
        "REKEY-1-slow": "violates",
        "REKEY-1-slow.tls12": "conforms",
        "EST-2-wrong-key": "conforms",
        "EST-2-wrong-key.default": "violates",
    }
    assert "'After sending a KeyUpdate message" in found["REKEY-1-slow"].reason


@pytest.mark.peer("aioquic")
def test_aioquic_on_a_clock_of_ours(tmp_path: Path) -> None:
    found = judged("aioquic", tmp_path, "DEAD-3-silent", "REKEY-2-old-key", "REKEY-5-both")
    assert {name: case.word for name, case in found.items()} == {
        "DEAD-3-silent": "conforms",
        "DEAD-3-silent.heartbeats": "conforms",
        "REKEY-2-old-key": "violates",
        "REKEY-5-both": "conforms",
    }
    assert found["DEAD-3-silent"].reason == "gave up 800 ms after that; configured are 800 ms"


@pytest.mark.peer("wire")
def test_our_own_wire_by_its_log_and_through_a_proxy(tmp_path: Path) -> None:
    found = judged("wire", tmp_path, "BYTE-3-sent.exceeded", "EST-4-ignored")
    assert [case.word for case in found.values()] == ["conforms", "conforms"]
    assert found["BYTE-3-sent.exceeded"].exercised >= {"BYTE-3", "BYTE-4"}


CLIENTS = {"erlang": "rekeyspec_client", "jsse": "RekeyspecClient", "openssl": "s_client", "wire": "connect"}
"""A word of each client's command line."""


def client_of(name: str) -> int:
    """The process of the client that we run, and not that of its keeper."""
    for pid in descendants(os.getpid()):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
        if CLIENTS[name] in words and "keeper.py" not in words:
            return pid
    raise AssertionError("there is no client")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="it takes /proc to find the client")
@pytest.mark.parametrize("name", [p for p in PROGRAMS if p.values[0] != "aioquic"])
def test_a_program_that_is_killed_in_the_middle_is_broken_and_says_how(name: str, tmp_path: Path) -> None:
    async def killed(s: Any) -> None:
        await s.wait(0.1)
        os.kill(client_of(name), signal.SIGKILL)
        await s.wait(0.3)

    case = played(name, tmp_path, killed)
    assert case.word == "broken"
    assert "was ended by SIGKILL in the middle of the experiment" in case.reason
    assert (Path(case.evidence) / "program.log").exists()


@pytest.mark.peer("aioquic")
def test_a_library_that_raises_is_broken_with_what_was_seen(tmp_path: Path) -> None:
    def raises(link: Any) -> None:
        link.ends["client"].send_stream_data(1, b"not a stream of its own")

    case = played("aioquic", tmp_path, raises)  # type: ignore[arg-type]
    assert case.word == "broken"
    assert case.reason.startswith("aioquic raised ")
    assert "HELLO" in (Path(case.evidence) / "packets.txt").read_text()


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        pytest.param("erlang", {"options": "[{key_update_at, -1}]"}, "key_update_at", marks=pytest.mark.peer("erlang")),
        pytest.param("openssl", {"more": "-nonsense"}, "nonsense", marks=pytest.mark.peer("openssl")),
        pytest.param("jsse", {"timeout": "soon"}, "soon", marks=pytest.mark.peer("jsse")),
    ],
)
def test_a_client_that_does_not_start_is_broken_and_its_complaint_is_kept(
    name: str, options: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    target = peer_named(f"peer:{name}")
    plain = target.experiments()[-1]
    unusable = replace(plain, provocation=replace(plain.provocation, options=options))  # type: ignore[type-var]
    [case] = run([replace(target, experiments=lambda: [unusable])], tmp_path, silent, (), 1)
    assert case.word == "broken"
    assert "before its link was open" in case.reason
    assert complaint in (Path(case.evidence) / "program.log").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_unsupported_with_its_package(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(need, "installed", lambda _: None)
    [case] = run([peer_named(f"peer:{name}")], tmp_path / "evidence", silent)
    assert case.word == "unsupported"
    assert case.reason.startswith("not-installed: ")
    assert not (tmp_path / "evidence").exists()


def test_a_log_that_cannot_be_read_is_broken(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"client\.jsonl cannot be read"):
        read(tmp_path / "client.jsonl")
    (tmp_path / "client.jsonl").write_text('{"log": 0}\nnonsense\n')
    with pytest.raises(Broken, match=r"client\.jsonl cannot be read"):
        read(tmp_path / "client.jsonl")


def frame(body: bytes) -> bytes:
    from rekeyspec.reference.wire.frames import SEALED, header

    return header(SEALED, "single", 1, 0, len(body)) + body


async def passed(prepare: Callable[[Any], None], said: bytes, wait: float = 0.1) -> bytes:
    """What comes to the client of what a server says through a proxy."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        served.append(writer)

    served: list[asyncio.StreamWriter] = []
    async with proxying() as proxy, await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        proxy.server = server.sockets[0].getsockname()[1]
        prepare(proxy)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        got = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while piece := await reader.read(1 << 16):
                    got += piece
        for one in (writer, *served):
            one.close()
            await one.wait_closed()
        return got


def test_the_proxy_passes_loses_alters_and_repeats_whole_frames() -> None:
    one, two = frame(b"first"), frame(b"the second")

    def got(**knobs: Any) -> bytes:
        def prepare(proxy: Any) -> None:
            for name, value in knobs.items():
                setattr(proxy, name, value)

        return asyncio.run(passed(prepare, one + two))

    changed = one[:-1] + bytes((one[-1] ^ 1,)), two[:-1] + bytes((two[-1] ^ 1,))
    assert got() == one + two
    assert got(lets={"up": nothing, "down": nothing}) == b""
    assert got(lets={"up": nothing, "down": lambda f: isinstance(f, Frame) and f.length > 5}) == two
    assert got(alters=True) == changed[0] + one + changed[1] + two
    assert got(repeats=True) == one + one + two + two
