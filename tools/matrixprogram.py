"""The page of one real program: what it is, what it follows, and each experiment with its evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from rekeyspec.conformance.peers.kept import Run, case_of, policy_of
from rekeyspec.conformance.peers.profile import COMPARED, distance, learned, policy_file
from rekeyspec.conformance.report.contents import SYMBOL
from rekeyspec.conformance.report.form import ExperimentForm, ProgramForm
from rekeyspec.conformance.report.picture import picture
from rekeyspec.conformance.rulebook import rules

_STANDING: Final = {
    "same": "same",
    "other": "otherwise: ",
    "breaks": "broken in ",
    "unknown": "not known: ",
}


def short(program: ProgramForm) -> str:
    """The program's name without `peer:`."""
    return program.target.removeprefix("peer:")


def anchor(name: str) -> str:
    """What a heading with an experiment's name is called in a link."""
    return re.sub(r"[^a-z0-9_-]", "", name.lower())


def files(run: Run, program: ProgramForm) -> dict[Path, str | bytes]:
    """The program's page, its profile, the log of each experiment, and the diagram of each violation."""
    name = short(program)
    made: dict[Path, str | bytes] = {Path(f"peers/{name}.md"): "\n".join(page(run, program)) + "\n"}
    provenance = f"{program.version}, {run.occasion.date}"
    lines = policy_file(program.title, learned(run.of(program.target)), provenance)
    made[Path(f"peers/profiles/{name}.yaml")] = "\n".join(lines) + "\n"
    for one in run.of(program.target):
        if one.log:
            made[_log(program, one)] = log(program, one)
            if one.broken is not None:
                made[_picture(program, one)] = picture(case_of(one))
    return made


def _log(program: ProgramForm, one: ExperimentForm) -> Path:
    return Path(f"peers/evidence/{short(program)}/{one.name}.jsonl")


def _picture(program: ProgramForm, one: ExperimentForm) -> Path:
    return _log(program, one).with_suffix("").with_name(f"{one.name}.svg")


def log(program: ProgramForm, one: ExperimentForm) -> str:
    """The log of an experiment, as `audit` and `check log:` read it."""
    origin = f"{program.target} {program.version}: {one.name}"
    hidden = {"hidden": one.hidden} if one.hidden else {}
    header = {"log": int(bool(hidden)), "policy": policy_of(one).plain(), "origin": origin, "tolerance": one.tolerance}
    return "".join(f"{line}\n" for line in (json.dumps(header | hidden), *(_line(event) for event in one.log)))


def _line(event: object) -> str:
    return msgspec.json.encode(event).decode()


def page(run: Run, program: ProgramForm) -> Iterator[str]:
    """The lines of the program's page."""
    experiments = run.of(program.target)
    yield f"# {program.title}"
    yield ""
    yield f"Version {program.version}, {run.occasion.date}. Watched by {program.watched}."
    if program.manual:
        yield f"Its manual: {_linked(program.manual)}."
    yield f"Asked again: `rekeyspec check {program.target}`. [The whole matrix](../peers.md)."
    yield ""
    yield from _violated(run, program)
    yield from _followed(run, program)
    yield "## Experiments"
    yield ""
    for one in experiments:
        yield from _experiment(program, one)
    yield from _not_asked(run, program)


def _linked(text: str) -> str:
    return re.sub(r"https?://[^\s,]+", lambda found: f"<{found[0]}>", text)


def _violated(run: Run, program: ProgramForm) -> Iterator[str]:
    found = [v for v in run.verdicts if v.target == program.target and v.verdict == "violates"]
    if not found:
        return
    yield "## Where it does otherwise"
    yield ""
    for verdict in found:
        title = rules()[verdict.rule].title if verdict.rule in rules() else ""
        where = f"[{verdict.trace}](#{anchor(verdict.trace)})"
        yield f"- **{verdict.rule}** ({title}): {where}. {_sentence(verdict.reason)}"
    yield ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "'", '"')) else ".")


def _followed(run: Run, program: ProgramForm) -> Iterator[str]:
    experiments = run.of(program.target)
    found = learned(experiments)
    yield "## The policy that it follows"
    yield ""
    yield f"As a file: [profiles/{short(program)}.yaml](profiles/{short(program)}.yaml)."
    yield ""
    yield "```yaml"
    yield from policy_file(program.title, found, f"{program.version}, {run.occasion.date}")
    yield "```"
    yield ""
    words = {v.rule: v.verdict for v in run.verdicts if v.target == program.target}
    apart = {name: {one.rule: one for one in distance(found, experiments, words, name)} for name in COMPARED}
    yield "How far that is from the rule book's profiles, rule by rule, where one of them puts the rule to use:"
    yield ""
    yield "| rule | " + " | ".join(f"`{name}`" for name in COMPARED) + " |"
    yield "|---|" + "---|" * len(COMPARED)
    for rule in rules():
        cells = [apart[name].get(rule) for name in COMPARED]
        if any(cells):
            yield f"| {rule} | " + " | ".join(_STANDING[c.standing] + c.why if c else "" for c in cells) + " |"
    yield ""


def _experiment(program: ProgramForm, one: ExperimentForm) -> Iterator[str]:
    yield f"### {one.name}"
    yield ""
    yield f"{one.question} {SYMBOL[one.word]} *{one.word}*" + (f" ({one.broken.rule})" if one.broken else "")
    yield ""
    yield f"- Asks: {', '.join(one.rules)}."
    if one.settings:
        yield f"- Settings: `{one.settings}`."
    policy = ", ".join(f"`{name}` {value}" for name, value in one.policy.items()) or "all defaults"
    yield f"- Judged by: {policy}."
    if one.seen:
        yield f"- Seen: {one.seen}."
    if one.reason and one.reason != one.seen:
        yield f"- Why: {_sentence(one.reason.removeprefix(f'{one.seen}; '))}"
    if one.broken is not None:
        yield f"- Left the rules: {_sentence(one.broken.sentence)}"
    if one.follows:
        yield "- Follows: " + ", ".join(f"`{name}` {value}" for name, value in one.follows.items()) + "."
    elif one.follows is None and one.word == "violates":
        yield "- Follows: no value of the parameters that this experiment tells apart."
    if one.log:
        yield f"- Evidence: [its events](evidence/{short(program)}/{one.name}.jsonl)" + (
            f" (the first {one.skipped} left out)." if one.skipped else "."
        )
    yield ""
    if one.broken is not None and one.log:
        yield f"![What was seen, up to where it left the rules](evidence/{short(program)}/{one.name}.svg)"
        yield ""


def _not_asked(run: Run, program: ProgramForm) -> Iterator[str]:
    found = [v for v in run.verdicts if v.target == program.target and v.verdict == "unsupported"]
    if not found:
        return
    yield "## What it cannot be asked"
    yield ""
    by_reason: dict[str, list[str]] = {}
    for verdict in found:
        by_reason.setdefault(verdict.reason, []).append(verdict.rule)
    for reason, ids in by_reason.items():
        yield f"- {', '.join(ids)}: {reason}."
    yield ""
