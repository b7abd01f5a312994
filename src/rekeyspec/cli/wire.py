"""What `rekeyspec serve` and `rekeyspec connect` run: links, their log, their counters, and the end on a signal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final, Literal

from rekeyspec import __version__
from rekeyspec.conformance.log import lines, row
from rekeyspec.conformance.target import BadInput, Broken
from rekeyspec.conformance.yamlfile import problem
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role
from rekeyspec.reference.wire import pipe
from rekeyspec.reference.wire.aio import Lost, Server, Wire, connect
from rekeyspec.reference.wire.credentials import BadCredentials, load
from rekeyspec.reference.wire.link import Counters, Ended, Link, Missed, News, Renewed, Suspected, Weak, ceiled
from rekeyspec.reference.wire.negotiation import Connections, Negotiator, Renegotiations, Tls, Version

Negotiation = Literal["tls1.3", "tls1.2", "tls1.2-renegotiation"]

_VERSION: Final[dict[Negotiation, Version]] = {"tls1.3": "1.3", "tls1.2": "1.2", "tls1.2-renegotiation": "1.2"}


@dataclass(frozen=True)
class Settings:
    """What both programs are told."""

    role: Role
    policy: Policy
    authority: Path
    certificate: Path | None
    key: Path | None
    peer: str
    cipher: str
    negotiation: Negotiation
    connections: int
    log: Path | None
    metrics: int | None


def say(words: str) -> None:
    """A line for the person who watches."""
    print(f"rekeyspec: {words}", file=sys.stderr, flush=True)


def told(news: News) -> str:
    """What is worth a person's while, with what was done; empty for what is not."""
    match news:
        case Suspected(message, closes):
            done = "the link is closed" if closes else "it was dropped, and the link goes on"
            return f"suspected spoof (IDLE-4): {message.bytes} bytes under epoch {message.epoch} not delivered; {done}"
        case Missed():
            return "a heartbeat of the peer is missing (DEAD-3): only a new key is trusted now"
        case Weak(rule, what):
            return f"weak ({rule}): {what}"
        case Ended(why) if why != "CLOSE-1":
            return f"the link has ended: {why}"
        case Ended() | Renewed():
            return ""
    return ""


class Log:
    """The event log, written as things happen: what `rekeyspec audit` reads."""

    def __init__(self, path: Path, policy: Policy, role: Role) -> None:
        try:
            self._out = path.open("x", encoding="utf-8", buffering=1)
        except FileExistsError:
            raise problem(
                str(path), "a file that is there already", "a new one", "name another, or remove it"
            ) from None
        except OSError as why:
            raise problem(str(path), f"{why.strerror}", "a file to write to", "name another") from None
        for line in lines(policy, f"rekeyspec {__version__} {role}", 0, []):
            self._out.write(line + "\n")

    def events(self, link: str) -> Callable[[Event], None]:
        """Where one link's events go. The log is in the order in which things happened; each link has its own time."""
        return lambda event: self._write(event._replace(link=link))

    def _write(self, event: Event) -> None:
        self._out.write(json.dumps(row(event)) + "\n")

    def close(self) -> None:
        """No more is written."""
        self._out.close()


class Running:
    """A program while it runs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._tls = self._configured()
        self._links = (str(number) for number in count(1))
        self._open: set[Link] = set()
        self._sum = Counters()
        self._ended = 0
        policy = ceiled(settings.policy, settings.cipher)
        self._log = Log(settings.log, policy, settings.role) if settings.log is not None else None
        self.stop = asyncio.Event()

    def _configured(self) -> Tls:
        s = self.settings
        try:
            credentials = load(s.authority, s.certificate, s.key)
        except BadCredentials as why:
            raise BadInput(str(why)) from None
        mutual = s.policy.authentication == "mutual"
        if credentials.key is None and (mutual or s.role == "server"):
            raise problem(
                f"{s.role}", "no certificate", "a certificate and its key",
                "give --certificate and --key; `rekeyspec keygen` makes a set to try",
            )  # fmt: skip
        in_place = s.negotiation == "tls1.2-renegotiation"
        if in_place and s.policy.session_cache == "on":
            raise problem(
                "--negotiation", "tls1.2-renegotiation with `session_cache` on", "one of them",
                "inside one connection nothing is resumed: switch one of the two off",
            )  # fmt: skip
        return Tls(credentials, s.role, version=_VERSION[s.negotiation], mutual=mutual, peer=s.peer, in_place=in_place)

    def reload(self) -> None:
        """SIGHUP: the certificates are read again, for the links that open from now on."""
        try:
            self._tls = self._configured()
            say("certificates read again")
        except BadInput as why:
            say(f"certificates not read again, the old ones stay: {why}")

    def link(self) -> Link:
        """A link that is about to open."""
        s, name = self.settings, next(self._links)
        log = self._log.events(name) if self._log is not None else lambda _: None
        negotiator: Negotiator = (
            Renegotiations(self._tls) if s.negotiation == "tls1.2-renegotiation" else Connections(self._tls)
        )
        made = Link(s.policy, s.role, negotiator, cipher=s.cipher, connections=s.connections, log=log)
        self._open.add(made)
        return made

    def news(self, link: Link, news: News) -> None:
        """Tell the person who watches; and count what has ended."""
        refused = isinstance(news, Ended) and link.role == "client" and not link.token  # `connect` itself says so
        if not refused and (words := told(news)):
            say(words)
        if isinstance(news, Ended) and link in self._open:
            self._open.discard(link)
            self._ended += 1
            self._sum = _added(self._sum, link.counters)

    def metrics(self) -> str:
        """The counters, as Prometheus reads them."""
        total = self._sum
        for link in self._open:
            total = _added(total, link.counters)
        found = {f"rekeyspec_{name}_total": value for name, value in asdict(total).items() if name != "late"}
        found |= {"rekeyspec_links_open": len(self._open), "rekeyspec_links_ended_total": self._ended}
        found |= {"rekeyspec_late_ms_max": total.late}
        kinds = {name: "counter" if name.endswith("_total") else "gauge" for name in found}
        return "".join(f"# TYPE {name} {kinds[name]}\n{name} {value}\n" for name, value in found.items())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """With signals heeded and the counters served."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop.set)
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        serving = None
        try:
            if self.settings.metrics is not None:
                serving = await _listen(self._scraped, "127.0.0.1", self.settings.metrics, "--metrics")
            yield
        finally:
            if serving is not None:
                serving.close()
            if self._log is not None:
                self._log.close()

    async def _scraped(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            ConnectionError, asyncio.TimeoutError, asyncio.LimitOverrunError, asyncio.IncompleteReadError
        ):
            async with asyncio.timeout(5):
                await reader.readuntil(b"\r\n\r\n")
                text = self.metrics().encode("ascii")
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(text)}\r\n"
                writer.write(head.encode("ascii") + b"Connection: close\r\n\r\n" + text)
                await writer.drain()
        writer.close()


