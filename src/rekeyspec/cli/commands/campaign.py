"""`rekeyspec campaign`: many targets, profiles and suites, from a journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rekeyspec.cli.commands.expecting import ExpectedFile, UpdateExpected, exit_code, expectations

if TYPE_CHECKING:
    from rekeyspec.conformance.campaign.plan import Plan

JOURNAL = Path("rekeyspec-campaign.sqlite")


def campaign(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="TARGET", help="Whom to judge, as `check` names them; or else --plan or --resume."),
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE.yaml", help="Targets, profiles, suites and limits.")
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option("--profile", metavar="NAME|FILE", help="Judge by this profile, or policy file; repeatable."),
    ] = None,
    suite: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            metavar="hand|model|DIR|explore:EXAMPLES[:SEED]",
            help="The traces written by hand, the tours of models, a folder of tours, or a search; repeatable.",
        ),
    ] = None,
    step_timeout: Annotated[
        float | None,
        typer.Option(metavar="S", min=0.001, help="Seconds for each answer of an adapter; 5 if not said."),
    ] = None,
    case_timeout: Annotated[
        float | None, typer.Option(metavar="S", min=0.001, help="Seconds for each trace or example; 60 if not said.")
    ] = None,
    quarantine: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Give a target up after N breaks in a row; 3 if not said.")
    ] = None,
    evidence: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Where logs of real programs, and traces that a search found, are kept."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("-j", "--jobs", metavar="N", min=1, help="So many processes; 1: this one. Else one a processor."),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Have it done by the workers of a Dask cluster.")
    ] = None,
    journal: Annotated[Path, typer.Option(metavar="FILE", help="Where what is done is written down.")] = JOURNAL,
    resume: Annotated[
        Path | None, typer.Option(metavar="JOURNAL", help="Go on with this journal's campaign, and report it.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the verdicts as JSON.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write them as JUnit XML.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.html", help="Write one HTML file with everything.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write a summary for a CI job, in Markdown.")
    ] = None,
    badges: Annotated[
        Path | None, typer.Option("--badges", metavar="DIR", help="Draw a badge for each target and policy.")
    ] = None,
    expected: ExpectedFile = None,
    update_expected: UpdateExpected = False,
) -> None:
    """Judge many targets under many profiles by many suites. Killed, the same command goes on from its journal."""
    import time

    from rich.console import Console

    from rekeyspec.conformance.campaign.course import carried_out, existing
    from rekeyspec.conformance.campaign.crew import crew
    from rekeyspec.conformance.campaign.journal import Journal
    from rekeyspec.conformance.campaign.progress import Watched
    from rekeyspec.conformance.report.outputs import Outputs
    from rekeyspec.conformance.report.terminal import show

    limits = {"step_timeout": step_timeout, "case_timeout": case_timeout, "quarantine": quarantine}
    said = {name: value for name, value in limits.items() if value is not None}
    chosen = _chosen(plan, resume, targets or [], profile or [], suite or [], said, evidence)
    outputs = Outputs(json, junit, report, markdown, None, badges)
    outputs.check()
    known = expectations(expected, update_expected)
    who = crew(jobs, cluster)
    with Journal(existing(resume) if resume else journal) as book:
        with Watched(time.monotonic) as progress:
            checked = carried_out(book, chosen, who, progress, lambda text: typer.echo(f"rekeyspec: {text}", err=True))
        show(checked.report, Console())
        for note in checked.notes:
            typer.echo(note)
        for trouble in checked.troubles:
            typer.echo(f"rekeyspec: {trouble}", err=True)
        outputs.write(checked.report)
        code = exit_code(checked, known, update_expected)
        book.close_report()
    raise typer.Exit(code)


def _chosen(
    file: Path | None,
    resume: Path | None,
    targets: list[str],
    profiles: list[str],
    suites: list[str],
    limits: dict[str, float],
    evidence: str | None,
) -> Plan | None:
    """The plan of a file, or of these words; None where the journal has it. Raises BadInput."""
    from rekeyspec.conformance.campaign.plan import EVIDENCE, Limits, made, read
    from rekeyspec.conformance.yamlfile import problem

    words = [*targets, *profiles, *suites, *limits]
    if resume and (file or words or evidence):
        remedy = "give --resume without them: the plan is in the journal"
        raise problem(f"--resume {resume}", "a plan besides", "none", remedy)
    if file and words:
        raise problem(f"--plan {file}", f"`{words[0]}` besides", "one of the two", "write it into the plan")
    if resume:
        return None
    if file:
        return read(file, evidence or EVIDENCE)
    return made(targets, profiles, suites, Limits(**limits), evidence or EVIDENCE)  # type: ignore[arg-type]
