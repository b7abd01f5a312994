"""OpenSSL as a stack: `openssl s_client`, whose user types lines; one that begins with K is a command."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rekeyspec.conformance.peers.tls.stack import Options

_CIPHER: Final = "TLS_AES_128_GCM_SHA256"


class SClient:
    """`options` has `more`, further options of s_client, by spaces."""

    name = "OpenSSL s_client"

    status_tells = False

    async def prepare(self, private: Path) -> None:
        """Nothing has to be made."""

    def argv(self, port: int, directory: Path, options: Options) -> list[str]:
        """Quiet, so that stdout is what the server sent; but commands on stdin, and its end, still count."""
        own = ["-CAfile", "authority.pem", "-cert", "client.pem", "-key", "client.key"]
        placed = [str(directory / word) if "." in word else word for word in own]
        shown = ["-quiet", "-no_ign_eof", *options.get("more", "-verify_return_error").split()]
        suites = [] if "-tls1_2" in shown else ["-tls1_3", "-ciphersuites", _CIPHER]
        return ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *placed, *shown, *suites]

    def write(self, size: int) -> bytes:
        """A line of so many bytes, its end included."""
        return b"." * (size - 1) + b"\n"

    def renew(self, old: bool) -> bytes:
        """K: a KeyUpdate that asks for another; R: in TLS 1.2 a renegotiation."""
        return b"R\n" if old else b"K\n"

    def quit(self) -> bytes:
        """Q: end the link."""
        return b"Q\n"

    def got(self, line: str) -> int:
        """What our server sends are lines of dots."""
        return len(line) + 1 if line.startswith(".") else 0
