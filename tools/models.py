"""The models of a spec: `models.yaml` says of each what it is for, what TLC must say of it, and how many states it has.

    models:
      - id: key-based
        about: The profile of figure 1b, two messages each way, one lost.
        spec: MCKeyBased.tla
        cfg: models/key-based.cfg
        profile: key-based
        rules: [BYTE-3, IDLE-1]
        policy: {byte_limit: 2, idle_period: 2}    # what it changes of the spec's defaults, in ticks and units
        quick: true
        expect: ok            # or deadlock, or {violates: PROPERTY}
        distinct: 12345

Paths are relative to the file. A model that must fail is as much a test as one that must not: `violates` names the one
property. Of liveness properties TLC does not say which is violated, so such a model's cfg has only one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from rekeyspec.conformance import yamlfile
from rekeyspec.conformance.policies import profile_stories
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput
from rekeyspec.tools import cfg
from rekeyspec.tools.command import Size, TlcRun

FILE: Final = Path(__file__).parent.parent / "spec" / "models.yaml"

_LARGE: Final = 30_000
"""From about so many distinct states on the larger Java machine is the faster one."""


class Violates(Struct, forbid_unknown_fields=True, frozen=True):
    """The one property that a model must violate."""

    violates: Annotated[str, Meta(pattern=r"^[A-Za-z_]\w*$")]


class Entry(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One entry as it is written."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    about: Annotated[str, Meta(min_length=1)]
    spec: Annotated[str, Meta(pattern=r"\.tla$")]
    cfg: Annotated[str, Meta(pattern=r"\.cfg$")]
    profile: str
    rules: Annotated[list[str], Meta(min_length=1)]
    policy: dict[str, str | int] | None = None
    expect: Literal["ok", "deadlock"] | Violates
    distinct: Annotated[int, Meta(ge=1)] | None = None
    quick: bool = False
    deadlock: bool = True


@dataclass(frozen=True)
class Model:
    """One model: what is run, and what must come of it."""

    id: str
    about: str
    folder: Path
    """Where its modules are, besides those beside `spec`."""
    spec: Path
    cfg: Path
    profile: str
    rules: tuple[str, ...]
    quick: bool
    deadlock: bool
    """Is a state without a successor an error?"""
    expected: str
    """`ok`, `deadlock` or `violates NAME`."""
    distinct: int | None
    """How many distinct states TLC must find, with one worker; None where nobody counts them."""
    policy: Mapping[str, str | int] | None = None
    """What its policy changes of the spec's defaults in ticks; None: it has none."""
    constants: tuple[str, ...] = ()
    """Assignments in the place of the cfg's own, as `TlcRun` has them."""

    def run(self) -> TlcRun:
        """How TLC is to check it."""
        size: Size = "large" if (self.distinct or 0) >= _LARGE else "small"
        return TlcRun(
            spec=self.spec,
            cfg=self.cfg,
            deadlock=self.deadlock,
            size=size,
            library=(self.folder,),
            constants=self.constants,
        )


def read(path: Path = FILE) -> tuple[Model, ...]:
    """Every model of the file, in its order. Raises BadInput with file and line for the first thing wrong."""
    document = yamlfile.read(path)
    entries = document.data.get("models")
    if not isinstance(entries, list) or list(document.data) != ["models"]:
        found = ", ".join(document.data) or "nothing"
        raise yamlfile.problem(document.at(), found, "`models:` with a list, and nothing else", "put them under it")
    found_models: dict[str, Model] = {}
    for index, data in enumerate(entries):
        model = _model(document, index, data, path.parent)
        if model.id in found_models:
            where = document.at(("models", index, "id"))
            raise yamlfile.problem(where, f"the id {model.id} again", "an id once", "rename one of the two")
        found_models[model.id] = model
    return tuple(found_models.values())


