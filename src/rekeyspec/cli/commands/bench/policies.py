"""`rekeyspec bench policies`: what policies cost and leave exposed, on workloads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rekeyspec.cli.commands.bench.needs import needs


def policies(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    workload: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME|FILE", help="idle, busy, on-off, office, messaging, a .csv or .pcap; repeatable."),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME|FILE", help="A profile, a setting by its name, or a policy file; repeatable."),
    ] = None,
    days: Annotated[float, typer.Option(metavar="N", help="How long each link is simulated.")] = 1,
    links: Annotated[int, typer.Option(metavar="N", help="How many links of each workload.")] = 100,
    latency: Annotated[int, typer.Option(metavar="MS", help="How long a message is under way.")] = 20,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the workloads and of who dies when.")] = 1,
    costs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The cost.json of `bench cost`, for CPU time.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Where JSON, CSV and the figure are written.")
    ] = Path("rekeyspec-bench"),
) -> None:
    """Simulate policies on workloads: negotiations, what one key carries, how long a cracked one is of use, delays.

    Without --workload and --policy: every profile and setting on every workload, and what the two sources say of
    problems and advantages, in numbers. An interrupt keeps what is complete.
    """
    needs("bench policies")
    from rekeyspec.benchmarks.cost.costs import load
    from rekeyspec.benchmarks.policies.figure import drawn
    from rekeyspec.benchmarks.policies.rows import Prices
    from rekeyspec.benchmarks.policies.run import Settings, chosen_policies, chosen_workloads, limits, run
    from rekeyspec.benchmarks.policies.show import show
    from rekeyspec.benchmarks.policies.workloads import DAY
    from rekeyspec.conformance.progress import ProgressLine
    from rekeyspec.conformance.report.output import check_directory

    limits(days, links, latency, seed)
    prices = Prices.measured(load(costs), costs.name) if costs else Prices()
    wanted = Settings(
        chosen_workloads(workload or ()), chosen_policies(policy or ()), int(days * DAY), links, latency, seed, prices,
        sources=not workload and not policy,
    )  # fmt: skip
    check_directory(output)
    with ProgressLine() as line:
        found = run(wanted, line)
    files = found.results().write(output, {"policies": drawn(found.rows)} if found.rows else None)
    show(found, files)
    if not found.complete:
        raise KeyboardInterrupt
