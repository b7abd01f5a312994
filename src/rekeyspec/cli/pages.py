"""The pages of the documentation that are made, and not written: from the rules, the profiles, the schemas and the
commands themselves. `docs/hooks.py` puts them beside the others when the site is built; nothing of them is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import typer

from rekeyspec.cli import app
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.rulebook import parameters, rules, sources
from rekeyspec.conformance.suite import stories
from rekeyspec.reference.policy import parameters as defaults

ROOT: Final = Path(__file__).resolve().parent.parent
"""The package, in which the schemas stand beside the code that reads them."""

SCHEMAS: Final[Mapping[str, tuple[str, str, str]]] = {
    "reference/trace-form.md": ("Trace form", "conformance/trace.schema.json", "../traces.md"),
    "reference/protocol.md": ("Adapter protocol", "conformance/adapters/protocol.schema.json", "../adapters.md"),
    "reference/log-form.md": ("Event log", "conformance/log.schema.json", "../design.md"),
    "reference/policy-form.md": ("Policy", "spec/policy.schema.json", "policies.md"),
    "reference/report-form.md": ("JSON report", "conformance/report/report.schema.json", "../reports.md"),
}
"""The pages made of a JSON Schema: title, file, and the page that explains it in words."""


def pages() -> dict[str, str]:
    """Every made page by its path, in Markdown."""
    found = {"reference/rules.md": "\n".join(_rules()), "reference/policies.md": "\n".join(_policies())}
    found["reference/commands.md"] = "\n".join(_commands())
    for path, (title, file, words) in SCHEMAS.items():
        found[path] = "\n".join(_schema(title, file, words))
    return found


def _rules() -> Iterator[str]:
    yield "# Rules\n\nEvery rule: its id, its source, the parameters that it reads. `K` and `P` are the sources:\n"
    for letter, source in sources().items():
        yield f"- **{letter}**: {source.title} ({source.number}, {source.year}). {source.about}"
    asked = {rule: [name for name, one in stories().items() if rule in one.rules] for rule in rules()}
    for rule in rules().values():
        yield f"\n## {rule.id}: {rule.title} {{ #{rule.id.lower()} }}\n\n{_escaped(rule.text)}\n"
        yield f"- Level: {rule.level}; binds {rule.binds}"
        yield f"- Source: {_escaped(rule.source)}"
        for name, values in (("Actions", rule.actions), ("Parameters", rule.parameters), ("Traces", asked[rule.id])):
            if values:
                yield f"- {name}: {', '.join(f'`{value}`' for value in values)}"


def _policies() -> Iterator[str]:
    yield "# Parameters and profiles\n\nTimes are ms, sizes bytes, and 0 is never.\n\n## Parameters\n"
    yield "| parameter | default | values | meaning | rules |\n|---|---|---|---|---|"
    for name, one in parameters().items():
        values = ", ".join(f"`{value}`" for value in one.values) or f"from 0, {one.unit}"
        cited = ", ".join(f"[{rule}](rules.md#{rule.lower()})" for rule in one.rules)
        yield f"| `{name}` | `{one.default}` | {values} | {_cell(one.meaning)} | {cited} |"
    yield "\n## Profiles\n"
    for name, policy in profiles().items():
        changed = {key: value for key, value in policy.plain().items() if value != defaults()[key]}
        rows = "\n".join(f"| `{key}` | `{value}` |" for key, value in changed.items())
        yield f"### {name}\n\n| parameter | value |\n|---|---|\n{rows}\n"


def _commands() -> Iterator[str]:
    yield "# Commands\n\nExit codes: 0 conforms, 1 a violation, 2 a broken target or bad input, 130 interrupted.\n"
    yield from _group(typer.main.get_command(app), ["rekeyspec"])


def _group(command: Any, words: list[str]) -> Iterator[str]:
    children = getattr(command, "commands", {})
    if not children:
        yield from _command(command, words)
    for name, child in children.items():
        yield from _group(child, [*words, name])


def _command(command: Any, words: list[str]) -> Iterator[str]:
    context = command.context_class(command, info_name=" ".join(words))
    yield f"\n## `{' '.join(words)}`\n\n{_escaped(command.help or '')}\n"
    pieces = command.collect_usage_pieces(context)
    yield f"```\n{' '.join([*words, *pieces])}\n```\n"
    rows = [row for one in command.get_params(context) if (row := one.get_help_record(context)) is not None]
    if rows:
        yield "| word | what it does |\n|---|---|"
        yield from (f"| `{_cell(word)}` | {_cell(told)} |" for word, told in rows)


def _schema(title: str, file: str, words: str) -> Iterator[str]:
    data = json.loads((ROOT / file).read_text(encoding="utf-8"))
    yield f"# {title}: every field\n\nMade from the JSON Schema, {Path(file).name}. In words: [{title}]({words}).\n"
    named = {data.get("title", title): data} | data.get("$defs", {})
    for name, part in named.items():
        if "properties" in part:
            yield f"\n## {name}\n\n{_escaped(part.get('description', ''))}\n"
            yield "| field | form | default | meaning |\n|---|---|---|---|"
            for key, value in part["properties"].items():
                must = "required" if key in part.get("required", ()) else f"`{json.dumps(value.get('default'))}`"
                yield f"| `{key}` | {_cell(_form(value))} | {must} | {_cell(value.get('description', ''))} |"


def _form(value: Mapping[str, Any]) -> str:
    """What a field may hold, in words."""
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if "enum" in value:
        return ", ".join(f"`{json.dumps(one)}`" for one in value["enum"])
    for key in ("anyOf", "oneOf"):
        if key in value:
            return " or ".join(_form(one) for one in value[key])
    if value.get("type") == "array":
        return f"list of {_form(value.get('items', {}))}"
    return str(value.get("type", "anything"))


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|").replace("\n", " ")


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;")
