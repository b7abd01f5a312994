"""An input is a story about a link: two ends, a network that may do anything, peers that may say anything, and time.

The first two bytes say where it begins (`setups`), and then each byte is what happens next, with its arguments behind
it; where they are missing they are 0. Cryptography is a stub (`stub`), so that a peer that lies can be in it too. After
each thing that happens all is checked that must be true (`ends`). The oracle judges both logs at the end of one story
in JUDGED while fuzzing, chosen by what is in it, and of each story of the kept corpus: it takes as long as the story.
"""

# ruff: noqa: SLF001 -- what an end remembers is looked at from the outside, and is not to be offered to its users

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zlib import crc32

from fuzz.ends import PEER, Found, remembered
from fuzz.forge import Reader, clear, cut, sealed
from fuzz.setups import SETUPS, STAGES, begun
from fuzz.stub import OPENED, StubNegotiator, Trouble
from rekeyspec.reference.vocabulary import NEVER, ROLES, Role
from rekeyspec.reference.wire.frames import PIECE

LONGEST: Final = 40
"""Of an input, in bytes."""

JUDGED: Final = 32

SIZES: Final = (0, 1, 7, 30, 100, 250, 301, 17_000, 2 * PIECE, 40_001, 40_000, 300)
FLOOD: Final = 70
"""So many frames of the longest sort are more than may wait for a key."""

TROUBLES: Final[tuple[Trouble, ...]] = ("fails", "stranger", "refuses", "resumes", "goes on", "")


