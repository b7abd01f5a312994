"""What is done to an SSH program: each script provokes one behaviour, in a few seconds of real time.

One that is about heartbeats begins with data from the watch, so that the program's timer and the rules' idle time start
together. Sizes and times lie far from the edges, so that what SSH adds, or a busy machine, decides nothing. Times are
in units of the scene, but for the pauses between messages, which are seconds.

A program that counts whole seconds of the machine's clock does so from the last full one: what it should do after N s
it does up to a second early. So that it is always the same, a script that is about its timers begins at half a second.
"""

from __future__ import annotations

import asyncio
from typing import Final

from rekeyspec.conformance.peers.ssh.scene import Scene
from rekeyspec.conformance.peers.ssh.watch import REPLIES

MESSAGE: Final = 4096
"""bytes"""

JUST_AFTER: Final = 0.03
"""s: after a full second, where a program's clock of whole seconds is nearly right."""


async def write_often(s: Scene, count: int, size: int = MESSAGE, pause: float = 0.06) -> None:
    """The program's user sends messages of `size` bytes, `pause` s apart."""
    for _ in range(count):
        s.write(size)
        await asyncio.sleep(pause)


async def send_often(s: Scene, count: int, size: int = MESSAGE, pause: float = 0.06) -> None:
    """The watch sends the program's user messages of `size` bytes, `pause` s apart."""
    for _ in range(count):
        s.watch.send(size)
        await asyncio.sleep(pause)


async def fresh_key(s: Scene) -> None:
    """A key under which nothing has been counted yet, not even the login."""
    s.watch.renegotiate()
    await asyncio.sleep(0.15)


async def settle() -> None:
    """Time for the last message to be sent and seen."""
    await asyncio.sleep(0.3)


# Bytes.


async def bytes_sent(s: Scene, size: int, count: int, pause: float) -> None:
    """Enough for two limits."""
    await fresh_key(s)
    await write_often(s, count, size, pause)
    await settle()


async def bytes_received(s: Scene) -> None:
    """The limit is passed by what comes; then the program's user has a message of its own."""
    await fresh_key(s)
    await send_often(s, 6)
    s.write(1000)
    await settle()


async def bytes_both(s: Scene) -> None:
    """Either direction alone stays under the limit, both together pass it."""
    await fresh_key(s)
    for _ in range(40):
        s.watch.send(1000)
        await write_often(s, 1, size=1000, pause=0.04)
    await settle()


async def bytes_small(s: Scene, count: int, pause: float) -> None:
    """Messages that are small against what SSH adds to each."""
    await fresh_key(s)
    await write_often(s, count, size=100, pause=pause)
    await settle()


async def bytes_heartbeats(s: Scene) -> None:
    """A message that leaves little of the limit; then nothing but heartbeats, until they have filled it."""
    await fresh_key(s)
    s.write(7900)
    await asyncio.sleep(0.05)
    await s.begin()
    s.watch.send(8)
    await s.wait(3.6)


async def bytes_many(s: Scene) -> None:
    """A small limit, passed again and again."""
    await fresh_key(s)
    await write_often(s, 37, size=1000, pause=0.05)
    await settle()


# Age and idleness.


async def age_busy(s: Scene, age: float) -> None:
    """A steady trickle, for three ages (s)."""
    await s.begin(JUST_AFTER)
    await fresh_key(s)
    await write_often(s, round(3.3 * age / 0.15), size=200, pause=0.15)
    await settle()


async def age_idle(s: Scene, age: int) -> None:
    """Nothing for three ages (units); then one message."""
    await s.begin(JUST_AFTER)
    await s.wait(3 * age - 0.1)
    s.write(200)
    await settle()


async def age_heartbeats(s: Scene) -> None:
    """Nothing but heartbeats, for longer than the age."""
    await fresh_key(s)
    await s.begin()
    s.watch.send(100)
    await s.wait(3.5)


async def idle_then_data(s: Scene) -> None:
    """Silence for two heartbeats; then a message."""
    await s.begin()
    s.watch.send(100)
    await s.until_heartbeat(2)
    await s.wait(0.2)
    s.write(200)
    await asyncio.sleep(0.15)


async def data_after_heartbeat(s: Scene) -> None:
    """The watch sends a heartbeat, and after it data under the same key."""
    s.watch.send(100)
    await asyncio.sleep(0.3)
    s.watch.heartbeat()
    await asyncio.sleep(0.3)
    s.watch.send(100)
    await settle()


# Heartbeats.


async def heartbeats_received(s: Scene) -> None:
    """The watch sends heartbeats."""
    for _ in range(4):
        s.watch.heartbeat()
        await asyncio.sleep(0.2)


async def heartbeats(s: Scene, intervals: int = 5) -> None:
    """Silence for so many intervals."""
    await s.begin()
    s.watch.send(100)
    await s.wait(intervals + 0.5)


async def heartbeat_between(s: Scene) -> None:
    """Idleness begins between two full seconds."""
    await s.begin()
    s.watch.send(100)
    await s.wait(2.3)


async def heartbeats_slow(s: Scene) -> None:
    """Silence, with each reply a good half of the interval late."""
    s.watch.reply_delay = 0.6 * s.unit
    await heartbeats(s)


async def heartbeats_data_out(s: Scene) -> None:
    """The program's user sends all the time; nothing comes back."""
    await s.begin()
    s.watch.send(100)
    await write_often(s, 9, size=100, pause=0.25 * s.unit)


async def heartbeats_data_in(s: Scene, count: int) -> None:
    """The watch sends all the time, `count` times; then silence for an interval."""
    await s.begin()
    await send_often(s, count, size=100, pause=0.25 * s.unit)
    await s.wait(1.25)


