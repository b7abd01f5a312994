"""TLA+ values as TLC prints them, and the same as Python data.

Everything is immutable and can be hashed, so that a set may hold anything and a state may be a key:

    1  -5  TRUE  "text"        int, bool, str
    <<1, 2>>                   tuple, also for a function whose domain is 1..n, which TLC prints the same way
    {1, 2}  1..2               frozenset
    [a |-> 1]  ("a" :> 1)      Function: in TLA+ a record is a function from strings
    A                          ModelValue: a constant that the cfg sets to itself

Left out: what TLC prints only where a spec makes it (sets of functions or of records that are never enumerated). Python
holds TRUE equal to 1; TLC never compares the two, so a state cannot hold both in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Value: TypeAlias = "int | bool | str | ModelValue | Function | tuple[Value, ...] | frozenset[Value]"

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+)|(?P<word>[A-Za-z_0-9]+)"""
    r"""|(?P<sign>\|->|<<|>>|:>|@@|\.\.|[\[\](){},]))""",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
DEEPEST: Final = 200
"""How far values may be nested: well within Python's own stack."""


@dataclass(frozen=True)
class ModelValue:
    """A constant that stands for itself."""

    name: str

    def __str__(self) -> str:
        return self.name


class Function(Mapping[Value, Value]):
    """A function with a finite domain that is not 1..n; a record where its domain is strings."""

    __slots__ = ("_hash", "_items")

    def __init__(self, items: Mapping[Value, Value]) -> None:
        self._items = dict(items)
        self._hash = hash(frozenset(self._items.items()))

    def __getitem__(self, key: Value) -> Value:
        return self._items[key]

    def __iter__(self) -> Iterator[Value]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Function) and self._hash == other._hash and self._items == other._items

    def __repr__(self) -> str:
        return f"Function({self._items!r})"


class NotAValue(ValueError):
    """The text is not a TLA+ value as TLC prints one."""


def parse(text: str) -> Value:
    """The value that `text` prints. Raises NotAValue, which says what was expected and where."""
    reader = _Reader(text)
    value = reader.value(0)
    reader.expect("")
    return value


def first(text: str) -> Value:
    """The value at the beginning of `text`, whatever follows it. Raises NotAValue."""
    return _Reader(text).value(0)


def plain(value: Value) -> object:
    """The value as JSON and YAML know it: sets as sorted lists, keys that are not strings as their TLA+ text."""
    match value:
        case Function():
            return {key if isinstance(key, str) else text(key): plain(item) for key, item in value.items()}
        case tuple():
            return [plain(item) for item in value]
        case frozenset():
            return [plain(item) for item in sorted(value, key=order)]
        case ModelValue():
            return value.name
        case _:
            return value


def text(value: Value) -> str:
    """The value in TLA+ again, on one line; equal values give the same text."""
    match value:
        case bool():
            return str(value).upper()
        case int():
            return str(value)
        case str():
            return _quoted(value)
        case ModelValue():
            return value.name
        case tuple():
            return f"<<{', '.join(text(item) for item in value)}>>"
        case frozenset():
            return "{" + ", ".join(text(item) for item in sorted(value, key=order)) + "}"
        case Function():
            return _function_text(value)


def _function_text(value: Function) -> str:
    pairs = sorted(value.items(), key=lambda pair: order(pair[0]))
    if all(isinstance(key, str) and key.isidentifier() for key, _ in pairs):
        return "[" + ", ".join(f"{key} |-> {text(item)}" for key, item in pairs) + "]"
    return "(" + " @@ ".join(f"{text(key)} :> {text(item)}" for key, item in pairs) + ")"


def order(value: Value) -> tuple[int, int, str]:
    """The key by which the items of a set are sorted: numbers first, all else by its text."""
    return (0, value, "") if isinstance(value, int) else (1, 0, text(value))


def _quoted(words: str) -> str:
    for letter, meant in (("\\", "\\"), ('"', '"'), ("n", "\n"), ("t", "\t"), ("r", "\r"), ("f", "\f")):
        words = words.replace(meant, f"\\{letter}")
    return f'"{words}"'


class _Reader:
    """One token ahead, left to right. `kind` and `token` are the one ahead; the end is the empty token."""

    def __init__(self, source: str) -> None:
        self.source, self.at = source, 0
        self.kind, self.token = "", ""
        self.advance()

    def advance(self) -> str:
        """Go one token on; the one that was ahead."""
        passed = self.token
        found = _TOKEN.match(self.source, self.at)
        if found is None:
            rest = self.source[self.at :].split(maxsplit=1)
            self.kind, self.token = "", rest[0] if rest else ""
            return passed
        self.kind = found.lastgroup or ""
        self.token, self.at = found[self.kind], found.end()
        return passed

    def expect(self, token: str) -> None:
        if self.token != token:
            wanted = token or "the end"
            raise NotAValue(f"read {self.token or 'the end'!r} before character {self.at}, expected {wanted}")
        self.advance()

    def value(self, depth: int) -> Value:
        if depth > DEEPEST:
            raise NotAValue(f"read more than {DEEPEST} levels of nesting at character {self.at}")
        if self.kind == "sign":
            return self.compound(depth + 1)
        if self.kind == "number":
            return self.number()
        if self.kind == "string":
            return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), self.advance()[1:-1])
        if self.kind == "word":
            word = self.advance()
            return word == "TRUE" if word in ("TRUE", "FALSE") else ModelValue(word)
        raise NotAValue(f"read {self.token or 'the end'!r} at character {self.at}, expected a value")

    def number(self) -> int | frozenset[Value]:
        low = int(self.advance())
        if self.token != "..":
            return low
        self.advance()
        if self.kind != "number":
            raise NotAValue(f"read {self.token!r} before character {self.at}, expected the upper end of the interval")
        return frozenset(range(low, int(self.advance()) + 1))

    def compound(self, depth: int) -> Value:
        sign = self.advance()
        if sign == "<<":
            return tuple(self.items(">>", depth))
        if sign == "{":
            return frozenset(self.items("}", depth))
        if sign == "[":
            return self.record(depth)
        if sign == "(":
            return self.function(depth)
        raise NotAValue(f"read {sign!r} before character {self.at}, expected a value")

    def items(self, end: str, depth: int) -> Iterator[Value]:
        while self.token != end:
            yield self.value(depth)
            if self.token != end:
                self.expect(",")
        self.advance()

    def record(self, depth: int) -> Function:
        fields: dict[Value, Value] = {}
        while self.token != "]":
            if self.kind not in ("word", "number"):
                raise NotAValue(f"read {self.token!r} before character {self.at}, expected a field's name")
            name = self.advance()
            self.expect("|->")
            fields[name] = self.value(depth)
            if self.token != "]":
                self.expect(",")
        self.advance()
        return Function(fields)

    def function(self, depth: int) -> Value:
        pairs: dict[Value, Value] = {}
        while True:
            key = self.value(depth)
            self.expect(":>")
            pairs[key] = self.value(depth)
            if self.token != "@@":
                break
            self.advance()
        self.expect(")")
        if pairs.keys() == set(range(1, len(pairs) + 1)):
            return tuple(pairs[index] for index in range(1, len(pairs) + 1))
        return Function(pairs)
