"""YAML, read strictly: profiles, policies, rules, traces and models all come in through here.

YAML has surprises that a file of rules must not have. `on` and `off` are words here and not booleans; `1_000`, `0x10`,
`010`, `1.5`, `null` and dates are words too. Booleans are `true` and `false`, integers are decimal, whatever is quoted
is a word, a key is always a word. Tags could name any type, anchors and aliases let a small file stand for gigabytes,
and a second document or a repeated key hides what the first one said: all are refused, with the place.

The reader works on the parser's events and not on its nodes: so it stops at the first thing too deep or not allowed,
before anything was built from it, and knows the line and column of everything.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from rekeyspec.conformance.target import BadInput

Plain: TypeAlias = "str | int | bool | list[Plain] | dict[str, Plain]"
Steps: TypeAlias = "tuple[str | int, ...]"
"""The way from the top to a value: keys of mappings, and indices of lists from 0."""

CAP: Final = 1 << 20
"""The largest file that is read, in bytes, unless the caller says otherwise."""
DEEPEST: Final = 32
"""How many mappings and lists may stand one inside the other."""
LONGEST_INTEGER: Final = 20

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is some ten times as fast
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")


@dataclass(frozen=True)
class Document:
    """One file's contents as plain data, and where each piece of it stands."""

    name: str
    data: dict[str, Plain]
    _values: dict[Steps, tuple[int, int]] = field(repr=False)
    _keys: dict[Steps, tuple[int, int]] = field(repr=False)

    def at(self, path: Steps = ()) -> str:
        """`FILE:LINE:COLUMN` (from 1) of the value there; of what should have held it where there is none."""
        return self._place(self._values, path)

    def at_key(self, path: Steps) -> str:
        """`FILE:LINE:COLUMN` of the key that leads there, and of a list's item the item itself."""
        return self._place(self._keys if path in self._keys else self._values, path)

    def _place(self, places: dict[Steps, tuple[int, int]], path: Steps) -> str:
        while path not in places and path:
            path, places = path[:-1], self._values
        line, column = places.get(path, (1, 1))
        return f"{self.name}:{line}:{column}"


def problem(where: str, read: str, expected: str, remedy: str) -> BadInput:
    """The one message that bad input gets: where, what was read, what was expected, what to do."""
    return BadInput(f"{where}: read {read}, expected {expected}; {remedy}")


