"""`rekeyspec keygen`, `serve` and `connect` in processes of their own, on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

LONG = 120.0
"""Longer than anything here takes (s)."""

POLICY = """policy: 0
profile: combined
parameters: {byte_limit: 100000, channels: 2}
"""


def rekeyspec(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "rekeyspec", *map(str, words)]


def run(*words: str | Path, **more: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(rekeyspec(*words), capture_output=True, check=False, timeout=LONG, **more)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with demo certificates and a policy, which is the current one."""
    monkeypatch.chdir(tmp_path)
    assert run("keygen", "demo").returncode == 0
    (tmp_path / "mine.yaml").write_text(POLICY)
    return tmp_path


def options(end: str, *more: str | Path) -> list[str | Path]:
    demo = Path("demo")
    files = ["--authority", demo / "authority.pem", "--certificate", demo / f"{end}.pem", "--key", demo / f"{end}.key"]
    return [*files, "--profile", "mine.yaml", *more]


@contextlib.contextmanager
def serving(*more: str | Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server, and its address."""
    words = rekeyspec("serve", "127.0.0.1:0", *options("server", *more))
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline().decode()
            assert said.startswith("rekeyspec: listening on 127.0.0.1:"), said + process.stderr.read().decode()
            yield process, said.split()[-1]
        finally:
            process.kill()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("ways", [[], ["--connections", "2"], ["--negotiation", "tls1.2-renegotiation"]], ids=str)
def test_a_file_comes_through_many_keys_and_both_logs_conform(folder: Path, ways: list[str]) -> None:
    data = random.Random(1).randbytes(3_000_000)
    (folder / "data").write_bytes(data)
    with serving("--once", "--output", "got", "--log", "server.jsonl", *ways) as (server, address):
        done = run("connect", address, *options("client", "--input", "data", "--log", "client.jsonl", *ways))
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert server.wait(LONG) == 0
    assert digest((folder / "got").read_bytes()) == digest(data)
    for end in ("server", "client"):
        log = (folder / f"{end}.jsonl").read_text()
        assert log.count('"Finish"') + log.count('"Answer"') > 20
        judged = run("audit", f"{end}.jsonl")
        assert judged.returncode == 0, judged.stdout
        assert b"conforms 1" in judged.stdout


def test_standard_input_goes_to_standard_output(folder: Path) -> None:
    with serving("--once") as (server, address):
        done = run("connect", address, *options("client"), input=b"hello\n")
        assert done.returncode == 0
        out, _ = server.communicate(timeout=LONG)
    assert out == b"hello\n"


def test_a_port_is_forwarded_both_ways(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as behind:
        to = f"127.0.0.1:{behind.getsockname()[1]}"
        with serving("--forward", to) as (_, address):
            words = rekeyspec("connect", address, *options("client", "--listen", "0"))
            with subprocess.Popen(words, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as client:
                assert client.stderr is not None
                host, _, port = client.stderr.readline().decode().split()[-1].partition(":")
                with socket.create_connection((host, int(port)), timeout=LONG) as ours:
                    theirs, _ = behind.accept()
                    with theirs:
                        ours.sendall(b"ask")
                        assert theirs.recv(10) == b"ask"
                        theirs.sendall(b"answer")
                        theirs.shutdown(socket.SHUT_WR)
                        assert ours.recv(10) == b"answer"
                        assert ours.recv(10) == b""
                        ours.sendall(b"more")
                        assert theirs.recv(10) == b"more"
                client.send_signal(signal.SIGTERM)
                assert client.wait(LONG) == 0


def test_sigterm_is_a_clean_end_and_the_peer_is_told(folder: Path) -> None:
    with serving("--log", "server.jsonl") as (server, address):
        words = rekeyspec("connect", address, *options("client", "--log", "client.jsonl"))
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
            assert client.stdin is not None
            client.stdin.write(b"x")
            client.stdin.flush()
            assert server.stdout is not None
            assert server.stdout.read(1) == b"x"
            server.send_signal(signal.SIGTERM)
            assert client.wait(LONG) == 1
            assert client.stderr is not None
            assert b"not everything came through: CLOSE-1" in client.stderr.read()
        assert server.wait(LONG) == 0
    assert run("audit", "server.jsonl", "client.jsonl").returncode == 0


def test_the_peer_of_a_program_that_is_killed_ends_in_bounded_time(folder: Path) -> None:
    with serving("--once", "--log", "server.jsonl") as (server, address):
        words = rekeyspec("connect", address, *options("client"))
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as client:
            assert client.stdin is not None
            client.stdin.write(b"x")
            client.stdin.flush()
            assert server.stdout is not None
            assert server.stdout.read(1) == b"x"
            client.kill()
            _, err = server.communicate(timeout=LONG)
            client.stdin.close()
        assert server.returncode == 1
        assert b"the link has ended: the connection was " in err
    assert run("audit", "server.jsonl").returncode == 0


def test_certificates_are_read_again_on_sighup(folder: Path) -> None:
    with serving() as (server, address):
        (folder / "demo" / "server.pem").rename(folder / "old.pem")
        server.send_signal(signal.SIGHUP)
        assert server.stderr is not None
        assert (
            b"certificates not read again, the old ones stay: demo/server.pem: No such file" in server.stderr.readline()
        )
        assert run("connect", address, *options("client"), input=b"x").returncode == 0
        (folder / "old.pem").rename(folder / "demo" / "server.pem")
        server.send_signal(signal.SIGHUP)
        assert server.stderr.readline() == b"rekeyspec: certificates read again\n"


def test_counters_are_served(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving("--metrics", str(port)) as (_, address):
        assert run("connect", address, *options("client"), input=b"hello").returncode == 0
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=LONG) as answer:
            text = answer.read().decode()
    assert "rekeyspec_received_total 5\n" in text
    assert "rekeyspec_links_ended_total 1\n" in text


def test_a_peer_of_another_authority_is_told_why(folder: Path) -> None:
    assert run("keygen", "other").returncode == 0
    with serving() as (_, address):
        words = ["--authority", "other/authority.pem", *options("client")[2:]]
        done = run("connect", address, *words, input=b"secret")
    assert done.returncode == 2
    assert b"no key came of it: negotiation failed: no authority that is trusted here has signed" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["keygen", "demo"], "authority.pem is there already; give another folder, or remove it first"),
        (["serve", "nowhere", "--authority", "demo/authority.pem"], "address: read 'nowhere', expected HOST:PORT"),
        (
            ["serve", "0", "--authority", "demo/authority.pem"],
            "server: read no certificate, expected a certificate and its key",
        ),
        (
            ["serve", "0", "--authority", "none.pem"],
            "none.pem: No such file or directory; `rekeyspec keygen` makes a set",
        ),
        (
            ["serve", "0", *options("server"), "--profile", "byte-count", "--connections", "2"],
            "--connections: read 2 with",
        ),
        (["serve", "0", *options("server"), "--log", "mine.yaml"], "mine.yaml: read a file that is there already"),
        (
            ["connect", "127.0.0.1:1", *options("client")],
            "a server that listens there; start it with `rekeyspec serve`",
        ),
        (["connect", "localhost:1", *options("client"), "--input", "none"], "none: read No such file"),
        (["serve", "0", *options("server"), "--profile", "none"], "profile: read the name 'none'"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_bad_input_is_one_message_and_exit_2(folder: Path, words: list[str | Path], message: str) -> None:
    done = run(*words, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert done.stderr.startswith(b"rekeyspec: ")
    assert len(done.stderr.splitlines()) == 1
    assert sorted(one.name for one in folder.iterdir()) == ["demo", "mine.yaml"]


def test_without_the_extra_it_says_what_to_install(folder: Path) -> None:
    (folder / "OpenSSL.py").write_text("raise ImportError")
    done = run("serve", "0", *options("server"), env=os.environ | {"PYTHONPATH": str(folder)})
    assert done.returncode == 2
    assert b"pip install 'rekeyspec[wire]'" in done.stderr
