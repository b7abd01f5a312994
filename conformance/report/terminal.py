"""The report for the eye at a terminal: rules by targets, then what is wrong in plain words.

One column a target, whatever the number of profiles: a cell shows the worst over them, and the words below the table
name the profile. Each violation is told once, the first in full, then on a line each; a run that finds thousands fills
no screen with them. Text from outside is never taken for markup or escape sequences.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rekeyspec.conformance.report.contents import MEANING, NOT_ASKED, SYMBOL, Report, printable
from rekeyspec.conformance.report.keep import Keep, chosen, cut
from rekeyspec.conformance.report.reasons import Reason, reasons
from rekeyspec.conformance.report.telling import Telling, telling
from rekeyspec.conformance.report.words import clock, spelt
from rekeyspec.conformance.verdict import Word

KEEP: Final = Keep(stories=20, violations=100, text=600)
"""So many violations are told in full, so many at all; of other reasons as many."""

_STYLE: dict[Word, str] = {
    "conforms": "green",
    "violates": "bold red",
    "inconclusive": "yellow",
    "unsupported": "dim",
    "broken": "bold magenta",
}
_ASCII = str.maketrans({"✓": "+", "✗": "X", "–": "-", "·": ".", "…": "..."})
_WORD_WIDTH = max(len(word) for word in MEANING) + 4
_RULE_WIDTH = 34


def show(report: Report, console: Console) -> None:
    """Print the whole report; to a terminal that is not told to be UTF-8, in ASCII."""
    whole = Group(table(report, console.width), *details(report))
    if console.encoding.lower().startswith("utf"):
        console.print(whole, crop=False)
        return
    with console.capture() as captured:
        console.print(whole, crop=False)
    console.file.write(captured.get().translate(_ASCII).encode("ascii", "backslashreplace").decode())


def table(report: Report, width: int = 100) -> RenderableType:
    """The matrix: in words where they fit into `width` columns, in symbols where not, under numbers where even the
    names do not.
    """
    room = (width - _RULE_WIDTH) // max(1, len(report.targets))
    in_words = room >= _WORD_WIDTH
    longest = max((len(report.short[target]) for target in report.targets), default=0)
    named = in_words or longest + 3 <= room
    heads = report.targets if in_words else [report.short[target] for target in report.targets]
    grid = Table(box=None, pad_edge=False, header_style="bold")
    grid.add_column("rule", no_wrap=True)
    grid.add_column("", no_wrap=True, overflow="ellipsis", ratio=1, max_width=48)
    for number, head in enumerate(heads, 1):
        grid.add_column(Text(printable(head)) if named else str(number), overflow="fold")
    for rule in report.asked:
        grid.add_row(rule, report.title(rule), *(_cell(report, target, rule, in_words) for target in report.targets))
    shortened = named and heads != report.targets
    numbers = [f"{n:3}" for n in range(1, len(heads) + 1)] if not named else heads if shortened else []
    names = [Text(printable(f"{n}  {target}")) for n, target in zip(numbers, report.targets, strict=bool(numbers))]
    return Group(grid, Text(), *names, _legend(report))


def _cell(report: Report, target: str, rule: str, in_words: bool) -> Text:
    cell = report.cell(target, rule)
    if not cell:
        return Text(NOT_ASKED, style="dim")
    word = cell[0].verdict
    return Text(f"{SYMBOL[word]} {word}" if in_words else SYMBOL[word], style=_STYLE[word])


def _legend(report: Report) -> Text:
    cells = [report.cell(target, rule) for rule in report.asked for target in report.targets]
    used = {cell[0].verdict for cell in cells if cell}
    legend = Text()
    for word in MEANING:
        if word in used:
            legend.append(f"{SYMBOL[word]} {word}", style=_STYLE[word]).append(f": {MEANING[word]}\n")
    if not all(cells):
        legend.append(f"{NOT_ASKED} not asked: no trace under these profiles\n")
    if report.not_asked:
        legend.append(f"Not asked of any target: {', '.join(report.not_asked)}\n", style="dim")
    if len(report.profiles) > 1:
        legend.append(f"A cell shows the worst over the profiles {', '.join(map(printable, report.profiles))}.\n")
    return legend


def details(report: Report) -> Iterator[RenderableType]:
    """Below the matrix: every violation in plain words, whatever else is no pass, by its reason, and what is weak."""
    picked = chosen(report, KEEP)
    for number, one in enumerate(report.violations):
        if number in picked.in_full:
            yield _violation(telling(report, one, KEEP.text))
    rest = sorted(picked.told - picked.in_full)
    yield from (_in_a_line(telling(report, report.violations[number], KEEP.text)) for number in rest)
    yield from [Text()] if rest else []
    if more := len(report.violations) - len(picked.told):
        yield Text(f"and {more:,} other violations: --report FILE.html tells more of them, --json FILE too\n")
    for word in ("broken", "inconclusive", "unsupported"):
        some = reasons(report.having(word))
        for reason in some[: KEEP.violations]:
            yield from _reason(report, reason, word)
        if len(some) > KEEP.violations:
            yield Text(f"and {len(some) - KEEP.violations:,} other reasons")
    yield from _weak(report)


def _violation(told: Telling) -> RenderableType:
    one, step = told.violation, told.divergence.step if told.divergence else 0
    head = Text.assemble(
        (f"{SYMBOL['violates']} {one.rule} {told.title}", _STYLE["violates"]),
        f"\n  {printable(one.target)} under {printable(told.profile)}, trace {printable(told.trace)}"
        + (f", step {step}" if step else ""),
    )
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, text in _facts(told):
        facts.add_row(name, Text(printable(text)))
    return Group(head, Padding(facts, (0, 0, 0, 2)), _command(told.replay), Text())


def _in_a_line(told: Telling) -> RenderableType:
    one = told.violation
    cases = f" ({one.cases:,} cases)" if one.cases > 1 else ""
    return Group(
        Text.assemble(
            (f"{SYMBOL['violates']} {one.rule}", _STYLE["violates"]),
            f" {printable(one.target)} under {printable(told.profile)}: {printable(told.happened)}{cases}",
        ),
        _command(told.replay),
    )


def _command(replay: str) -> Text:
    """On one line however long, so that it can be copied."""
    text = f"  replay: {printable(replay)}" if replay else "  no command shows it again"
    return Text(text, no_wrap=True, overflow="ignore")


def _facts(told: Telling) -> Iterator[tuple[str, str]]:
    if told.rule:
        yield "rule", " ".join(told.rule.text.split())
    yield "seen", told.happened
    if told.culprit:
        yield "who", told.culprit
    if told.remark:
        yield "because", told.remark
    if told.violation.also:
        yield "also at stake", ", ".join(sorted(told.violation.also))
    for allowed in told.allowed:
        yield "allowed", allowed
    for due in told.due:
        yield "due", f"{due.do} (by {due.rule}) at {clock(due.t)}"
    for due in told.later:
        yield "due later", f"{due.do} (by {due.rule}) at {clock(due.t)}"
    if told.changed:
        yield "policy", "here " + ", ".join(f"{name}: {value}" for name, value in told.changed.items())
    if told.often:
        yield "how often", told.often


def _reason(report: Report, one: Reason, word: Word) -> Iterator[RenderableType]:
    line = Text(f"{SYMBOL[word]} {word}", style=_STYLE[word])
    under = printable(report.under(one.profiles))
    seen = one.traces if word == "inconclusive" else []
    where = f", trace {printable(seen[0])}" if seen else ""
    where += f" and {len(seen) - 1:,} more" if len(seen) > 1 else ""
    line = Text.assemble(line, f": {printable(one.target)} under {under}{where}: {', '.join(one.rules)}")
    line.append(f"\n    {printable(cut(spelt(one.text), KEEP.text))}")
    yield line
    if word == "broken":
        yield _command(one.replay)


def _weak(report: Report) -> Iterator[RenderableType]:
    """What is weak in one way is told once, whoever it is told of."""
    found: dict[str, dict[str, None]] = {}
    for verdict in report.weak:
        who = f"{report.short[verdict.target]} under {verdict.profile}: {verdict.rule}"
        found.setdefault(verdict.weakness, {})[who] = None
    for text, some in found.items():
        yield Text.assemble(("~ weak", "yellow"), f": {printable('; '.join(some))}\n    {printable(text)}")
