"""The report for the eye at a terminal: rules by targets, then what is wrong in plain words.

One column a target, whatever the number of profiles: a cell shows the worst over them, and the words below the table
name the profile. Text from outside is never taken for markup or escape sequences.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rekeyspec.conformance.report.contents import MEANING, NOT_ASKED, SYMBOL, Report, printable
from rekeyspec.conformance.verdict import Verdict, Word

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
    longest = max((len(target) for target in report.targets), default=0)
    named = in_words or longest + 3 <= room
    grid = Table(box=None, pad_edge=False, header_style="bold")
    grid.add_column("rule", no_wrap=True)
    grid.add_column("", no_wrap=True, overflow="ellipsis", ratio=1, max_width=48)
    for number, target in enumerate(report.targets, 1):
        grid.add_column(Text(printable(target)) if named else str(number), overflow="fold")
    for rule in report.asked:
        grid.add_row(rule, report.title(rule), *(_cell(report, target, rule, in_words) for target in report.targets))
    names = [] if named else [Text(f"{n:3}  {printable(target)}") for n, target in enumerate(report.targets, 1)]
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
    for verdict in report.having("violates"):
        yield _violation(report, verdict)
    for word in ("broken", "inconclusive", "unsupported"):
        yield from _reasons(report.having(word), word)
    for verdict in report.weak:
        head = f"{printable(verdict.target)} under {printable(verdict.profile)}: {verdict.rule}"
        yield Text.assemble(("~ weak", "yellow"), f": {head}\n    {printable(verdict.weakness)}")


def _violation(report: Report, verdict: Verdict) -> RenderableType:
    head = Text.assemble(
        (f"{SYMBOL['violates']} {verdict.rule} {report.title(verdict.rule)}", _STYLE["violates"]),
        f"\n  {printable(verdict.target)} under {printable(verdict.profile)}, trace {printable(verdict.trace)}"
        + (f", step {verdict.step}" if verdict.step else ""),
    )
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, text in _facts(report, verdict):
        facts.add_row(name, Text(printable(text)))
    return Group(head, Padding(facts, (0, 0, 0, 2)), _command(verdict), Text())


def _command(verdict: Verdict) -> Text:
    """On one line however long, so that it can be copied."""
    text = f"  replay: {printable(verdict.replay)}" if verdict.replay else "  no command shows it again"
    return Text(text, no_wrap=True, overflow="ignore")


def _facts(report: Report, verdict: Verdict) -> Iterator[tuple[str, str]]:
    if verdict.rule in report.rules:
        yield "rule", " ".join(report.rules[verdict.rule].text.split())
    yield "seen", verdict.detail or verdict.reason
    if verdict.detail and report.more(verdict):
        yield "because", verdict.reason
    case = report.case(verdict)
    if case and case.divergence:
        divergence = case.divergence
        if divergence.also:
            yield "also at stake", ", ".join(divergence.also)
        for allowed in divergence.allowed:
            yield "allowed", allowed
        for due in divergence.due:
            yield "due", f"{due.do} (by {due.rule}) at {due.t} ms"
    changed = report.changes.get(verdict.profile, {}).get(verdict.trace, {})
    if changed:
        yield "policy", "here " + ", ".join(f"{name}: {value}" for name, value in changed.items())


def _reasons(verdicts: list[Verdict], word: Word) -> Iterator[RenderableType]:
    """One entry for each reason: a program that crashed once is one story, not as many as the trace has rules."""
    stories: dict[tuple[str, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        stories.setdefault((verdict.target, verdict.profile, verdict.reason), []).append(verdict)
    for (target, profile, reason), group in stories.items():
        rules = ", ".join(verdict.rule for verdict in group)
        line = Text(f"{SYMBOL[word]} {word}", style=_STYLE[word])
        line = Text.assemble(line, f": {printable(target)} under {printable(profile)}: {rules}")
        line.append(f"\n    {printable(reason)}")
        yield line
        if word == "broken":
            yield _command(group[0])
