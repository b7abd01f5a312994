"""Java's JSSE as a stack: a small client, compiled once (`RekeyspecClient.java`)."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from rekeyspec.conformance.peers.space import ran
from rekeyspec.conformance.peers.tls.stack import Options

SOURCE: Final = "RekeyspecClient"

_LIGHT: Final = ("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m")
"""What makes a short run cheap; none of it touches JSSE."""


class Jsse:
    """`options` has `limits`, the security property jdk.tls.keyLimits, and `timeout`, setSoTimeout's (ms)."""

    name = "Java JSSE"

    status_tells = True

    def __init__(self) -> None:
        self._code = Path()

    async def prepare(self, private: Path) -> None:
        """Compile the client."""
        self._code = private
        source = private / f"{SOURCE}.java"
        source.write_text(files(__package__).joinpath(source.name).read_text("utf-8"), "utf-8")
        await ran(["javac", "-d", str(private), str(source)])

    def argv(self, port: int, directory: Path, options: Options) -> list[str]:
        """The client's own arguments follow those of the JVM."""
        told = [str(port), str(directory), options.get("timeout", "0"), options.get("limits", "")]
        return ["java", *_LIGHT, "-cp", str(self._code), SOURCE, *told]

    def write(self, size: int) -> bytes:
        """A line on its stdin."""
        return f"write {size}\n".encode()

    def renew(self, old: bool) -> bytes:
        """SSLSocket.startHandshake(), which on an open TLS 1.3 connection is a KeyUpdate."""
        return b"renew\n"

    def quit(self) -> bytes:
        """SSLSocket.close()."""
        return b"quit\n"

    def got(self, line: str) -> int:
        """`got N`."""
        word, _, size = line.partition(" ")
        return int(size) if word == "got" and size.isdigit() else 0
