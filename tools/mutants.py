"""Mutants of the specification: rules broken on purpose, each of which a promise must notice.

A mutant is a change of a cfg: conditions that are dropped or turned around, by their labels (`Req` and `Why` in
`Link.tla`), or an operator in the place of another. It is checked in the models that `mutants.yaml` names, in their
order, until one of them notices it. One that no model notices must say why it survives: because the rule is kept by
another condition too, or nothing that anybody can see depends on it.

    guards:                                  # every label of the text, dropped and inverted
      "SendData: BYTE-3":
        dropped: {killed_by: BytesPerKey, in: [mutants-one-way]}
        inverted: {survives: "why", in: [mutants-one-way, mutants-both-ways]}
    others:
      - id: count-not-reset
        about: The count goes on under the new key.
        rule: BYTE-4
        replace: [InForce <- CountGoesOn]
        killed_by: NoNeedlessHandshake
        in: [mutants-one-way]

`drop` and `invert` may stand beside `replace`. What is put in the place of an operator is in `MCMutants.tla`. This
knows our spec by its labels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from rekeyspec.conformance import yamlfile
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput
from rekeyspec.tools import cfg, models
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.models import Model

SPEC: Final = Path(__file__).parent.parent / "spec"
FILE: Final = SPEC / "mutants.yaml"
_LABEL: Final = re.compile(r'\b(?:Req|Why)\("(\w+: [A-Z]+-\d+)"')
_DROPPED: Final = re.compile(r'"(\w+: [A-Z]+-\d+)" \\(?:not)?in Dropped')


class Fate(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What becomes of a mutant, and in which models it is looked for."""

    models: Annotated[list[str], Meta(min_length=1)] = msgspec.field(name="in")
    killed_by: str = ""
    survives: str = ""


