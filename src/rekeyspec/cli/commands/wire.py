"""`rekeyspec keygen`, `serve` and `connect`: the reference on a real link."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rekeyspec.cli.wire import Settings
    from rekeyspec.reference.vocabulary import Role

Ciphers = Literal["AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"]
Ways = Literal["tls1.3", "tls1.2", "tls1.2-renegotiation"]

Profile = Annotated[
    str, typer.Option("--profile", metavar="NAME|FILE", help="The policy of the link; both ends must have the same.")
]
Authority = Annotated[Path, typer.Option(metavar="FILE", help="Whom this end believes: certificates in PEM.")]
Certificate = Annotated[Path | None, typer.Option(metavar="FILE", help="Who this end is: its certificate in PEM.")]
Key = Annotated[Path | None, typer.Option(metavar="FILE", help="The private key of the certificate, in PEM.")]
Cipher = Annotated[Ciphers, typer.Option(help="What seals records; both ends must have the same.")]
Way = Annotated[
    Ways, typer.Option("--negotiation", help="How keys are negotiated: a TLS connection for each, or one renegotiated.")
]
Two = Annotated[int, typer.Option(metavar="1|2", min=1, max=2, help="2: data has a connection of its own.")]
Log = Annotated[Path | None, typer.Option("--log", metavar="FILE", help="Write the event log: audit reads it.")]
Metrics = Annotated[
    int | None, typer.Option("--metrics", metavar="PORT", help="Serve counters to Prometheus on this local port.")
]


def keygen(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write them; nothing is overwritten.")],
    host: Annotated[
        list[str] | None, typer.Option("--host", metavar="NAME", help="A name or address of the server; repeatable.")
    ] = None,
) -> None:
    """Make a demo authority, and certificates of a client and a server, to try `serve` and `connect` with."""
    _needs("keygen")
    from rekeyspec.conformance.target import BadInput
    from rekeyspec.reference.wire.credentials import BadCredentials
    from rekeyspec.reference.wire.credentials import keygen as make

    try:
        made = make(folder, tuple(host or ("localhost", "127.0.0.1")))
    except (BadCredentials, OSError) as why:
        raise BadInput(str(why)) from None
    for one in made:
        typer.echo(one)


def serve(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    address: Annotated[str, typer.Argument(metavar="[HOST:]PORT", help="Where to listen; port 0 takes a free one.")],
    authority: Authority,
    certificate: Certificate = None,
    key: Key = None,
    profile: Profile = "combined",
    cipher: Cipher = "AES-128-GCM",
    negotiation: Way = "tls1.3",
    connections: Two = 1,
    forward: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Join every link to a connection of its own to here.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append what comes to this file, not to standard output.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when the first link has ended.")] = False,
    log: Log = None,
    metrics: Metrics = None,
) -> None:
    """Be the server of links that change their keys by the rules. SIGHUP reads the certificates again, SIGTERM ends."""
    import asyncio

    _needs("serve")
    from rekeyspec.cli.wire import serve as run

    settings = _settings(
        "server", profile, (authority, certificate, key), "", cipher, negotiation, connections, log, metrics
    )
    host, port = _address(address, "127.0.0.1")
    to = _address(forward, "127.0.0.1") if forward is not None else None
    raise typer.Exit(asyncio.run(run(settings, host, port, to, output, once)))


def connect(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="The server.")],
    authority: Authority,
    certificate: Certificate = None,
    key: Key = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose certificate the server must have; without it, HOST's.")
    ] = None,
    profile: Profile = "combined",
    cipher: Cipher = "AES-128-GCM",
    negotiation: Way = "tls1.3",
    connections: Two = 1,
    source: Annotated[
        Path | None, typer.Option("--input", metavar="FILE", help="Send this file, not standard input.")
    ] = None,
    listen: Annotated[
        int | None, typer.Option(metavar="PORT", help="Open a link for each connection that comes to this local port.")
    ] = None,
    log: Log = None,
    metrics: Metrics = None,
) -> None:
    """Open a link to a server and send standard input; what the server sends goes to standard output."""
    import asyncio

    _needs("connect")
    from rekeyspec.cli import wire

    host, port = _address(address, "")
    settings = _settings(
        "client", profile, (authority, certificate, key), name or host, cipher, negotiation, connections, log, metrics
    )
    work = wire.listen(settings, host, port, listen) if listen is not None else wire.pour(settings, host, port, source)
    raise typer.Exit(asyncio.run(work))


def _needs(command: str) -> None:
    """A clear word where the extra is missing."""
    try:
        import cryptography  # noqa: F401
        import OpenSSL  # noqa: F401
    except ImportError:
        from rekeyspec.conformance.yamlfile import problem

        raise problem(
            command, "no cryptography or pyOpenSSL", "both", "install them with: pip install 'rekeyspec[wire]'"
        ) from None


def _settings(  # noqa: PLR0913, PLR0917  (as many as there are options)
    role: Role,
    profile: str,
    files: tuple[Path, Path | None, Path | None],
    peer: str,
    cipher: Ciphers,
    negotiation: Ways,
    connections: int,
    log: Path | None,
    metrics: int | None,
) -> Settings:
    from rekeyspec.cli.wire import Settings
    from rekeyspec.conformance.policies import policy_named
    from rekeyspec.conformance.yamlfile import problem

    _, policy = policy_named(profile)
    if connections > policy.channels:
        raise problem(
            "--connections", f"{connections} with `channels` {policy.channels}", "as many channels as connections",
            "set `channels: 2` in the policy, or leave the option out",
        )  # fmt: skip
    return Settings(role, policy, *files, peer, cipher, negotiation, connections, log, metrics)


def _address(text: str, default: str) -> tuple[str, int]:
    from rekeyspec.conformance.yamlfile import problem, shown

    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535 or not (host or default):
        raise problem("address", shown(text), "HOST:PORT", "for example localhost:4433")
    return host.strip("[]") or default, int(port)
