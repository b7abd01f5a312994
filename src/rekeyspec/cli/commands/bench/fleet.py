"""`rekeyspec bench fleet`: a gateway with many links."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from rekeyspec.cli.commands.bench.needs import needs

if TYPE_CHECKING:
    from rekeyspec.benchmarks.fleet.choices import Asked, Price


def fleet(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    links: Annotated[int, typer.Option(metavar="N", help="Links of the gateway.")] = 1_000_000,
    policy: Annotated[
        str, typer.Option("--policy", metavar="NAME|FILE", help="A profile, or a policy file.")
    ] = "combined",
    workload: Annotated[str, typer.Option(metavar="NAME", help="What the users do: as `bench policies`.")] = "office",
    hours: Annotated[int, typer.Option(metavar="N", help="Hours, from midnight on; the storm at nine takes ten.")] = 24,
    latency: Annotated[int, typer.Option(metavar="MS", help="How long a message is under way.")] = 20,
    jitter: Annotated[
        str, typer.Option(metavar="S,...", help="In how many seconds all wake, or come back.")
    ] = "0,1,10,60,300,900",
    cut: Annotated[str, typer.Option(metavar="S,...", help="How long the network is cut.")] = "10,60,600",
    retry: Annotated[int, typer.Option(metavar="S", help="A client whose link has ended tries again in so long.")] = 30,
    spread: Annotated[
        int, typer.Option(metavar="S", help="Links have opened in the first so many seconds; 0: all at once.")
    ] = 3600,
    cores: Annotated[int, typer.Option(metavar="N", help="Cores of the gateway.")] = 16,
    certificate: Annotated[
        str, typer.Option(metavar="NAME", help="The gateway's, as `bench cost` names it.")
    ] = "P-256",
    group: Annotated[str, typer.Option(metavar="NAME", help="As `bench cost` names it.")] = "X25519",
    costs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The cost.json of `bench cost`; or else they are measured now.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed, the same users.")] = 1,
    jobs: Annotated[
        int | None, typer.Option("-j", "--jobs", metavar="N", min=1, help="So many processes; else one a processor.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Have it done by the workers of a Dask cluster.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Where JSON, CSV and the figure are written.")
    ] = Path("rekeyspec-bench"),
) -> None:
    """Simulate a gateway's day and its storms: everyone at nine, a restart, a partition; and the cores they take.

    An interrupt keeps what was found.
    """
    needs("bench fleet", wire=costs is None)
    from rekeyspec.benchmarks.fleet.choices import Asked
    from rekeyspec.benchmarks.fleet.figure import drawn
    from rekeyspec.benchmarks.fleet.run import run
    from rekeyspec.benchmarks.fleet.show import show
    from rekeyspec.benchmarks.policies.coverage import check
    from rekeyspec.conformance.campaign.crew import crew
    from rekeyspec.conformance.policies import policy_named
    from rekeyspec.conformance.report.output import check_directory

    name, chosen = policy_named(policy)
    asked = Asked(
        chosen, name, workload, links, hours, latency, _numbers("--jitter", jitter), _numbers("--cut", cut), retry,
        spread, cores, seed, certificate, group,
    )  # fmt: skip
    check(asked.policy, latency)
    check_directory(output)
    who = crew(jobs, cluster)
    price = _price(asked, costs)
    with who, _Status() as status:
        found = run(asked, price, who.executor, who.width, status.say)
    files = found.results().write(output, {"fleet": drawn(found)} if found.day else None)
    show(found, files)
    if not found.complete:
        raise KeyboardInterrupt


def _price(asked: Asked, costs: Path | None) -> Price:
    from rekeyspec.benchmarks.cost.costs import load, measure_costs
    from rekeyspec.benchmarks.fleet.choices import price, to_measure

    if costs is not None:
        return price(load(costs), asked, f"from {costs.name}")
    return price(measure_costs(to_measure(asked)), asked, "measured now")


def _numbers(option: str, text: str) -> tuple[int, ...]:
    from rekeyspec.conformance.target import BadInput

    found = []
    for word in text.split(","):
        if not word.strip().isdecimal():
            raise BadInput(f"{option}: {word.strip()!r} was read; expected whole seconds with commas between them")
        found.append(int(word))
    return tuple(dict.fromkeys(found))


class _Status:
    """What is being done, on standard error, where that is a terminal."""

    def __init__(self) -> None:
        from rich.console import Console

        self._status = Console(stderr=True).status("measuring")

    def say(self, what: str) -> None:
        self._status.update(what)

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._status.stop()
