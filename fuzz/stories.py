"""Stories written by hand, with which the corpus began: what has been wrong once, and what chance is slow to find."""

from __future__ import annotations

from typing import Final

from fuzz.setups import STAGES

CLIENT, SERVER = 0, 1
LATE: Final = 8
ALL_IN_ONE: Final = 3 << 2 | 16
SIZES: Final = {30: 3, 301: 6, 17_000: 7, 32_768: 8, 40_000: 10}


def story(setup: int, stage: str, *happened: list[int]) -> bytes:
    """An input that begins there."""
    return bytes([setup, STAGES.index(stage), *(byte for one in happened for byte in one)])


def settle() -> list[int]:
    """All arrives."""
    return [0]


def offer(role: int, size: int) -> list[int]:
    """A user has so much to say."""
    return [1, role | SIZES[size] << 1]


def arrive(role: int, how: int = 0, connection: int = 0) -> list[int]:
    """Frames arrive."""
    return [2, role | connection << 1 | how]


def spoil(role: int, how: int, at: int = 0, connection: int = 0) -> list[int]:
    """The next frame is lost (0), comes twice (1), late (2), cut (3), in two pieces (4), with a bit flipped (5)."""
    return [3, role | connection << 1 | how << 2, at]


def wait(how: int) -> list[int]:
    """Until the next deadline (0), a ms less (1) or more (2), 1 ms (3), 100 (4), 3 s (5), 6 s (6), 20 s (7)."""
    return [4, how]


def peer(role: int, kind: int, *, near: int = 0, names: int = 0, rest: int = 4, numbered: int = 0) -> list[int]:
    """The peer cheats this end: `forge.inside` reads the fields."""
    return [5, role | numbered << 2, 0, kind, near, names, rest]


def flood(role: int, kind: int, *, near: int = 0, names: int = 0, choice: int = 0, sealed: bool = True) -> list[int]:
    """The same from the peer, or from nobody, with all the payload there can be, many times."""
    return [11, role | (4 if sealed else 0) | 0xF0, choice, kind, near, names, 4]


def shut(role: int) -> list[int]:
    """The transport is gone."""
    return [10, role | 6 << 1 | 16]


START, ANSWER, FINISH, DATA, HANDSHAKE = 2, 3, 4, 5, 10
NEXT: Final = 1
"""`near`: of the next epoch."""

FAR: Final = 6 << 2
"""`near`: behind more data than will ever come."""

STORIES: Final[dict[str, bytes]] = {
    "an offer to an end that has been called too late and is over": story(
        10, "established", wait(LATE | 7), settle(), offer(CLIENT, 30)
    ),
    "an end that is told too late that its transport is gone": story(10, "used", wait(LATE | 7), shut(CLIENT)),
    "bytes at the very time of a heartbeat, and then nobody calls": story(
        0, "established", wait(LATE), peer(SERVER, ANSWER), wait(LATE | 7), offer(SERVER, 30)
    ),
    "data that says it is of the next epoch": story(0, "answered", peer(SERVER, DATA, near=NEXT, rest=6), settle()),
    "data that says it is less than it is": story(0, "used", peer(SERVER, DATA, near=3 << 5, rest=7)),
    "data that says it is larger than it may be": story(0, "used", peer(SERVER, DATA, near=5 << 5, rest=6)),
    "an answer for another epoch than was asked for": story(
        13, "used", offer(SERVER, 301), peer(SERVER, ANSWER, names=4, rest=0), peer(SERVER, ANSWER, rest=0), settle()
    ),
    "a finish before the end": story(0, "answered", peer(SERVER, FINISH, near=NEXT, names=8)),
    "a finish with what another negotiation needs": story(0, "answered", peer(SERVER, FINISH, near=NEXT, rest=1)),
    "a negotiation that waits for data that never comes": story(
        0, "used", peer(SERVER, START, near=FAR | NEXT, names=1), flood(SERVER, HANDSHAKE, near=NEXT, names=1)
    ),
    "more than may wait for its key": story(
        2, "answered", flood(SERVER, DATA, near=NEXT, names=3 << 6, sealed=False), offer(CLIENT, 30), settle()
    ),
    "the same data twice": story(0, "used", offer(CLIENT, 30), spoil(SERVER, 1), settle()),
    "data that is lost, and data behind it": story(
        3, "used", offer(CLIENT, 30), spoil(SERVER, 0), offer(CLIENT, 30), settle(), offer(CLIENT, 301), settle()
    ),
    "full pieces in one read": story(0, "used", offer(CLIENT, 32_768), arrive(SERVER, ALL_IN_ONE), settle()),
    "a piece of a message that is lost": story(
        3, "used", offer(CLIENT, 40_000), arrive(SERVER), spoil(SERVER, 0), settle(), offer(CLIENT, 40_000), settle()
    ),
    "a message that lost its end before the key changed": story(
        3, "used", offer(CLIENT, 40_000), arrive(SERVER), spoil(SERVER, 0), spoil(SERVER, 0), settle(), settle()
    ),
    "pieces out of order": story(3, "used", offer(CLIENT, 40_000), spoil(SERVER, 2), settle(), settle()),
    "data overtakes its key": story(
        2, "asked", arrive(SERVER), arrive(CLIENT), offer(CLIENT, 30), arrive(SERVER, ALL_IN_ONE, 1), settle(), settle()
    ),
    "a start overtakes data": story(
        2, "used", offer(CLIENT, 301), offer(CLIENT, 30), arrive(SERVER, ALL_IN_ONE, 0), settle(), settle()
    ),
    "every negotiation that there is": story(14, "opened", settle(), offer(CLIENT, 40_000), settle()),
    "one that is resumed": story(6, "asked", settle(), offer(CLIENT, 301), settle(), offer(SERVER, 301), settle()),
}
"""By what they tell."""
