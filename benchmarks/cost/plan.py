"""What one run measures: each negotiation and each way to carry data by itself, whole keys that test their sum, and
what is left when a part is replaced by one that does nothing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Literal, NamedTuple

from rekeyspec.benchmarks.cost import ends
from rekeyspec.benchmarks.cost.choices import MEASURED, MIB, Carriage, Case, Settings
from rekeyspec.benchmarks.cost.ends import Carrier, Sample
from rekeyspec.benchmarks.cost.identities import Identities, make
from rekeyspec.benchmarks.cost.links import NO_CIPHER, Wire
from rekeyspec.benchmarks.cost.peers import Silent, Stdlib
from rekeyspec.benchmarks.cost.records import Records
from rekeyspec.benchmarks.cost.tls import Bare, Unavailable, check

Work = Callable[[], Sample]


class Negotiated(NamedTuple):
    """A negotiation by itself."""

    case: Case


class Carried(NamedTuple):
    """Data under one key, by itself."""

    carriage: Carriage
    cipher: str
    message: int


class Whole(NamedTuple):
    """A key from its negotiation to its last byte."""

    case: Case
    message: int
    volume: int


class Beside(NamedTuple):
    """What is compared: a part that does nothing, or a peer."""

    who: str
    what: Literal["negotiation", "data"]
    case: Case
    message: int


Key = Negotiated | Carried | Whole | Beside

_WHOLE_QUICK: Final = 16 * MIB
"""Larger volumes are measured in a quick run under the first negotiation only."""

SILENT: Final = "nothing (what measuring costs)"
NO_NEGOTIATION: Final = "wire, nothing in its negotiation"
PLAIN: Final = "wire, a cipher that does nothing"
NO_RECORDS: Final = "records, a cipher that does nothing"
STDLIB: Final = "ssl"


@dataclass
class Plan:
    """The works of one run, by what they measure; what could not be had is in `notes`."""

    settings: Settings
    folder: Path
    """For certificates of whoever reads them from files."""
    parts_only: bool = False
    """Without whole keys, and without what is only compared."""
    notes: list[str] = field(default_factory=list)
    round_trips: dict[Case, int] = field(default_factory=dict)
    _identities: dict[str, Identities] = field(default_factory=dict)
    _carriers: dict[Hashable, Carrier | None] = field(default_factory=dict)

    def works(self) -> dict[Key, Work]:
        """All of them, in the order in which they take turns."""
        found: dict[Key, Work] = {}
        wholes = [] if self.parts_only else list(self._wholes())
        cases = dict.fromkeys([*self.settings.cases(), *(one.case for one in wholes)])
        first = self.settings.messages[0]
        for case in cases:
            carrier = self._carrier(case, first)
            if carrier is not None:
                self.round_trips[case] = carrier.round_trips
                found[Negotiated(case)] = partial(ends.negotiation, carrier)
        for carried in self._carried():
            carrier = self._carrier(self._plainest(carried), carried.message)
            if carrier is not None:
                found[carried] = partial(ends.data, carrier, amount(carried.message))
        for one in wholes:
            carrier = self._carrier(one.case, one.message)
            if carrier is not None and Negotiated(one.case) in found:
                found[one] = partial(ends.whole, carrier, one.volume, amount(one.message))
        for beside in () if self.parts_only else self._besides():
            other = self._beside(beside)
            if other is not None:
                work = partial(ends.data, other, amount(beside.message))
                found[beside] = partial(ends.negotiation, other) if beside.what == "negotiation" else work
        return found

    def _wholes(self) -> Iterator[Whole]:
        """The crossed points that test the sum."""
        s = self.settings
        first, message = s.negotiations[0], s.messages[0]
        seen: set[Whole] = set()
        carriages = {s.case(one).carriage: one for one in reversed(s.negotiations)}

        def points(case: Case, size: int, most: int) -> Iterator[Whole]:
            for volume in s.volumes:
                point = Whole(case, size, volume)
                if size <= volume <= min(most, MEASURED) and point not in seen:
                    seen.add(point)
                    yield point

        for one in s.negotiations:
            most = MEASURED if not s.quick or one == first else _WHOLE_QUICK
            yield from points(s.case(one), message, most)
        for one in carriages.values():
            for cipher in s.ciphers:
                for size in s.messages:
                    yield from points(s.case(one, cipher=cipher), size, MIB if s.quick else _WHOLE_QUICK)
        if not s.quick:
            for certificate in s.certificates:
                for authentication in s.authentications:
                    case = s.case(first, certificate, authentication=authentication)
                    yield from points(case, message, _WHOLE_QUICK)
            yield from points(s.case(first), max(s.messages), MEASURED)

    def _carried(self) -> list[Carried]:
        s = self.settings
        carriages = dict.fromkeys(s.case(one).carriage for one in s.negotiations)
        return [Carried(one, cipher, size) for one in carriages for cipher in s.ciphers for size in s.messages]

    def _plainest(self, carried: Carried) -> Case:
        """Whose key it is does not matter to the data."""
        one = next(n for n in self.settings.negotiations if self.settings.case(n).carriage == carried.carriage)
        return self.settings.case(one, cipher=carried.cipher)

    def _besides(self) -> Iterator[Beside]:
        s = self.settings
        message, groups = s.messages[0], [one for one in s.groups if "MLKEM" not in one]
        full = [one for one in s.negotiations if one.endswith("-full")]
        case = s.case(full[0] if full else s.negotiations[0])
        yield Beside(SILENT, "negotiation", case, message)
        for size in s.messages:
            yield Beside(SILENT, "data", case, size)
        if "wire-full" in s.negotiations:
            wire = s.case("wire-full")
            yield Beside(NO_NEGOTIATION, "negotiation", wire, message)
            for size in s.messages:
                yield Beside(PLAIN, "data", wire, size)
                yield Beside(NO_RECORDS, "data", wire, size)
        for version, cipher in (("tls1.3-full", "AES-256-GCM"), ("tls1.2-full", s.ciphers[0])):
            if version in s.negotiations and groups and cipher in s.ciphers:
                peer = s.case(version, group=groups[0], cipher=cipher)
                yield Beside(STDLIB, "negotiation", peer, message)
                for size in s.messages:
                    yield Beside(STDLIB, "data", peer, size)

    def _beside(self, beside: Beside) -> Carrier | None:
        who, _, case, message = beside
        try:
            if who == SILENT:
                return Silent(message)
            if who == NO_NEGOTIATION:
                return Wire(case, None, message)
            if who == PLAIN:
                return Wire(case, None, message, plain=True)
            if who == NO_RECORDS:
                return Records(NO_CIPHER, message)
            return Stdlib(case, self._identity(case.certificate), message, self.folder)
        except Unavailable as why:
            self._note(str(why))
        return None

    def _carrier(self, case: Case, message: int) -> Carrier | None:
        if (case, message) not in self._carriers:
            try:
                self._carriers[case, message] = self._made(case, message)
            except Unavailable as why:
                self._carriers[case, message] = None
                self._note(str(why))
        return self._carriers[case, message]

    def _made(self, case: Case, message: int) -> Carrier:
        if case.carriage == "records":
            return Records(case.cipher, message)
        identities = self._identity(case.certificate)
        if case.carriage == "wire":
            wire = Wire(case, identities, message)
            wire.negotiate()
            if wire.abbreviated() != (case.negotiation == "wire-abbreviated"):
                raise Unavailable(f"{case.negotiation}: the wire negotiates another way")
            return wire
        pair = Bare(case, identities, message)
        check(pair)
        return pair

    def _identity(self, certificate: str) -> Identities:
        if certificate not in self._identities:
            self._identities[certificate] = make(certificate)
        return self._identities[certificate]

    def check_again(self) -> None:
        """Do the connections still negotiate what they say? It is noted where one does not."""
        for carrier in self._carriers.values():
            if isinstance(carrier, Bare):
                try:
                    check(carrier)
                except Unavailable as why:
                    self.notes.append(f"beware: at the end of the run, {why}")

    def _note(self, why: str) -> None:
        if f"skipped: {why}" not in self.notes:
            self.notes.append(f"skipped: {why}")


def amount(message: int) -> int:
    """How many bytes of data are measured at a time, by themselves: a few milliseconds of it."""
    return max(2 * message, min(2 * MIB, max(MIB // 4, 128 * message)))
