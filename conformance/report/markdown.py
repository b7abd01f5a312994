"""The report for the summary of a CI job, in Markdown as GitHub and GitLab read it: what came out, the rules that did
not hold, and each violation folded, with its story in words and the command that shows it again.

Text from outside stands in code spans and blocks, where it can be no markup; in a table its bars are escaped. Nothing
is drawn: not every reader of Markdown draws.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rekeyspec.conformance.report.contents import MEANING, NOT_ASKED, SYMBOL, Report, printable
from rekeyspec.conformance.report.keep import (
    SUMMARY_LEVELS,
    SUMMARY_LIMIT,
    Keep,
    chosen,
    cut,
    fitted,
    left_out,
    sentences,
)
from rekeyspec.conformance.report.reasons import reasons
from rekeyspec.conformance.report.story import lines
from rekeyspec.conformance.report.telling import Telling, telling
from rekeyspec.conformance.report.words import clock, spelt
from rekeyspec.conformance.verdict import Word


def as_markdown(report: Report) -> str:
    """The report as a summary of at most 1 MB."""
    return fitted(lambda keep: _document(report, keep), SUMMARY_LEVELS, SUMMARY_LIMIT)


def _document(report: Report, keep: Keep) -> str:
    parts = [*_top(report), *_matrix(report), *_violations(report, keep)]
    for word in ("broken", "inconclusive"):
        parts += _reasons(report, word, keep)
    parts += _weak(report, keep)
    missing = [f"- {one}" for one in sentences(left_out(report, keep))]
    parts += ["Not in this summary:", "\n".join(missing)] if missing else []
    return "\n\n".join(parts) + "\n"


def code(text: str, *, table: bool = False) -> str:
    """A text from outside as a code span: fenced by more backticks than it has in a row."""
    text = " ".join(printable(text).split()) or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return fence + room + (text.replace("|", "\\|") if table else text) + room + fence


def prose(text: str) -> str:
    """Our own words, in which `names` are code; of anything else that could be markup the characters stay what they
    are."""
    parts = " ".join(printable(text).split()).split("`")
    if len(parts) % 2 == 0:  # a backtick alone is no code
        parts = ["'".join(parts)]
    parts[::2] = [re.sub(r"([\\*_\[\]<>#|~&$])", r"\\\1", part) for part in parts[::2]]
    parts[0] = re.sub(r"^([-+]|\d+[.)])", lambda found: found[0][:-1] + "\\" + found[0][-1], parts[0])  # no list
    parts[1::2] = [code(part) for part in parts[1::2]]
    return "".join(parts)


def block(text: Iterable[str], kind: str = "text") -> str:
    """Lines as a code block: fenced by more backticks than they have in a row."""
    whole = "\n".join(printable(line).replace("\n", " ") for line in text)
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", whole)), default=0) + 1)
    return f"{fence}{kind}\n{whole}\n{fence}"


def _top(report: Report) -> Iterator[str]:
    yield f"## rekeyspec: {report.headline}"
    used = [word for word in MEANING if any(word in report.counts(target) for target in report.targets)]
    head = ["target", *(f"{SYMBOL[word]} {word}" for word in used), "cases"]
    rows = []
    for target in report.targets:
        counts = report.counts(target)
        cases = sum(report.totals.get(target, {}).values())
        rows.append([code(target, table=True), *(str(counts.get(word, 0)) for word in used), f"{cases:,}"])
    yield _table(head, rows)
    policies = ", ".join(code(profile) for profile in report.profiles[:20])
    more = f" and {len(report.profiles) - 20} others" if len(report.profiles) > 20 else ""
    of = "the worst over the policies" if len(report.profiles) > 1 else "judged by the policy"
    yield f"Numbers of rules, {of} {policies}{more}." if report.profiles else "Nothing was judged."


def _table(head: list[str], rows: list[list[str]]) -> str:
    marks = ["---", *(":-:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, marks, *rows))


def _matrix(report: Report) -> Iterator[str]:
    """The rules that do not hold everywhere; those that do are counted."""
    rows = []
    for rule in report.asked:
        words = [cell[0].verdict if (cell := report.cell(target, rule)) else None for target in report.targets]
        if any(word in ("violates", "broken", "inconclusive") for word in words):
            name = f"{prose(rule)} {prose(report.title(rule))}"
            rows.append([name, *(f"{SYMBOL[word]} {word}" if word else NOT_ASKED for word in words)])
    if rows:
        targets = [code(report.short[target], table=True) for target in report.targets]
        yield _table(["rule", *targets], rows)
        rest = len(report.asked) - len(rows)
        if rest:
            yield f"Other rules, on no target violated, broken or unobserved: {rest}."


def _violations(report: Report, keep: Keep) -> Iterator[str]:
    if not report.violations:
        return
    yield "### Violations"
    picked = chosen(report, keep)
    for number in sorted(picked.told):
        told = telling(report, report.violations[number], keep.text)
        yield from _violation(report, told, whole=number in picked.in_full)


def _violation(report: Report, told: Telling, *, whole: bool) -> Iterator[str]:
    one = told.violation
    short = report.short.get(one.target, one.target)
    summary = printable(f"{SYMBOL['violates']} {one.rule} {told.title}: {short}".replace("\n", " "))
    yield f"<details><summary>{_escaped(summary)}</summary>"
    yield prose(told.happened)
    yield from [f"Of the two it was {code(told.culprit)}."] if told.culprit else []
    yield from [prose(told.instead)] if told.instead else []
    yield from [prose(told.remark)] if told.remark else []
    if told.rule is not None:
        yield f"> {prose(told.rule.text)}\n>\n> ({prose(told.rule.source)})"
    where = f"Target {code(one.target)}, policy {code(told.profile)}"
    where += f", trace {code(told.trace)}" if told.trace else ""
    where += f", step {told.divergence.step}" if told.divergence and told.divergence.step else ""
    yield where + "." + (f" {prose(told.often)}" if told.often else "")
    if whole and told.case is not None:
        yield block(f"{line.time:>14}  {line.end:<6}  {line.text}" for line in lines(told.case))
    if told.allowed:
        yield "Allowed: " + ", ".join(prose(allowed) for allowed in told.allowed) + "."
    if told.later:
        yield "Due later: " + ", ".join(f"{due.do} ({due.rule}) at {clock(due.t)}" for due in told.later) + "."
    yield from ["See it again:", block([told.replay], "sh")] if told.replay else []
    yield "</details>"


def _escaped(text: str) -> str:
    """For between tags: neither HTML nor Markdown."""
    return re.sub(r"[&<>*_`\[\]~|$#\\]", lambda found: f"&#{ord(found[0])};", text)


def _reasons(report: Report, word: Word, keep: Keep) -> Iterator[str]:
    some = reasons(report.having(word))
    if not some:
        return
    yield {"broken": "### Broken", "inconclusive": "### Not observed"}.get(word, f"### {word}")
    entries = []
    for one in some[: keep.violations]:
        rules, under = ", ".join(map(prose, one.rules)), prose(report.under(one.profiles, 7))
        text = f"- {code(one.target)}, under {under}: {rules}\n\n  {prose(cut(spelt(one.text), keep.text))}"
        entries.append(text + (f"\n\n  {code(one.replay)}" if one.replay and word == "broken" else ""))
    yield "\n".join(entries)
    if len(some) > keep.violations:
        yield f"And {len(some) - keep.violations:,} other reasons."


def _weak(report: Report, keep: Keep) -> Iterator[str]:
    if report.weak:
        yield "### Held, but weak"
        found: dict[tuple[str, str], dict[str, None]] = {}
        for verdict in report.weak:
            found.setdefault((verdict.rule, verdict.weakness), {})[code(report.short[verdict.target])] = None
        lines = [
            f"- {prose(rule)} ({', '.join(some)}): {prose(cut(text, keep.text))}"
            for (rule, text), some in found.items()
        ]
        yield "\n".join(lines)
