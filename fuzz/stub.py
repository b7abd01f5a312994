"""In the place of cryptography: a seal that is quick, whose contents can be read, and that nobody forges by chance; and
negotiations that follow a script. Both are deterministic, so that an input is the same story each time."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Literal, NamedTuple
from zlib import crc32

from cryptography.exceptions import InvalidTag

from rekeyspec.reference.vocabulary import Role
from rekeyspec.reference.wire.frames import TAG
from rekeyspec.reference.wire.negotiation import MOST, Failed, Outcome
from rekeyspec.reference.wire.seal import SECRET, Cipher

HASHED: Final = 64
"""So many bytes of a body are hashed, and a checksum of all of them: hashing it all would take a third of the time."""

Shape = Literal["quick", "long", "bulky"]
Trouble = Literal["", "fails", "stranger", "refuses", "resumes", "goes on"]

OPENED: Final = [0]
"""How many sealed bodies were opened, in all."""


class StubAead:
    """The body as it is, and a keyed hash of it, its header and its nonce behind it."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encrypt(self, nonce: bytes, data: bytes | memoryview, associated_data: bytes | None) -> bytes:
        """The sealed body."""
        inside = bytes(data)
        return inside + self._tag(nonce, inside, associated_data)

    def decrypt(self, nonce: bytes, data: bytes | memoryview, associated_data: bytes | None) -> bytes:
        """The body. Raises InvalidTag where it is not one that was sealed so."""
        inside = bytes(data[:-TAG])
        if data[-TAG:] != self._tag(nonce, inside, associated_data):
            raise InvalidTag
        OPENED[0] += 1
        return inside

    def _tag(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        signed = b"%b%b%b%d" % (nonce, associated_data or b"", data[:HASHED], crc32(data))
        return blake2b(signed, digest_size=TAG, key=self._key).digest()


STUB: Final = Cipher(16, StubAead, 1 << 31)


class Flight(NamedTuple):
    """One flight of a script: who sends it, and how many bytes it has."""

    sender: Role
    size: int


SCRIPTS: Final[dict[Shape, tuple[tuple[Flight, ...], dict[Role, int]]]] = {
    "quick": (
        (Flight("client", 9), Flight("server", 12), Flight("client", 5), Flight("server", 7)),
        {"client": 2, "server": 3},
    ),
    "long": (
        (Flight("client", 9), Flight("server", 12), Flight("client", 5), Flight("server", 4)),
        {"client": 4, "server": 4},
    ),
    "bulky": (
        (Flight("client", 17_000), Flight("server", 17_500), Flight("client", 16_400)),
        {"client": 2, "server": 3},
    ),
}
"""Flights, and after how many of them an end has all that it needs. As TLS 1.3 does it (the last flight is tickets),
as TLS 1.2 does it, and with certificates that fill more than a frame."""


class StubNegotiation:
    """One negotiation by its script. The first byte of a flight says whether a session is offered (r) or not (f)."""

    def __init__(self, inside: StubNegotiator, resumable: bool) -> None:
        self._inside, self._resumable = inside, resumable
        self._at, self._held, self._room, self._mode = 0, b"", MOST, b"r" if resumable else b"f"

    @property
    def done(self) -> bool:
        """As Negotiation says."""
        inside = self._inside
        return self._at >= SCRIPTS[inside.shape][1][inside.role]

    def receive(self, tls: bytes) -> bytes:
        """As Negotiation says."""
        inside = self._inside
        out = b"and more" if inside.trouble == "goes on" and self.done else b""
        self._room -= len(tls)
        if self._room < 0 or inside.trouble == "fails":
            raise Failed("more than it may be" if self._room < 0 else "it should")
        self._held += tls
        flights = SCRIPTS[inside.shape][0]
        while self._at < len(flights):
            sender, size = flights[self._at]
            if sender == inside.role:
                out += flown(inside.shape, self._at, self._mode)
            elif not self._took(size):
                return out
            self._at += 1
        if self._held:
            raise Failed("data inside a negotiation")
        return out

    def _took(self, size: int) -> bool:
        """Is the next flight here? It need not be whole to be refused."""
        held = self._held[:size]
        if not held:
            return False
        first = held[:1]
        if held != flown(self._inside.shape, self._at, first)[: len(held)] or first not in (b"r", b"f"):
            raise Failed("not what was expected")
        if len(held) < size:
            return False
        if self._at == 0:  # the server resumes what it may and what is offered
            self._mode = b"r" if first == b"r" and self._resumable else b"f"
        elif self._at == 1:
            if first == b"r" and self._mode != b"r":
                raise Failed("a session is resumed that was not offered")
            self._mode = first
        elif first != self._mode:
            raise Failed("not what was agreed on")
        self._held = self._held[size:]
        return True

    def outcome(self, context: bytes) -> Outcome:
        """As Negotiation says."""
        trouble = self._inside.trouble
        if trouble == "refuses":
            raise Failed("the certificate has another name")
        peer = b"stranger" if trouble == "stranger" else b"peer"
        secret = blake2b(context, digest_size=SECRET).digest()
        return Outcome(secret, peer, self._mode == b"r" or trouble == "resumes")


def flown(shape: Shape, at: int, mode: bytes) -> bytes:
    """The bytes of one flight."""
    return mode + bytes([0x30 + at]) * (SCRIPTS[shape][0][at].size - 1)


class StubNegotiator:
    """Negotiations of one end. `trouble` is what goes wrong with them from now on."""

    def __init__(self, role: Role, shape: Shape) -> None:
        self.role, self.shape = role, shape
        self.trouble: Trouble = ""
        self._latest: StubNegotiation | None = None
        self._kept = ""

    def begin(self, resume: str, offered: str = "") -> StubNegotiation:
        """As Negotiator says."""
        known = bool(resume) and (resume == self._kept or self.role == "server")
        self._latest = StubNegotiation(self, known)
        return self._latest

    def settle(self, made: str) -> None:
        """As Negotiator says."""
        if self._latest is not None and self._latest.done and made:
            self._kept = made
        self._latest = None

    def close(self) -> None:
        """As Negotiator says."""
        self._kept, self._latest = "", None