def _added(one: Counters, other: Counters) -> Counters:
    sums = {name: value + getattr(other, name) for name, value in asdict(one).items()}
    return Counters(**(sums | {"late": max(one.late, other.late)}))


async def _listen(came: Callable[..., object], host: str, port: int, what: str) -> asyncio.Server:
    try:
        return await asyncio.start_server(came, host, port)  # type: ignore[arg-type]
    except OSError as why:
        raise problem(what, f"{host}:{port}: {why.strerror}", "an address to listen on", "choose another") from None


async def serve(
    settings: Settings, host: str, port: int, forward: tuple[str, int] | None, output: Path | None, once: bool
) -> int:
    """Serve links until SIGTERM or, with `once`, until the first has ended. The exit code."""
    run = Running(settings)
    turn, codes = asyncio.Lock(), []

    async def served(wire: Wire) -> None:
        try:
            if forward is not None:
                await pipe.forward(wire, *await asyncio.open_connection(*forward))
            else:
                async with turn:
                    with _opened(output) as out:
                        await pipe.join(wire, pipe.nothing(), pipe.writing(out))
            codes.append(0)
        except (pipe.Cut, OSError) as why:
            say(f"not everything came through: {why}")
            codes.append(1)
        if once:
            run.stop.set()

    async with run.running():
        server = Server(run.link, served, on_news=run.news)
        try:
            port = await server.start(host, port)
        except OSError as why:
            raise problem(
                "serve", f"{host}:{port}: {why.strerror}", "an address to listen on", "choose another"
            ) from None
        say(f"listening on {host}:{port}")
        await run.stop.wait()
        await server.stop()
    return max(codes, default=0) if once else 0


@contextlib.contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        return
    with output.open("ab") as out:
        yield out


async def pour(settings: Settings, host: str, port: int, source: Path | None) -> int:
    """One link, for standard input or a file; what the server sends goes to standard output. The exit code."""
    run = Running(settings)
    async with run.running():
        with contextlib.ExitStack() as stack:
            opened = sys.stdin.buffer if source is None else stack.enter_context(_source(source))
            wire = await _connected(run, host, port)
            work = asyncio.ensure_future(pipe.join(wire, pipe.reading(opened), pipe.writing(sys.stdout.buffer)))
            stopped = asyncio.ensure_future(run.stop.wait())
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await wire.close()
            stopped.cancel()
            try:
                await work
            except pipe.Cut as why:
                say(f"not everything came through: {why}")
                return 1
    return 0


async def listen(settings: Settings, host: str, port: int, at: int) -> int:
    """A link for each connection that comes to this port, until SIGTERM. The exit code."""
    run = Running(settings)
    tasks: set[asyncio.Task[None]] = set()

    async def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            wire = await _connected(run, host, port)
            await pipe.forward(wire, reader, writer)
        except (pipe.Cut, Broken) as why:
            say(str(why))
        finally:
            writer.close()
            tasks.discard(task)

    async with run.running():
        listening = await _listen(came, "127.0.0.1", at, "--listen")
        say(f"listening on 127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        await run.stop.wait()
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return 0


async def _connected(run: Running, host: str, port: int) -> Wire:
    link = run.link()
    try:
        return await connect(host, port, link, on_news=lambda one: run.news(link, one))
    except Lost as why:
        raise Broken(f"{host}:{port}: no key came of it: {why}") from None
    except OSError as why:
        words = why.strerror or str(why)
        raise problem(
            "connect", f"{host}:{port}: {words}", "a server that listens there", "start it with `rekeyspec serve`"
        ) from None


def _source(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as why:
        raise problem(str(path), why.strerror or os.strerror(0), "a file to read", "name another") from None
