"""`rekeyspec bench cost`: handshake cost against data per key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rekeyspec.cli.commands.bench.needs import needs

_Names = typer.Option(metavar="NAME,...", help="Only these.")


def cost(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    quick: Annotated[bool, typer.Option("--quick", help="Less often each: under two minutes.")] = False,
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Where JSON, CSV and the figure are written.")
    ] = Path("rekeyspec-bench"),
    volumes: Annotated[
        str | None, typer.Option(metavar="SIZE,...", help="Data per key, as 32KiB,1MiB,16GiB; measured to 1 GiB.")
    ] = None,
    messages: Annotated[
        str | None, typer.Option("--message", metavar="SIZE,...", help="Sizes of messages, as 1KiB,16KiB.")
    ] = None,
    negotiations: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="tls1.3-full, tls1.3-resumed-dhe, tls1.3-resumed-psk, tls1.2-full, tls1.2-abbreviated, "
            "tls1.2-in-place, ratchet, wire-full, wire-abbreviated.",
        ),
    ] = None,
    certificates: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="P-256, RSA-2048, RSA-3072, RSA-4096, Ed25519.")
    ] = None,
    groups: Annotated[str | None, typer.Option(metavar="NAME,...", help="X25519, P-256, X25519MLKEM768.")] = None,
    authentication: Annotated[str | None, typer.Option(metavar="NAME,...", help="mutual, server-only.")] = None,
    ciphers: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="AES-128-GCM, AES-256-GCM, ChaCha20-Poly1305.")
    ] = None,
) -> None:
    """Measure what negotiations and data cost, and from how much data per key on a new one costs next to nothing.

    The first of each option is what the others are compared with. An interrupt keeps what was measured.
    """
    needs("bench cost", wire=True)
    from rekeyspec.benchmarks.cost import choices
    from rekeyspec.benchmarks.cost.figure import drawn
    from rekeyspec.benchmarks.cost.run import run
    from rekeyspec.benchmarks.cost.show import show
    from rekeyspec.conformance.progress import ProgressLine
    from rekeyspec.conformance.report.output import check_directory

    def some(option: str, text: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
        return known if text is None else choices.names(option, text, known)

    settings = choices.Settings(
        quick,
        some("--negotiations", negotiations, choices.NEGOTIATIONS),
        some("--certificates", certificates, choices.CERTIFICATES),
        some("--groups", groups, choices.GROUPS),
        some("--authentication", authentication, choices.AUTHENTICATIONS),
        some("--ciphers", ciphers, choices.CIPHERS),
        choices.MESSAGES if messages is None else choices.sizes("--message", messages),
        choices.VOLUMES if volumes is None else choices.sizes("--volumes", volumes),
    )
    check_directory(output)
    with ProgressLine() as line:
        found = run(settings, line)
    files = found.results().write(output, {"cost": drawn(found.tables)} if found.tables.figures else None)
    show(found, files)
    if not found.complete:
        raise KeyboardInterrupt