async def held_back(s: Scene) -> None:
    """A message is offered while a reply is on its way."""
    await s.begin()
    s.watch.reply_delay = 0.8 * s.unit
    s.watch.send(100)
    await s.until_heartbeat()
    await s.wait(0.3)
    s.write(200)
    await s.wait(0.15)


async def forged(s: Scene) -> None:
    """A heartbeat comes that somebody without the key has sealed."""
    s.watch.send(100)
    await asyncio.sleep(0.3)
    s.watch.forge_heartbeat()
    await asyncio.sleep(0.5)


# Death.


async def dead_peer(s: Scene, count: int) -> None:
    """Heartbeats are not answered; `count` of them are allowed for."""
    s.watch.muted = REPLIES
    await s.begin()
    s.watch.send(100)
    await s.until_lost(1 + 3 * count)


async def late_reply(s: Scene, late: float) -> None:
    """The answer comes after the heartbeat has been repeated; had it not counted, the link would end."""
    await s.begin()
    s.watch.reply_delay = late * s.unit
    s.watch.send(100)
    await s.until_heartbeat()
    await s.wait(0.5)
    s.watch.muted = REPLIES
    await s.wait(1)
    s.watch.muted, s.watch.reply_delay = frozenset(), 0
    await s.until_heartbeat(3)
    await s.wait(0.6)


async def traffic_instead(s: Scene) -> None:
    """Heartbeats are not answered, but data keeps coming, for three times the bound of one unit."""
    s.watch.muted = REPLIES
    await s.begin()
    s.watch.send(100)
    await s.wait(1.3)
    await send_often(s, 11, size=100, pause=0.3 * s.unit)


async def silent_peer(s: Scene, bound: float) -> None:
    """The watch sends heartbeats, and then no more; `bound` is the time (units) that the policy allows."""
    await s.begin(JUST_AFTER)
    s.watch.send(100)
    for _ in range(2):
        await s.wait(1)
        s.watch.heartbeat()
    await s.until_lost(3 * bound)


# Renegotiation.


async def ignored(s: Scene, limit: float) -> None:
    """The renegotiation that one of the messages needs is never answered; nothing else happens for three limits (s)."""
    s.watch.ignores_kexinit = True
    await write_often(s, 6, pause=0.01)
    await s.until_lost((3 * limit + 0.3) / s.unit)


async def ignored_heartbeats(s: Scene) -> None:
    """The same, where heartbeats would be due; the time limit is two units."""
    s.watch.ignores_kexinit = True
    await s.begin()
    s.watch.send(100)
    await write_often(s, 6, pause=0.01)
    await s.until_lost(6.5)


async def ignored_busy(s: Scene) -> None:
    """The same, while the watch goes on sending."""
    s.watch.ignores_kexinit = True
    await s.begin()
    s.watch.send(100)
    await write_often(s, 6, pause=0.01)
    await send_often(s, 21, size=100, pause=0.3 * s.unit)


async def half_open(s: Scene, limit: float) -> None:
    """The watch starts a renegotiation and does not go on with it."""
    s.write(200)
    await asyncio.sleep(0.1)
    s.watch.kexinit_delay = 30
    s.watch.renegotiate()
    await s.until_lost((3 * limit + 0.3) / s.unit)


async def deaf(s: Scene, limit: float) -> None:
    """The first negotiation is never answered, for three times its limit (s)."""
    await s.until_lost(3 * limit / s.unit)


async def slow_answer(s: Scene, first: int) -> None:
    """The renegotiation that the last of the first messages needs takes a while; both ends' users go on sending."""
    s.watch.kexinit_delay = 0.4
    await write_often(s, first, pause=0.03)
    await write_often(s, 2, size=200, pause=0.03)
    await send_often(s, 3, size=200, pause=0.03)
    await asyncio.sleep(0.6)


async def old_key_meanwhile(s: Scene, first: int) -> None:
    """The last of the first messages makes the program renegotiate; data comes before the answer."""
    s.watch.kexinit_delay = 0.5
    await write_often(s, first, pause=0.03)
    await send_often(s, 4, size=200, pause=0.05)
    await asyncio.sleep(0.6)


async def old_key_after(s: Scene) -> None:
    """Once the new key is in force, data comes under the old one."""
    s.watch.send(100)
    await asyncio.sleep(0.1)
    s.watch.renegotiate()
    await asyncio.sleep(0.3)
    s.watch.send(100)
    await asyncio.sleep(0.2)
    s.watch.send_under_old_key(100)
    await asyncio.sleep(0.5)


async def peer_starts(s: Scene) -> None:
    """The watch starts a renegotiation that takes a while, and the program's user goes on sending."""
    s.watch.kexinit_delay = 0.3
    await write_often(s, 3, size=200)
    s.watch.renegotiate()
    await asyncio.sleep(0.06)
    await write_often(s, 4, size=200)
    await asyncio.sleep(0.4)


async def both_start(s: Scene) -> None:
    """The watch's KEXINIT is on the way when the program reaches its limit and sends its own."""
    await fresh_key(s)
    s.watch.cross()
    await write_often(s, 7, pause=0.03)
    await asyncio.sleep(0.3)
    s.write(200)
    await settle()


# The end.


async def quit_idle(s: Scene) -> None:
    """The user ends the link when nothing is going on."""
    await write_often(s, 2, size=200)
    await asyncio.sleep(0.1)
    await s.quit()


async def quit_early(s: Scene) -> None:
    """The user ends the link while a renegotiation is not answered."""
    s.watch.ignores_kexinit = True
    await write_often(s, 6, pause=0.03)
    await s.quit()