def shown(value: object) -> str:
    """A value as a message quotes it: on one line, and short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


LISTED: Final = 60
"""How many names a message lists."""


def choose(word: str, known: Iterable[str]) -> tuple[str, str]:
    """For a word that is not known: what was expected, and the remedy, which names the nearest if one is near."""
    names = list(known)
    near = get_close_matches(word, names, n=5)
    remedy = f"did you mean {near[0]}?" if near else "choose one of them"
    if len(names) > LISTED:
        return f"one of {len(names)} names, such as {', '.join(near or names[:5])}", remedy
    return f"one of {', '.join(names)}", remedy


def read(path: str | Path, *, cap: int = CAP) -> Document:
    """Read a YAML file whose top is a mapping. Raises BadInput for all that the file can have wrong.

    At most `cap` bytes are read (one more, to see that there is more).
    """
    name = str(path)
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a directory" if stat.S_ISDIR(status.st_mode) else "something that is no regular file"
            raise problem(name, what, "a YAML file", "name the file itself")
        _check_size(name, status.st_size, cap)
        with Path(path).open("rb") as file:
            raw = file.read(cap + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise problem(shown(name)[1:-1], f"nothing ({reason})", "a YAML file", "correct the path") from None
    _check_size(name, len(raw), cap)  # it may have grown, or have lied as files of /proc do
    return parse(raw, name)


def _check_size(name: str, size: int, cap: int) -> None:
    if size > cap:
        raise problem(name, f"a file of {size} bytes", f"at most {cap} bytes", "split it, or name the right file")


def parse(source: bytes | str, name: str) -> Document:
    """The same for what is already in memory; `name` stands in the messages for the file."""
    raw = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    text = _decoded(raw, name)
    builder = _Builder(name, yaml.parse(text, Loader=_LOADER))
    try:
        data = builder.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        said = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise problem(where, f"what is not YAML ({said})", "YAML", "correct the text at or before this place") from None
    return Document(name, data, builder.values, builder.keys)


def _decoded(raw: bytes, name: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = _where(name, raw[: error.start].decode("utf-8", "replace"))
        raise problem(where, f"the byte 0x{raw[error.start]:02x}", "UTF-8", "save the file as UTF-8") from None
    # The parsers refuse these too, but do not agree on how to say where.
    if found := _UNPRINTABLE.search(text):
        read_, remedy = f"the character U+{ord(found[0]):04X}", "remove it, or write it as an escape in double quotes"
        raise problem(_where(name, text[: found.start()]), read_, "printable text", remedy)
    return text


def _where(name: str, before: str) -> str:
    return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


class _Builder:
    """Builds the data from the events, in order, noting places. Its depth is bounded, so it may call itself."""

    def __init__(self, name: str, events: Iterator[yaml.Event]) -> None:
        self.name, self.events = name, events
        self.values: dict[Steps, tuple[int, int]] = {}
        self.keys: dict[Steps, tuple[int, int]] = {}

    def document(self) -> dict[str, Plain]:
        next(self.events)  # the stream's start
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise problem(f"{self.name}:1:1", "an empty file", "a mapping", "write `key: value` lines")
        top = next(self.events)
        data = self.value(top, ())
        if not isinstance(data, dict):
            raise self.refuse(top, f"{_kind(data)} at the top", "a mapping", "write `key: value` lines")
        next(self.events)  # the document's end
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self.refuse(after, "a second document", "one document in a file", "put it into a file of its own")
        return data

    def value(self, event: yaml.Event, path: Steps) -> Plain:
        self.check(event, len(path))
        self.values[path] = _place(event)
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        return self.mapping(path) if isinstance(event, yaml.MappingStartEvent) else self.sequence(path)

    def check(self, event: Any, depth: int) -> None:
        """Refuse what no file may contain, before it is gone into."""
        if isinstance(event, yaml.AliasEvent):
            why = "the value written out (aliases can make a small file explode)"
            raise self.refuse(event, f"the alias {shown(f'*{event.anchor}')}", why, "copy the value here")
        if event.anchor is not None:
            why = "no anchors (the aliases to them can make a small file explode)"
            raise self.refuse(event, f"the anchor {shown(f'&{event.anchor}')}", why, "remove it")
        if event.tag is not None:
            read = f"the tag {shown(event.tag)}"
            raise self.refuse(event, read, "plain data without tags", "remove the tag, and quote what is to be a word")
        if depth >= DEEPEST and not isinstance(event, yaml.ScalarEvent):
            read, expected = f"level {depth + 1} of nesting", f"at most {DEEPEST} levels"
            raise self.refuse(event, read, expected, "flatten it")

    def mapping(self, path: Steps) -> dict[str, Plain]:
        found: dict[str, Plain] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event, len(path))
            if key in found:
                line, column = self.keys[(*path, key)]
                read = f"the key {shown(key)} again"
                raise self.refuse(event, read, f"it once (first at {line}:{column})", "remove one of the two")
            self.keys[(*path, key)] = _place(event)
            found[key] = self.value(next(self.events), (*path, key))
        return found

    def key(self, event: yaml.Event, depth: int) -> str:
        self.check(event, depth)
        if not isinstance(event, yaml.ScalarEvent):
            raise self.refuse(event, "a list or mapping as a key", "a word as a key", "write a word, then `:`")
        key = self.scalar(event)
        if not isinstance(key, str):
            read = f"{_kind(key)} {shown(event.value)} as a key"
            raise self.refuse(event, read, "a word as a key", f'quote it: "{event.value}"')
        return key

    def sequence(self, path: Steps) -> list[Plain]:
        found: list[Plain] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.value(event, (*path, len(found))))
        return found

    def scalar(self, event: yaml.ScalarEvent) -> str | int | bool:
        text = event.value
        if event.style:  # quoted, or a block of text; for plain text the one parser has None, the other an empty string
            return str(text)
        if text in ("true", "false"):
            return bool(text == "true")
        if not _INTEGER.fullmatch(text):
            return str(text)
        if len(text) > LONGEST_INTEGER:
            read, expected = f"an integer of {len(text)} characters", f"at most {LONGEST_INTEGER}"
            raise self.refuse(event, read, expected, "write a smaller number, or quote it to make it a word")
        return int(text)

    def refuse(self, event: yaml.Event, read: str, expected: str, remedy: str) -> BadInput:
        line, column = _place(event)
        return problem(f"{self.name}:{line}:{column}", read, expected, remedy)


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _kind(data: object) -> str:
    kinds = {bool: "the boolean", int: "the number", str: "a word", list: "a list", dict: "a mapping"}
    return kinds[type(data)]
