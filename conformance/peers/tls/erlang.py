"""Erlang's ssl application as a stack: a small client, compiled once (`rekeyspec_client.erl`)."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from rekeyspec.conformance.peers.space import ran
from rekeyspec.conformance.peers.tls.stack import Options

SOURCE: Final = "rekeyspec_client"


class Erlang:
    """`options` has `options`, of ssl:connect as an Erlang term, and `timeout`, of ssl:connect too (ms)."""

    name = "Erlang ssl"

    status_tells = True

    def __init__(self) -> None:
        self._code = Path()

    async def prepare(self, private: Path) -> None:
        """Compile the client."""
        self._code = private
        source = private / f"{SOURCE}.erl"
        source.write_text(files(__package__).joinpath(source.name).read_text("utf-8"), "utf-8")
        await ran(["erlc", "-o", str(private), str(source)])

    def argv(self, port: int, directory: Path, options: Options) -> list[str]:
        """One scheduler is enough, and costs the machine less."""
        told = [str(port), str(directory), options.get("timeout", "infinity"), options.get("options", "[]")]
        return ["erl", "-noshell", "+S", "1:1", "+sbwt", "none", "-pa", str(self._code), "-run", SOURCE, "main", *told]

    def write(self, size: int) -> bytes:
        """A line on its stdin."""
        return f"write {size}\n".encode()

    def renew(self, old: bool) -> bytes:
        """ssl:update_keys(Socket, read_write)."""
        return b"renew\n"

    def quit(self) -> bytes:
        """ssl:close(Socket)."""
        return b"quit\n"

    def got(self, line: str) -> int:
        """`got N`."""
        word, _, size = line.partition(" ")
        return int(size) if word == "got" and size.isdigit() else 0