class _Guard(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    dropped: Fate
    inverted: Fate


class _Other(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    id: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    about: Annotated[str, Meta(min_length=1)]
    rule: str
    models: Annotated[list[str], Meta(min_length=1)] = msgspec.field(name="in")
    drop: list[str] = []
    invert: list[str] = []
    replace: list[Annotated[str, Meta(pattern=r"^\w+ (<-|=) \w+$")]] = []
    killed_by: str = ""
    survives: str = ""


class _File(Struct, forbid_unknown_fields=True, frozen=True):
    guards: dict[str, _Guard]
    others: list[_Other]


@dataclass(frozen=True)
class Mutant:
    """One rule broken on purpose."""

    id: str
    about: str
    rule: str
    drop: tuple[str, ...]
    invert: tuple[str, ...]
    replace: tuple[str, ...]
    models: tuple[Model, ...]
    """In which it is looked for, in this order."""
    killed_by: str
    """The property that must notice it, or `deadlock`; empty where it survives."""
    survives: str
    """Why no promise notices it."""

    @property
    def expected(self) -> str:
        """In the words of `MutantResult.got`."""
        return self.killed_by or "survives"

    def run(self, model: Model) -> TlcRun:
        """How TLC is to check one of its models with it."""
        run = model.run()
        labels = (("Dropped", self.drop), ("Inverted", self.invert))
        changed = tuple(f"{name} = {_set(found)}" for name, found in labels if found)
        return TlcRun(
            spec=run.spec,
            cfg=run.cfg,
            deadlock=run.deadlock,
            size=run.size,
            library=run.library,
            constants=(*run.constants, *changed, *self.replace),
        )


def _set(labels: Sequence[str]) -> str:
    return "{" + ", ".join(f'"{label}"' for label in labels) + "}"


@cache
def labels() -> tuple[str, ...]:
    """Every label of a condition in the modules of the specification, `Action: RULE`, sorted."""
    return _found(_LABEL)


def _found(pattern: re.Pattern[str]) -> tuple[str, ...]:
    texts = (path.read_text(encoding="utf-8") for path in sorted(SPEC.glob("*.tla")))
    return tuple(sorted({label for text in texts for label in pattern.findall(text)}))


def read(path: Path = FILE, models_file: Path = models.FILE) -> tuple[Mutant, ...]:
    """Every mutant of the file, guards first. Raises BadInput with file and line for the first thing wrong."""
    document = yamlfile.read(path)
    try:
        file = msgspec.convert(document.data, _File)
    except msgspec.ValidationError as why:
        raise _explained(document, str(why)) from None
    known = {model.id: model for model in models.read(models_file)}
    made: dict[str, Mutant] = {}
    for place, one, fields in _entries(file):
        _check(document, place, fields, known)
        if fields["id"] in made:
            where = document.at(place)
            raise yamlfile.problem(where, f"the id {fields['id']} again", "an id once", "rename one of the two")
        made[fields["id"]] = Mutant(
            **fields, models=tuple(known[name] for name in one.models), killed_by=one.killed_by, survives=one.survives
        )
    return tuple(made.values())


def _entries(file: _File) -> list[tuple[tuple[str | int, ...], Fate | _Other, dict[str, Any]]]:
    found: list[tuple[tuple[str | int, ...], Fate | _Other, dict[str, Any]]] = []
    for label, guard in file.guards.items():
        for way, fate in (("dropped", guard.dropped), ("inverted", guard.inverted)):
            action, _, rule = label.partition(": ")
            about = f"{action} {'does not ask' if way == 'dropped' else 'turns around'} what {rule} says."
            fields = {"id": _id(label, way), "about": about, "rule": rule, "replace": ()}
            chosen = {"drop": (label,), "invert": ()} if way == "dropped" else {"drop": (), "invert": (label,)}
            found.append((("guards", label, way), fate, fields | chosen))
    for index, one in enumerate(file.others):
        fields = {"id": one.id, "about": one.about, "rule": one.rule}
        changes = {"drop": tuple(one.drop), "invert": tuple(one.invert), "replace": tuple(one.replace)}
        found.append((("others", index), one, fields | changes))
    return found


def _id(label: str, way: str) -> str:
    return f"{label.replace(': ', '-').lower()}-{way}"


def _check(
    document: yamlfile.Document, place: tuple[str | int, ...], fields: Mapping[str, Any], known: Mapping[str, Model]
) -> None:
    data: Any = document.data
    for key in place:
        data = data[key]
    where = document.at(place)
    known_labels = (*labels(), *_found(_DROPPED))  # Gateway has its own, which can only be dropped
    if bool(data.get("killed_by")) == bool(data.get("survives")):
        found = "both `killed_by` and `survives`" if data.get("killed_by") else "neither `killed_by` nor `survives`"
        raise yamlfile.problem(where, found, "one of them", "say what notices it, or why nothing does")
    for label in (*fields["drop"], *fields["invert"]):
        if label not in known_labels:
            raise yamlfile.problem(where, f"the label {yamlfile.shown(label)}", *yamlfile.choose(label, known_labels))
    if fields["rule"] not in rules():
        raise yamlfile.problem(where, f"the rule {fields['rule']}", *yamlfile.choose(fields["rule"], rules()))
    if not (fields["drop"] or fields["invert"] or fields["replace"]):
        raise yamlfile.problem(where, "no change", "`drop`, `invert` or `replace`", "say what is broken")
    for name in data["in"]:
        if name not in known:
            raise yamlfile.problem(where, f"the model {yamlfile.shown(name)}", *yamlfile.choose(name, known))
    killer = data.get("killed_by", "")
    if killer not in ("", "deadlock") and not any(killer in checked_by(known[name]) for name in data["in"]):
        raise yamlfile.problem(where, f"{killer}, which none of its models checks", "a property of one", "name another")


def checked_by(model: Model) -> list[str]:
    """The invariants and properties that a model's cfg names."""
    text = model.cfg.read_text("utf-8", "replace")
    return [*cfg.invariants(text), *cfg.properties(text)]


def _explained(document: yamlfile.Document, why: str) -> BadInput:
    text, _, where = why.partition(" - at ")
    path: list[str | int] = [key or int(number) for key, number in re.findall(r"\.(\w+)|\[(\d+)\]", where)]
    return BadInput(f"{document.at(tuple(path))}: {text[0].lower()}{text[1:]}; correct this entry")


def chosen(mutants: Sequence[Mutant], ids: Sequence[str], sample: int = 0) -> tuple[Mutant, ...]:
    """The mutants of these ids (none: all), and of these every nth so that `sample` are left (0: all).

    Raises BadInput for an unknown id.
    """
    known = {mutant.id: mutant for mutant in mutants}
    for one in ids:
        if one not in known:
            raise yamlfile.problem("rekeyspec model mutants", f"the mutant {one}", *yamlfile.choose(one, known))
    found = [mutant for mutant in mutants if not ids or mutant.id in ids]
    if not sample or sample >= len(found):
        return tuple(found)
    return tuple(found[index * len(found) // sample] for index in range(sample))