class Story:
    """One input. `past`: a frame that the input brought along was opened. `told` takes what happens, in words."""

    def __init__(self, data: bytes, told: list[str] | None = None) -> None:
        self.given, self.told, self.past = Reader(data), told, False
        setup, stage = self.given.byte() % len(SETUPS), self.given.byte() % len(STAGES)
        if told is not None:
            told += [f"setup {setup}: {SETUPS[setup]}", f"stage {STAGES[stage]}"]
        self.ends = begun(setup, stage)

    def run(self) -> None:
        """Tell it from beginning to end. Raises Found, or whatever else was wrong."""
        given, check = self.given, self.ends.check
        while given.more():
            did = _DO[given.byte() % len(_DO)]
            did(self)
            check()

    def to_the_end(self) -> None:
        """As `run`, and judge the logs."""
        self.run()
        self.ends.judged()

    def say(self, *words: object) -> None:
        """One line of the story, if somebody reads it."""
        if self.told is not None:
            ends = self.ends.links
            state = " ".join(f"{r[0]}{link.epoch}{'-' if link.closed else ''}" for r, link in ends.items())
            self.told.append(f"{self.ends.t} ms [{state}] " + " ".join(map(str, words)))

    # What happens next.

    def offer(self) -> None:
        """A user has something to say."""
        given = self.given.byte()
        role, size = ROLES[given & 1], SIZES[(given >> 1) % len(SIZES)]
        why = self.ends.offer(role, size)
        self.say("the", role, "offers", size, why and f"refused: {why}")

    def settle(self) -> None:
        """All arrives."""
        self.ends.settle()
        self.say("all arrives")

    def arrive(self) -> None:
        """Frames arrive, one, a few, or all of one connection; each by itself, or in one piece."""
        given = self.given.byte()
        role, connection = self._where(given)
        most = (1, 2, 3, 40)[given >> 2 & 3]
        if given & 16:
            self.ends.arrive(role, connection, most)
        else:
            for _ in range(most):
                if not self.ends.arrive(role, connection):
                    break
        self.say("frames arrive at the", role, most, "in one piece" if given & 16 else "one by one")

    def spoil(self) -> None:
        """The network does something to the next frame."""
        given, at = self.given.byte(), self.given.byte()
        role, connection = self._where(given)
        way = self.ends.way[role, connection]
        if not way:
            return
        frame, how = way.popleft(), given >> 2 & 7
        self.say("on the way to the", role, connection, ("lost", "twice", "late", "cut", "split", "flipped")[how % 6])
        match how % 6:
            case 0:
                return
            case 1:
                self.ends.receive(role, connection, frame)
                self._unchanged(role, connection, frame)
            case 2:
                way.insert(at % 8 + 1, frame)
            case 3:
                self.ends.receive(role, connection, frame[: at % len(frame)])
            case 4:
                self.ends.receive(role, connection, frame[: at % len(frame)])
                self.ends.receive(role, connection, frame[at % len(frame) :])
            case _:
                where = at * len(frame) // 256 if given & 128 else at % min(len(frame), 49)
                spoiled = frame[:where] + bytes([frame[where] ^ 1 << (given >> 5 & 3)]) + frame[where + 1 :]
                self._unchanged(role, connection, spoiled)

    def elsewhere(self) -> None:
        """The next frame goes to where it does not belong: back, or over the other connection."""
        given = self.given.byte()
        role, connection = self._where(given)
        way = self.ends.way[role, connection]
        if way:
            other = given >> 2 & 1
            where = (PEER[role], connection) if other or self.ends.connections == 1 else (role, 1 - connection)
            self.say("meant for the", role, connection, "but came to", where)
            if where[0] == role:
                self.ends.receive(*where, way.popleft())
            else:
                self._unchanged(*where, way[0])

    def wait(self) -> None:
        """Time passes; the ends are called in time, or late, or one of them only."""
        given, ends = self.given.byte(), self.ends
        soon = min(link.deadline for link in ends.links.values())
        soon = soon if soon < NEVER else ends.t
        to = (soon, soon - 1, soon + 1, ends.t + 1, ends.t + 100, ends.t + 3000, ends.t + 6000, ends.t + 20_000)
        t = max(to[given & 7], ends.t)
        if given & 8:
            ends.t = t  # whoever is called next is called late
            if given & 16:
                ends.links[ROLES[given >> 5 & 1]].tick(t)
                ends.flush()
        else:
            ends.until(t)
        self.say("time has passed", bin(given))

    def noise(self) -> None:
        """Bytes of nobody arrive."""
        given = self.given.byte()
        role, connection = self._where(given)
        data = self.given.take((given >> 2) % 24)
        self.say("noise at the", role, data.hex())
        self._unchanged(role, connection, data)

    def nobody(self) -> None:
        """A frame of nobody arrives, clear or under a key that nobody has."""
        given = self.given.byte()
        role, connection = self._where(given)
        make = cut if given & 8 else clear
        frame = make(self.given, self.ends, role)
        self.say("nobody's at the", role, frame[:80].hex())
        self._unchanged(role, connection, frame)

    def peer(self) -> None:
        """A frame of a peer arrives that says what it should not; its seal is right."""
        given = self.given.byte()
        role, connection = self._where(given)
        frame = sealed(self.given, self.ends, role, given >> 2 & 7)
        self.say("the peer cheats the", role, frame[:80].hex())
        self.ends.cheated[role] = True
        before = OPENED[0]
        self.ends.receive(role, connection, frame)
        self.past = self.past or OPENED[0] > before

    def flood(self) -> None:
        """The same a few times, or many times."""
        given = self.given.byte()
        role, connection = self._where(given)
        many = given >> 4 == 15
        fill = PIECE if many or given & 8 else 0
        self.ends.cheated[role] = self.ends.cheated[role] or given & 4 > 0
        at, one = self.given.at, b""
        for _ in range(FLOOD if many else 3):
            self.given.at = at
            one = sealed(self.given, self.ends, role, 0, fill) if given & 4 else cut(self.given, self.ends, role, fill)
            self.ends.receive(role, connection, one)
        self.say("a flood at the", role, one[:80].hex())

    def mishap(self) -> None:
        """Negotiations go wrong at this end from now on; or a user ends the link; or all on its way to it is lost."""
        given = self.given.byte()
        role, what = ROLES[given & 1], given >> 1 & 7
        if what < len(TROUBLES):
            negotiator = self.ends.links[role]._negotiator
            assert isinstance(negotiator, StubNegotiator)
            negotiator.trouble = TROUBLES[what]
            self.say("negotiations at the", role, negotiator.trouble or "go well")
        elif what == len(TROUBLES):
            self.ends.links[role].shut(self.ends.t, "the transport is gone" if given & 16 else "")
            self.ends.flush()
            self.say("the", role, "ends it")
        else:
            for connection in range(self.ends.connections):
                self.ends.way[role, connection].clear()
            self.say("nothing arrives at the", role)

    def _where(self, given: int) -> tuple[Role, int]:
        return ROLES[given & 1], (given >> 1 & 1) % self.ends.connections

    def _unchanged(self, role: Role, connection: int, data: bytes) -> None:
        """Bytes arrive that nobody authenticated: the end is as it was, or has ended."""
        ends = self.ends
        link = ends.links[role]
        link.tick(ends.t)
        ends.flush()
        if link.epoch == 0 or link.policy.heartbeat_protection == "clear":
            ends.cheated[role] = True  # nothing can be authenticated here, or not all
            ends.receive(role, connection, data)
            return
        before = remembered(link)
        ends.receive(role, connection, data)
        if not link.closed and remembered(link) != before:
            raise Found(f"the {role} is not as it was: {before}, {remembered(link)}")


_DO: Final[tuple[Callable[[Story], None], ...]] = (
    Story.settle,
    Story.offer,
    Story.arrive,
    Story.spoil,
    Story.wait,
    Story.peer,
    Story.nobody,
    Story.peer,
    Story.noise,
    Story.elsewhere,
    Story.mishap,
    Story.flood,
    Story.peer,
    Story.peer,
    Story.peer,
    Story.wait,
)


def one_input(data: bytes, *, judged: bool = False) -> bool:
    """Run one input, and judge its logs too if so told. Did a frame that it brought along get past the parser?"""
    story = Story(data)
    story.run()
    if judged or crc32(data) % JUDGED == 0:
        story.ends.judged()
    return story.past
