"""docs/peers.md: the rules by the real programs, made from one run. Each program's own page is `matrixprogram`'s.

Everything on these pages is of that run: its report is kept beside them, and so are the logs that verdicts stand on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from rekeyspec.conformance.peers.kept import Run
from rekeyspec.conformance.peers.profile import COMPARED, distance, learned
from rekeyspec.conformance.peers.questions import QUESTIONS
from rekeyspec.conformance.report.contents import MEANING, NOT_ASKED, SYMBOL
from rekeyspec.conformance.report.form import ExperimentForm, ProgramForm
from rekeyspec.conformance.report.output import check_directory, write_whole
from rekeyspec.conformance.rulebook import parameters, rules
from rekeyspec.tools.matrixprogram import anchor, files, short

COMMANDS: Final = """\
```sh
rekeyspec check peer:all --json run.json --evidence evidence
rekeyspec matrix run.json docs
```"""

_HEAD: Final = """\
# How the world changes its keys

Real programs, asked what these rules ask, and judged by the same oracle as everything else here. Nothing below is taken
from a manual: each word stands on {repetitions} performances of an experiment that agree, whose events are kept beside
this page. How a program is asked and watched stands on its own page, with every violation drawn, the sentence of its
manual that speaks of it, and the policy that the program follows after all.

A program that *violates* a rule here need not be wrong: most of them never promised these rules. It says that whoever
needs the rule does not get it from this program, set as its page says.
"""

_FOOT: Final = """\
What is new since this run shows `rekeyspec diff docs/peers/run.json new.json`. A program that is missing here takes one
file: see [Adding a peer](adding-a-peer.md).
"""


def write(run: Run, raw: bytes, docs: Path) -> list[Path]:
    """Write the matrix, the page of every program, their evidence, diagrams and profiles, and the run itself, below
    `docs`; what was made, in order. Raises BadInput where it cannot be written."""
    made: dict[Path, str | bytes] = {Path("peers.md"): "\n".join(page(run)) + "\n", Path("peers/run.json"): raw}
    for program in asked(run):
        made |= files(run, program)
    for folder in {(docs / path).parent for path in made}:
        check_directory(folder)
    for path, content in made.items():
        write_whole(docs / path, content)
    for old in {*(docs / "peers" / "evidence").rglob("*.jsonl"), *(docs / "peers" / "evidence").rglob("*.svg")}:
        if old.relative_to(docs) not in made:
            old.unlink()  # of an experiment that is none any more
    return [docs / path for path in made]


def asked(run: Run) -> list[ProgramForm]:
    """The programs that were there to be asked."""
    return [one for one in run.programs if not one.missing]


def page(run: Run) -> Iterator[str]:
    """The lines of the matrix's page."""
    programs = asked(run)
    yield _HEAD.format(repetitions=run.occasion.repetitions)
    yield from _programs(run, programs)
    yield from _matrix(run, programs)
    yield from _questions(run, programs)
    yield from _profiles(run, programs)
    yield "## Made again"
    yield ""
    yield f"This page was made on {run.occasion.date} ({run.occasion.machine}; rekeyspec {run.tool}) by"
    yield ""
    yield COMMANDS
    yield ""
    yield _FOOT


def _programs(run: Run, programs: Sequence[ProgramForm]) -> Iterator[str]:
    yield "## The programs"
    yield ""
    yield "| program | version | experiments | " + " | ".join(SYMBOL[word] for word in MEANING) + " |"
    yield "|---|---|--:|" + "--:|" * len(MEANING)
    for one in programs:
        words = [v.verdict for v in run.verdicts if v.target == one.target]
        counts = " | ".join(str(words.count(word) or "") for word in MEANING)
        yield f"| [{one.title}](peers/{short(one)}.md) | {one.version} | {len(run.of(one.target))} | {counts} |"
    yield ""
    for missing in (one for one in run.programs if one.missing):
        yield f"Not asked in this run: {missing.title} ({'; '.join(missing.missing)})."
    yield ""


