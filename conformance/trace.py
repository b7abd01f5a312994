"""The trace: a small story in YAML, one idea each, of what happens to an end and what it must do.

A trace says what the environment does, line by line (`steps`); what the end must do in answer (`expect`); what would
be wrong there (`refuse`), with the rule that refuses it. Times and sizes may be written in the policy's own
parameters (`idle_period - 1`), so that one story serves every policy that meets its `needs`. Fields of an arriving
message that are left out are those that an honest peer would send at that point.

The structures below are the trace form; `trace.schema.json` is made from them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from rekeyspec.conformance import yamlfile
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.vocabulary import Channel, Kind, Role, Seal, Silent, Visible

VERSION: Final = 0
"""The version of the trace form, in every trace as `trace:`."""

MANY: Final = 16 << 20
"""The largest trace file that is read, in bytes: what the model checker makes may be long."""

Amount = Annotated[
    int | str,
    Meta(
        description="a number, or a sum of numbers and policy parameters such as `idle_period - 1` or `2*reply_timeout`"
    ),
]


LinkName = Annotated[str, Meta(pattern=r"^[a-z0-9]+/[a-z0-9]+$")]


class MessageForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A message that arrives. What is left out is what an honest peer would send now."""

    kind: Kind
    epoch: Annotated[
        int | Literal["old", "next"] | None, Meta(description="`old`: before the one in force; `next`: after it")
    ] = None
    number: int | None = None
    negotiation: str | None = None
    session: str | None = None
    bytes: Amount = 0
    channel: Channel | None = None
    sealed_by: Seal | None = None


class ActionForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An action that is expected, with those fields of its message that matter to the story."""

    do: Visible
    epoch: int | None = None
    number: int | None = None
    session: str | None = None
    bytes: Amount | None = None
    channel: Channel | None = None
    sealed_by: Seal | None = None


class Refused(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An action that would be wrong here, and the rule that refuses it."""

    do: Visible | Silent
    by: str


class Step(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One line of the story. With neither `at` nor `after` it happens at the time of the line before."""

    do: Annotated[
        Literal["Open", "Offer", "Arrive", "Tick", "Shut", "Pass", "Drop"],
        Meta(description="what happens: at an end, or (Pass, Drop) to the oldest message in flight to it"),
    ]
    at: Annotated[Amount | None, Meta(description="the time, ms since the start")] = None
    after: Annotated[Amount | None, Meta(description="the time, ms since the line before")] = None
    end: Annotated[Role | None, Meta(description="where, when both ends are under test")] = None
    link: Annotated[LinkName | None, Meta(description="of a gateway's links the one: USER/NUMBER")] = None
    established: Annotated[bool, Meta(description="with Open: the first negotiation completes too, at once")] = False
    bytes: Annotated[Amount, Meta(description="with Offer: the size of the message")] = 0
    times: Annotated[int, Meta(ge=1, le=1_000_000, description="how often the line is repeated")] = 1
    message: Annotated[MessageForm | None, Meta(description="with Arrive: what arrives")] = None
    kind: Annotated[Kind | None, Meta(description="with Pass and Drop: the oldest message of this kind")] = None
    expect: Annotated[
        list[Visible | ActionForm] | None, Meta(description="what the end does in answer, in order; [] is nothing")
    ] = None
    refuse: Annotated[list[Refused], Meta(description="what would be wrong before it has done so")] = []
    shows: Annotated[list[str], Meta(description="rules for which this line is the evidence")] = []
    note: str = ""


class Trace(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A whole trace."""

    trace: Annotated[Literal[0], Meta(description="the version of this form")]
    name: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="words joined by hyphens")]
    about: Annotated[str, Meta(description="the story in one or two sentences")]
    profile: Annotated[str, Meta(description="the policy it is told under")]
    rules: Annotated[list[str], Meta(min_length=1, description="the rules it asks")]
    steps: Annotated[list[Step], Meta(min_length=1)]
    end: Annotated[Literal["client", "server", "both"], Meta(description="the end under test")] = "client"
    policy: Annotated[dict[str, int | str], Meta(description="parameters that differ from the profile's")] = {}
    needs: Annotated[
        dict[str, int | str | list[int | str]],
        Meta(description="what another policy must say for the story to make sense: a value, values, or `> 0`, `0`"),
    ] = {}


