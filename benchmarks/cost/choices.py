"""What `bench cost` may be asked for: names, sizes, and one case of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rekeyspec.conformance.target import BadInput

KIB: Final = 1 << 10
MIB: Final = 1 << 20
GIB: Final = 1 << 30

NEGOTIATIONS: Final = (
    "tls1.3-full",
    "tls1.3-resumed-dhe",
    "tls1.3-resumed-psk",
    "tls1.2-full",
    "tls1.2-abbreviated",
    "tls1.2-in-place",
    "ratchet",
    "wire-full",
    "wire-abbreviated",
)
"""`resumed-psk`: without (EC)DHE. `in-place`: renegotiation inside the connection. `ratchet`: the next key is derived
from this one by HKDF, as by KeyUpdate (RFC 8446 §4.6.3). `wire`: this project's own, with TLS 1.3 inside."""

CERTIFICATES: Final = ("P-256", "RSA-2048", "RSA-3072", "RSA-4096", "Ed25519")
GROUPS: Final = ("X25519", "P-256", "X25519MLKEM768")
AUTHENTICATIONS: Final = ("mutual", "server-only")
CIPHERS: Final = ("AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305")
MESSAGES: Final = (16 * KIB, KIB, 64 * KIB)
VOLUMES: Final = tuple(size << 10 for size in (32, 256, 1 << 10, 16 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20))
MEASURED: Final = GIB
"""Volumes up to this are measured; beyond it there is the model."""

SHARE: Final = {False: 2.4, True: 0.14}
"""About so many seconds go to each thing that is measured; the second when quick."""

LIMIT: Final = {False: 1320.0, True: 78.0}
"""Measuring takes so many seconds at most; the second when quick. To this come making certificates, warming everything
up once, and `openssl speed`."""

_SMALLEST, _LARGEST = 1, 1 << 50
_MOST_MESSAGE: Final = MIB
_MOST_SIZES: Final = 32
_UNITS: Final = {"": 1, "B": 1, "KiB": KIB, "MiB": MIB, "GiB": GIB, "TiB": 1 << 40}

Carriage = Literal["tls1.3", "tls1.2", "records", "wire"]
"""What carries data under a key: TLS by pyOpenSSL, records sealed by calls of the cipher alone, or this wire."""


@dataclass(frozen=True)
class Case:
    """One negotiation to measure. What does not bear on it is empty."""

    negotiation: str
    certificate: str
    group: str
    authentication: str
    cipher: str

    @property
    def carriage(self) -> Carriage:
        """What carries the data under its key."""
        return carriage(self.negotiation)


def carriage(negotiation: str) -> Carriage:
    """What carries the data under a key that was negotiated so."""
    for one in ("tls1.3", "tls1.2", "wire"):
        if negotiation.startswith(one):
            return one
    return "records"


@dataclass(frozen=True)
class Settings:
    """What to measure. The first of each is what the others are compared with. Sizes are bytes."""

    quick: bool = False
    negotiations: tuple[str, ...] = NEGOTIATIONS
    certificates: tuple[str, ...] = CERTIFICATES
    groups: tuple[str, ...] = GROUPS
    authentications: tuple[str, ...] = AUTHENTICATIONS
    ciphers: tuple[str, ...] = CIPHERS
    messages: tuple[int, ...] = MESSAGES
    volumes: tuple[int, ...] = VOLUMES
    share: float = 0.0
    """Seconds for each thing that is measured; 0: as SHARE says."""

    def __post_init__(self) -> None:
        """Refuse what cannot be measured: BadInput."""
        if self.share < 0 or self.share > 3600:
            raise BadInput(f"share: {self.share:g} s was read; expected 0 to 3600; leave it out")
        if not self.share:
            object.__setattr__(self, "share", SHARE[self.quick])
        object.__setattr__(self, "volumes", tuple(sorted(self.volumes)))
        for one in self.messages:
            if not 1 <= one <= _MOST_MESSAGE:
                raise BadInput(f"--message: {shown(one)} was read; expected 1 B to 1 MiB; give another size")
        for one in self.volumes:
            if not 1 <= one <= _LARGEST:
                raise BadInput(f"--volumes: {one} B was read; expected 1 B to 1 PiB; give another volume")
        for option, some in (("--volumes", self.volumes), ("--message", self.messages)):
            if len(some) > _MOST_SIZES:
                raise BadInput(f"{option}: {len(some)} sizes were read; expected {_MOST_SIZES} at most; give fewer")
        low, least = min(self.volumes), min(self.messages)
        if low < least:
            raise BadInput(
                f"--volumes: {shown(low)} was read, less than a message of {shown(least)}; expected volumes that hold "
                "a message at least; give a larger volume, or a smaller size with --message"
            )

    def cases(self) -> list[Case]:
        """All negotiations that were asked for, once each, under the first cipher."""
        found: dict[Case, None] = {}
        for negotiation in self.negotiations:
            for certificate in self.certificates:
                for group in self.groups:
                    for authentication in self.authentications:
                        found[self.case(negotiation, certificate, group, authentication)] = None
        return list(found)

    def case(
        self, negotiation: str, certificate: str = "", group: str = "", authentication: str = "", cipher: str = ""
    ) -> Case:
        """The negotiation, with the first of whatever is left empty, without what does not bear on it."""
        case = Case(
            negotiation,
            certificate or self.certificates[0],
            group or self.groups[0],
            authentication or self.authentications[0],
            cipher or self.ciphers[0],
        )
        if negotiation == "ratchet":
            return Case(negotiation, "", "", "", case.cipher)
        if negotiation == "tls1.2-abbreviated":  # a session in TLS 1.2 exchanges no keys
            return Case(negotiation, case.certificate, "", case.authentication, case.cipher)
        return case


def names(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Names with commas between them, in their order, each once. Raises BadInput."""
    by_lower = {one.lower(): one for one in known}
    found = []
    for word in (part.strip() for part in text.split(",")):
        if word.lower() not in by_lower:
            raise BadInput(f"{option}: {word!r} was read; expected some of {', '.join(known)}; correct the name")
        found.append(by_lower[word.lower()])
    return tuple(dict.fromkeys(found))


def sizes(option: str, text: str) -> tuple[int, ...]:
    """Sizes with commas between them (`32KiB,1MiB`), in bytes, each once. Raises BadInput."""
    return tuple(dict.fromkeys(_size(option, part.strip()) for part in text.split(",")))


def _size(option: str, word: str) -> int:
    found = re.fullmatch(r"(\d{1,15})\s*([KMGT]iB|B)?", word, re.ASCII | re.IGNORECASE)
    units = {name.lower(): size for name, size in _UNITS.items()}
    if found is None or int(found[1]) < _SMALLEST:
        raise BadInput(
            f"{option}: {word!r} was read; expected sizes above 0, as 32KiB, 1MiB or 16GiB, with commas between them"
        )
    return int(found[1]) * units[(found[2] or "").lower()]


def shown(size: float) -> str:
    """A size for people: two or three digits and a unit."""
    for name in ("B", "KiB", "MiB", "GiB"):
        if size < 1000:
            return f"{size:.0f} {name}" if size >= 10 or size == int(size) else f"{size:.1f} {name}"
        size /= 1024
    return f"{size:,.0f} TiB" if size >= 10 or size == int(size) else f"{size:.1f} TiB"