def _matrix(run: Run, programs: Sequence[ProgramForm]) -> Iterator[str]:
    yield "## Rules by programs"
    yield ""
    yield "; ".join(f"{SYMBOL[word]} {word}: {text}" for word, text in MEANING.items()) + "."
    yield "A mark leads to the experiment that it stands on."
    yield ""
    yield "| rule | " + " | ".join(f"[{short(one)}](peers/{short(one)}.md)" for one in programs) + " |"
    yield "|---|" + ":-:|" * len(programs)
    dark = []
    for rule in rules().values():
        cells = [_cell(run, one, rule.id) for one in programs]
        if all(cell in (SYMBOL["unsupported"], NOT_ASKED) for cell in cells):
            dark.append(rule.id)
        else:
            yield f"| **{rule.id}** {rule.title} | {' | '.join(cells)} |"
    yield ""
    if dark:
        yield f"No program here can be asked, or be seen to keep: {', '.join(dark)}."
        yield ""


def _cell(run: Run, program: ProgramForm, rule: str) -> str:
    found = run.word(program.target, rule)
    if found is None:
        return NOT_ASKED
    mark = SYMBOL[found.verdict]
    known = {one.name for one in run.of(program.target)}
    return f"[{mark}](peers/{short(program)}.md#{anchor(found.trace)})" if found.trace in known else mark


def _questions(run: Run, programs: Sequence[ProgramForm]) -> Iterator[str]:
    yield "## Question by question"
    yield ""
    yield "What was seen, in numbers, where a program could be asked. Where it was asked at several settings, each."
    yield ""
    for name, question in QUESTIONS.items():
        rows = [(one, e) for one in programs for e in run.of(one.target) if e.name.partition(".")[0] == name]
        if rows:
            yield f"### {name}"
            yield ""
            yield question
            yield ""
            yield "| program | | setting | what was seen |"
            yield "|---|:-:|---|---|"
            yield from (_row(program, e) for program, e in rows)
            yield ""


def _row(program: ProgramForm, e: ExperimentForm) -> str:
    where = f"peers/{short(program)}.md#{anchor(e.name)}"
    seen = (e.seen or e.reason).replace("|", "\\|")
    return f"| [{program.title}]({where}) | {SYMBOL[e.word]} | {e.name.partition('.')[2]} | {seen} |"


def _profiles(run: Run, programs: Sequence[ProgramForm]) -> Iterator[str]:
    yield "## Profiles of the world"
    yield ""
    yield (
        "The policy that each program really follows, as far as its experiments tell: a number says that it has that "
        "mechanism, whatever number it is given; `never` that it has none; a blank that nothing tells."
    )
    yield ""
    known = {one.target: learned(run.of(one.target)) for one in programs}
    yield "| parameter | " + " | ".join(f"[{short(p)}](peers/profiles/{short(p)}.yaml)" for p in programs) + " |"
    yield "|---|" + "---|" * len(programs)
    for name, parameter in parameters().items():
        values = [known[one.target].get(name) for one in programs]
        if any(values):
            said = (("" if v is None else _value(v.value, numeric=not parameter.values)) for v in values)
            yield f"| `{name}` | {' | '.join(said)} |"
    yield ""
    yield "### How far from the profiles of the rule book"
    yield ""
    yield (
        "Of the rules that a profile puts to use: in how many a program does the same or otherwise, how many it breaks "
        "by any policy, and of how many nothing is known. Rule by rule it stands on each program's page."
    )
    yield ""
    yield "| program | " + " | ".join(f"`{name}`" for name in COMPARED) + " |"
    yield "|---|" + "---|" * len(COMPARED)
    for one in programs:
        words = {v.rule: v.verdict for v in run.verdicts if v.target == one.target}
        cells = [_counted(distance(known[one.target], run.of(one.target), words, name)) for name in COMPARED]
        yield f"| {one.title} | {' | '.join(cells)} |"
    yield ""


def _value(value: int | str, *, numeric: bool) -> str:
    return ("yes" if value else "never") if numeric else str(value)


def _counted(found: Sequence[object]) -> str:
    said: Mapping[str, str] = {"same": "same", "other": "other", "breaks": "broken", "unknown": "not known"}
    counts = {name: sum(getattr(one, "standing", "") == name for one in found) for name in said}
    return ", ".join(f"{count} {said[name]}" for name, count in counts.items() if count)
