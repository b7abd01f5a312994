"""The course of a campaign, from its plan to its report: begun, or gone on with where its journal ends.

The same plan goes on from its journal; so does `--resume`, which takes the plan from there. A campaign that was
reported is over: the same plan begins anew then, and `--resume` only reports it again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rekeyspec.conformance.campaign.campaign import Progress, run
from rekeyspec.conformance.campaign.crew import Crew, Lost
from rekeyspec.conformance.campaign.jobs import digest, expand
from rekeyspec.conformance.campaign.journal import Journal
from rekeyspec.conformance.campaign.outcome import outcome
from rekeyspec.conformance.campaign.plan import Plan
from rekeyspec.conformance.check import Checked
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import problem


def existing(path: Path) -> Path:
    """The path of a journal that is to be gone on with. Raises BadInput where there is none."""
    if not path.exists():
        raise problem(f"--resume {path}", "nothing (there is no such file)", "a journal", "correct the path")
    return path


def carried_out(
    journal: Journal, plan: Plan | None, crew: Crew, progress: Progress, say: Callable[[str], None]
) -> Checked:
    """Do what is left of this plan (None: of the journal's own), and make the report. `say` is told what a user should
    know. Raises BadInput for a plan or a journal that cannot be used, and where nobody is left to do the work."""
    if plan is None:
        known = journal.plan
        if known is None:
            raise problem(f"--resume {journal.path}", "a journal that nothing was begun in", "one", "give a plan")
        plan, anew = known, False
    else:
        anew = journal.reported
    jobs = expand(plan)
    if anew:
        say(f"{journal.path}: that campaign was reported; beginning anew")
    journal.begin(plan, digest(plan, jobs), anew=anew)
    try:
        run(jobs, journal, crew, progress)
    except (Lost, KeyboardInterrupt) as why:
        kept = f"{len(journal.tails()):,} of {len(jobs):,} jobs are in {journal.path}"
        again = f"`rekeyspec campaign --resume {journal.path}` goes on from there"
        if isinstance(why, Lost):
            raise BadInput(f"{why}; {kept}, and {again}") from None
        say(f"{kept}; {again}")
        raise
    return outcome(journal, plan)