def read(path: str | Path) -> Trace:
    """The trace in this file. Raises BadInput naming the file, the place, what was expected and the remedy."""
    return parse(yamlfile.read(path, cap=MANY))


def parse(document: yamlfile.Document) -> Trace:
    """The trace in a document that was read. Raises BadInput."""
    data: dict[str, Any] = document.data
    if data.get("trace") != VERSION:
        raise yamlfile.problem(
            document.at(("trace",)),
            f"the version of the trace form {yamlfile.shown(data.get('trace', 'missing'))}",
            f"`trace: {VERSION}`",
            "add it, or use a release that reads that version",
        )
    try:
        trace = msgspec.convert(data, Trace)
    except msgspec.ValidationError as why:
        raise _explained(document, str(why)) from None
    _check_rules(document, trace)
    for index, one in enumerate(trace.steps):
        _check_step(document, trace, index, one)
    return trace


def _explained(document: yamlfile.Document, why: str) -> BadInput:
    """msgspec's "Expected `int`, got `str` - at `$.steps[3].at`" with the file and line in front."""
    text, _, where = why.partition(" - at ")
    path: list[str | int] = []
    for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", where):
        path.append(key or int(index))
    unknown = re.search(r"unknown field `(\w+)`", text)
    if unknown:
        path.append(unknown[1])
        fields = {f for form in (Trace, Step, MessageForm, ActionForm, Refused) for f in form.__struct_fields__}
        _, remedy = yamlfile.choose(unknown[1], sorted(fields))
        return yamlfile.problem(
            document.at_key(tuple(path)), f"the key `{unknown[1]}`", "a key of the trace form", remedy
        )
    return BadInput(
        f"{document.at(tuple(path))}: {text[0].lower()}{text[1:]}; see the trace form's schema, trace.schema.json"
    )


def _check_rules(document: yamlfile.Document, trace: Trace) -> None:
    known = rules()
    cited: list[tuple[tuple[str | int, ...], str]] = [(("rules", i), rule) for i, rule in enumerate(trace.rules)]
    for n, one in enumerate(trace.steps):
        cited += [(("steps", n, "shows", i), rule) for i, rule in enumerate(one.shows)]
        cited += [(("steps", n, "refuse", i, "by"), refused.by) for i, refused in enumerate(one.refuse)]
    for path, rule in cited:
        if rule not in known:
            _, remedy = yamlfile.choose(rule, known)
            raise yamlfile.problem(document.at(path), f"the rule `{rule}`", "the id of a rule", remedy)


def _check_step(document: yamlfile.Document, trace: Trace, n: int, one: Step) -> None:
    def wrong(read: str, expected: str, remedy: str) -> BadInput:
        return yamlfile.problem(document.at(("steps", n)), read, expected, remedy)

    if one.at is not None and one.after is not None:
        raise wrong("both `at` and `after`", "one of them", "take one out")
    if (one.do == "Arrive") != (one.message is not None):
        raise wrong(
            f"{one.do} {'without' if one.do == 'Arrive' else 'with'} a message", "a message with Arrive only", "mend it"
        )
    if one.do in ("Pass", "Drop") and trace.end != "both":
        raise wrong(f"{one.do} with one end under test", "Arrive", "say `end: both`, or let the message arrive")
    if one.message is not None and one.message.sealed_by is None and trace.end == "both":
        expected = "Pass or Drop, or what an adversary sends, with `sealed_by`"
        raise wrong("Arrive with both ends under test", expected, "let a message in flight pass")
    if (trace.end == "both") != (one.end is not None):
        raise wrong(
            f"a line {'without' if one.end is None else 'with'} `end`",
            "`end` in each line just where both ends are under test",
            "mend it",
        )
    if (one.link is None) != (trace.steps[0].link is None) or (one.link is not None and trace.end != "server"):
        raise wrong(
            f"a line {'without' if one.link is None else 'with'} `link`, and `end: {trace.end}`",
            "`link` in every line of a gateway's story, which has `end: server`, and in no other's",
            "mend it",
        )


def schema() -> dict[str, Any]:
    """The JSON Schema of a trace, for editors."""
    made = msgspec.json.schema(Trace)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "rekeyspec trace, version 0", **made}