def chosen(models: Sequence[Model], ids: Sequence[str], *, quick: bool) -> tuple[Model, ...]:
    """The models of these ids (none: all), or the quick ones of them. Raises BadInput for an unknown id."""
    known = {model.id: model for model in models}
    for one in ids:
        if one not in known:
            raise yamlfile.problem("--only", f"the model {yamlfile.shown(one)}", *yamlfile.choose(one, known))
    found = tuple(model for model in models if (not ids or model.id in ids) and (model.quick or not quick))
    if not found:
        read_ = "--quick with models that are not quick" if ids else "no model"
        raise yamlfile.problem("models", read_, "at least one", "leave --quick out, or choose others")
    return found


def _model(document: yamlfile.Document, index: int, data: yamlfile.Plain, folder: Path) -> Model:
    def wrong(key: str, read: str, expected: str, remedy: str) -> BadInput:
        return yamlfile.problem(document.at(("models", index, *key.split("."))), read, expected, remedy)

    try:
        entry = msgspec.convert(data, Entry)
    except msgspec.ValidationError as why:
        raise _explained(document, index, str(why)) from None
    _check_words(entry, document, index)
    for key, name in (("spec", entry.spec), ("cfg", entry.cfg)):
        if not (folder / name).is_file():
            raise wrong(key, f"{yamlfile.shown(name)}, which is no file", f"a file in {folder}", "correct the path")
    if entry.expect == "ok" and entry.distinct is None:
        raise wrong(
            "expect", "`ok` without `distinct`", "the number of distinct states", "run it with any, and take TLC's"
        )
    expected = entry.expect if isinstance(entry.expect, str) else f"violates {entry.expect.violates}"
    if isinstance(entry.expect, Violates) and entry.expect.violates not in _checked_by(folder / entry.cfg):
        name = entry.expect.violates
        raise wrong(
            "expect.violates", f"{name}, which {entry.cfg} does not check", "a property of the cfg", "name it there"
        )
    return Model(
        id=entry.id,
        about=entry.about,
        folder=folder,
        spec=folder / entry.spec,
        cfg=folder / entry.cfg,
        profile=entry.profile,
        rules=tuple(entry.rules),
        quick=entry.quick,
        deadlock=entry.deadlock,
        expected=expected,
        distinct=entry.distinct,
        policy=entry.policy,
    )


def _checked_by(path: Path) -> list[str]:
    text = path.read_text("utf-8", "replace")
    return [*cfg.invariants(text), *cfg.properties(text)]


def _check_words(entry: Entry, document: yamlfile.Document, index: int) -> None:
    for number, rule in enumerate(entry.rules):
        if rule not in rules():
            where = document.at(("models", index, "rules", number))
            raise yamlfile.problem(where, f"the rule {yamlfile.shown(rule)}", *yamlfile.choose(rule, rules()))
    if entry.profile not in profile_stories():
        where = document.at(("models", index, "profile"))
        expected, remedy = yamlfile.choose(entry.profile, profile_stories())
        raise yamlfile.problem(where, f"the profile {yamlfile.shown(entry.profile)}", expected, remedy)


def _explained(document: yamlfile.Document, index: int, why: str) -> BadInput:
    """msgspec's sentence, with the file and the line in the place of its path."""
    text, _, where = why.partition(" - at ")
    path: list[str | int] = [key or int(number) for key, number in re.findall(r"\.(\w+)|\[(\d+)\]", where)]
    unknown = re.search(r"unknown field `(\w+)`", text)
    whole = ("models", index, *path)
    place: Callable[[tuple[str | int, ...]], str] = document.at_key if unknown else document.at
    if unknown:
        _, remedy = yamlfile.choose(unknown[1], Entry.__struct_fields__)
        return yamlfile.problem(place((*whole, unknown[1])), f"the key {unknown[1]}", "a key of a model", remedy)
    return BadInput(f"{place(whole)}: {text[0].lower()}{text[1:]}; correct this entry")
