"""Many links for a long time: `python -m rekeyspec.tools.soak`.

A thousand links in one process, over loopback TCP, each busy and idle by turns, with heartbeats and new keys all the
while, until a million messages have come. Each message says whose it is and which, and is held against what should come
next; each end's log goes to an oracle as it is made. Exit code 0: nothing was lost, doubled or reordered, both logs of
every link conform, and memory did not grow; 1: something did; 2: it cannot be run here.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rekeyspec.conformance.oracle import Oracle
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Event, Role
from rekeyspec.reference.wire.aio import Lost, Server, Wire, connect
from rekeyspec.reference.wire.credentials import Authority
from rekeyspec.reference.wire.link import Link, ceiled
from rekeyspec.reference.wire.negotiation import Connections, Tls

HEAD: Final = struct.Struct(">II")
"""How a message begins: which link's, and which."""

LONGEST: Final = 2000
PAUSES: Final = (0.0, 0.0, 0.1, 1.0, 4.0)
"""Between bursts (s); the last is longer than `idle_period`."""

GROWTH: Final = 1.05
"""In the second half memory may grow by this factor at most. In the first, links come for the first time into all their
states, and allocators settle; what is kept of every message, or of every key, goes on growing."""

POLICY: Final = Policy(
    byte_limit=100_000,
    idle_period=2_000,
    heartbeat_sender="client",
    idle_trigger="heartbeat",
    reply_timeout=60_000,
    negotiation_timeout=120_000,
    session_cache="on",
    max_message=LONGEST,
    queue_limit=10 * LONGEST,
)


class Soak:
    """All the links, and what has come of them."""

    def __init__(
        self,
        links: int,
        messages: int,
        seed: int,
        say: Callable[[str], None] = lambda _: None,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        authority = Authority()
        self.tls = {role: Tls(authority.issue(role), role, peer="server" if role == "client" else "") for role in ROLES}
        self.links, self.messages, self.random, self.say = links, messages, random.Random(seed), say  # noqa: S311  (nothing secret)
        self.pauses, self.came = pauses, 0
        self.wrong: list[str] = []
        self.oracles: dict[Role, list[Oracle]] = {role: [] for role in ROLES}
        self.wires: list[Wire] = []
        self.memory: list[float] = []
        self._begun = time.monotonic()

    def link(self, role: Role) -> Link:
        """One end, whose log is judged as it is made."""
        oracle = Oracle(ceiled(POLICY, "AES-128-GCM"), role)
        self.oracles[role].append(oracle)

        def judged(event: Event) -> None:
            found = oracle.observe(event)
            if found is not None:
                self.wrong.append(f"{role}: {found.sentence()}")

        return Link(POLICY, role, Connections(self.tls[role]), log=judged)

    async def served(self, wire: Wire) -> None:
        """The server's end: what comes is what should come next."""
        whose, due = -1, 0
        async for data in wire.received():
            link, number = HEAD.unpack_from(data)
            whose = link if whose < 0 else whose
            if (link, number) != (whose, due):
                self.wrong.append(f"link {whose}: message {link}/{number} came, and {due} was due")
            due += 1
            self._count()
        if due != self._each(whose):
            self.wrong.append(f"link {whose}: {due} messages came of {self._each(whose)}; it ended by {wire.why}")

    def _each(self, link: int) -> int:
        return self.messages // self.links + (link < self.messages % self.links)

    def _count(self) -> None:
        self.came += 1
        if self.came % max(self.messages // 10, 1) == 0:
            self.memory.append(resident())
            renewals = sum(wire.link.counters.renewals for wire in self.wires)
            self.say(
                f"{self.came:>10,} messages, {renewals:>8,} keys, {self.memory[-1]:>6,.0f} MB, "
                f"{time.monotonic() - self._begun:>5,.0f} s"
            )

    async def talk(self, number: int, wire: Wire) -> None:
        """The client's end: bursts, and pauses in which the link falls idle, or nearly."""
        chance = random.Random(self.random.random())  # noqa: S311  (nothing secret)
        left = self._each(number)
        at = 0
        try:
            while left:
                for _ in range(min(left, chance.choice((1, 1, 3, 30, 100)))):
                    size = chance.randrange(HEAD.size, LONGEST)
                    await wire.send(HEAD.pack(number, at) + bytes(size - HEAD.size))
                    at, left = at + 1, left - 1
                await asyncio.sleep(chance.choice(self.pauses))
            await wire.sent()
        except Lost as why:
            self.wrong.append(f"link {number}: lost after {at} messages: {why}")
        await wire.close()

    async def run(self) -> None:
        """From the first connection to the last end."""
        server = Server(lambda: self.link("server"), self.served)
        port = await server.start("127.0.0.1", 0)
        for _ in range(self.links):
            self.wires.append(await connect("127.0.0.1", port, self.link("client")))
        await asyncio.gather(*(self.talk(number, wire) for number, wire in enumerate(self.wires)))
        await server.idle()
        await server.stop()

    def grown(self) -> float:
        """By which factor memory has grown since half of the messages had come."""
        settled = self.memory[len(self.memory) // 2 - 1 :]
        return max(settled) / settled[0] if settled else 1.0

    def verdict(self) -> list[str]:
        """What went wrong, in words; nothing, most of all."""
        wrong = self.wrong[:10]
        if self.came != self.messages:
            wrong.append(f"{self.came:,} messages came of {self.messages:,}")
        if self.grown() > GROWTH:
            wrong.append(f"memory grew by {self.grown() - 1:.0%} since half of the messages had come")
        return wrong


def resident() -> float:
    """MB that this process has in memory now; where the system does not say, the most that it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1e6


def room(links: int) -> bool:
    """May this process open so many connections, both ends of each? It asks for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * links + 100
    if soft >= wanted:
        return True
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return True


def main() -> int:
    """Run it, and print what came of it."""
    parser = argparse.ArgumentParser(description="Many links for a long time.")
    parser.add_argument("--links", type=int, default=1000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    if not 0 < wanted.links <= wanted.messages:
        parser.error(f"{wanted.links} links and {wanted.messages} messages: at least one link, and a message for each")
    if not room(wanted.links):
        parser.error(f"{wanted.links} links take more open files than `ulimit -Hn` allows; raise it, or ask for fewer")
    soak = Soak(wanted.links, wanted.messages, wanted.seed, say=print)
    asyncio.run(soak.run())
    wrong = soak.verdict()
    for one in wrong:
        print(one, file=sys.stderr)
    renewals = sum(wire.link.counters.renewals for wire in soak.wires)
    heartbeats = sum(wire.link.counters.heartbeats for wire in soak.wires)
    print(
        f"{wanted.links:,} links, {soak.came:,} messages, {renewals:,} keys, {heartbeats:,} heartbeats: "
        f"{'nothing' if not wrong else 'something'} lost, doubled or reordered, or against the rules; "
        f"memory grew by {soak.grown() - 1:.1%} in the second half"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
