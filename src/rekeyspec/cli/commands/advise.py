"""`rekeyspec advise`: which policy to use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rekeyspec.cli.commands.bench.needs import needs

if TYPE_CHECKING:
    from rekeyspec.benchmarks.advice.wanted import Priced, Wanted


def advise(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    workload: Annotated[
        str,
        typer.Option(metavar="NAME|FILE", help="What the users do: a name of `bench policies`, or a .csv or .pcap."),
    ] = "messaging",
    overhead: Annotated[
        str | None, typer.Option(metavar="PART", help="What negotiations may add to what the data costs, as 1%.")
    ] = None,
    cpu: Annotated[
        str | None, typer.Option(metavar="TIME", help="What they may take a link and day, both ends, as 50ms.")
    ] = None,
    exposure_bytes: Annotated[
        str | None, typer.Option(metavar="SIZE", help="The most data under one key, as 1GiB.")
    ] = None,
    exposure_time: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long a cracked key may be of use to forge data, as 1h.")
    ] = None,
    cipher: Annotated[str, typer.Option(metavar="NAME", help="As `bench cost` names it.")] = "AES-128-GCM",
    certificate: Annotated[str, typer.Option(metavar="NAME", help="As `bench cost` names it.")] = "P-256",
    group: Annotated[str, typer.Option(metavar="NAME", help="As `bench cost` names it.")] = "X25519",
    authentication: Annotated[str, typer.Option(metavar="NAME", help="mutual, or server-only.")] = "mutual",
    costs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The cost.json of `bench cost`; or else they are measured now.")
    ] = None,
    links: Annotated[int, typer.Option(metavar="N", help="Links that each policy is tried on, for a day.")] = 50,
    latency: Annotated[int, typer.Option(metavar="MS", help="How long a message is under way.")] = 20,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed, the same users.")] = 1,
    policy: Annotated[Path | None, typer.Option("--policy", metavar="FILE.yaml", help="Write the policy here.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Write all that was tried here, as JSON and CSV.")
    ] = None,
) -> None:
    """Find the cheapest policy that exposes no more than you allow, on your workload; or say why none is cheap enough.

    Exit 0: there is one. 1: none keeps both. 2: bad input. An interrupt tells what was found so far.
    """
    needs("advise", wire=True)
    from rekeyspec.benchmarks.advice.answer import answered, policy_file, words
    from rekeyspec.benchmarks.advice.search import search
    from rekeyspec.benchmarks.advice.wanted import KNOWN, Wanted, one_of, share, size, span
    from rekeyspec.benchmarks.policies.run import chosen_workloads
    from rekeyspec.conformance.progress import ProgressLine
    from rekeyspec.conformance.report.output import check_directory, check_writable, write_whole

    ((name, offers),) = chosen_workloads([workload]).items()
    wanted = Wanted(
        name,
        offers,
        one_of("--cipher", cipher, KNOWN["cipher"]),
        one_of("--certificate", certificate, KNOWN["certificate"]),
        one_of("--group", group, KNOWN["group"]),
        one_of("--authentication", authentication, KNOWN["authentication"]),
        None if overhead is None else share("--overhead", overhead),
        None if cpu is None else span("--cpu", cpu),
        None if exposure_bytes is None else size("--exposure-bytes", exposure_bytes),
        None if exposure_time is None else span("--exposure-time", exposure_time),
        links,
        latency,
        seed,
    )
    if policy is not None:
        check_writable(policy)
    if output is not None:
        check_directory(output)
    prices = _prices(wanted, costs)
    with ProgressLine() as line:
        tried, complete = search(wanted, prices, lambda done, whole: line("policies", done, whole))
    found = answered(wanted, prices, tried, complete)
    for sentence in words(found):
        typer.echo(sentence)
    if output is not None:
        found.results().write(output)
    if not complete:
        raise KeyboardInterrupt
    if found.chosen is None:
        raise typer.Exit(1)
    text = policy_file(found)
    if policy is None:
        typer.echo(f"\n{text}", nl=False)
    else:
        write_whole(policy, text)
        typer.echo(f"written: {policy}")


def _prices(wanted: Wanted, costs: Path | None) -> Priced:
    from rekeyspec.benchmarks.advice.wanted import priced, to_measure
    from rekeyspec.benchmarks.cost.costs import load, measure_costs

    if costs is not None:
        return priced(wanted, load(costs), f"from {costs.name}")
    return priced(wanted, measure_costs(to_measure(wanted)), "measured now")
