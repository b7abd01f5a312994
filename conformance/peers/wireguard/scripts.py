"""What is done to WireGuard: each script provokes one behaviour. Its timers cannot be set, so some take minutes.

Every script begins with a message of the client's user, which makes the first handshake, so that the client is the one
who renews the keys. Sizes are those of IP packets.
"""

from __future__ import annotations

import time
from typing import Final

from rekeyspec.conformance.peers.wireguard.scene import EVERYTHING, HANDSHAKE, Scene

MESSAGE: Final = 1008
"""bytes"""


async def write_often(s: Scene, count: int, size: int = 112, pause: float = 0.1) -> None:
    """The client's user sends messages, `pause` s apart."""
    for _ in range(count):
        s.write(size)
        await s.wait(pause)


async def meet(s: Scene, size: int = 112) -> None:
    """The first message, and time for the handshake; from then on the server may send keepalives."""
    s.write(size)
    await s.wait(0.3)
    await s.beats()


async def bytes_sent(s: Scene) -> None:
    """Three times the bytes that a limit would allow."""
    await write_often(s, 36, MESSAGE, 0.05)


async def age_busy(s: Scene) -> None:
    """A steady trickle, for longer than a key may be, half a second off the age at which it is due."""
    await meet(s)
    begun = time.monotonic() - 0.3
    for n in range(123):
        await s.wait(max(0.0, begun + n + 0.5 - time.monotonic()))
        s.write(112)


async def age_idle(s: Scene) -> None:
    """Nothing for longer than a key may be used; then one message. (Without the answer at first the client would soon
    ask for a new key because it got none.)"""
    await meet(s)
    s.send(112)
    await s.wait(190)
    s.write(208)
    await s.wait(0.6)


async def age_heartbeats(s: Scene) -> None:
    """Nothing but heartbeats, for longer than a key may be."""
    await meet(s)
    s.send(112)
    await s.wait(140)


async def renewing_slowly(s: Scene) -> None:
    """The key is renewed for its age, which takes a while, in which the client's user goes on sending."""
    await meet(s)
    s.send(112)
    await s.wait(122.7)
    s.delay = {"RESPONSE": 1.0}
    await write_often(s, 14)


async def late_data(s: Scene) -> None:
    """The key is renewed for its age, while data under the old one is on its way; that comes after the new one."""
    await meet(s)
    s.send(112)
    await s.wait(122.7)
    s.held = 0.5
    s.send(304)
    s.write(208)
    await s.wait(1)


async def both_start(s: Scene) -> None:
    """Both users send on a link whose key is too old, at one moment, while what either end says takes a while. Much
    later one of them sends again."""
    await meet(s)
    s.send(112)
    await s.wait(190)
    s.delay = dict.fromkeys(EVERYTHING, 0.3)
    s.write(208)
    s.send(304)
    await s.wait(1)
    s.delay = {}
    await s.wait(25)
    s.write(112)
    await s.wait(7)


async def deaf(s: Scene) -> None:
    """The first handshake is never answered."""
    s.muted["server"] = EVERYTHING
    s.write(112)
    await s.until_ended(115)


async def ignored(s: Scene) -> None:
    """The handshake that a message needs, after a long idleness, is never answered."""
    await meet(s)
    s.send(112)
    await s.wait(190)
    s.muted["server"] = HANDSHAKE
    s.write(208)
    await s.until_ended(115)


async def unanswered(s: Scene) -> None:
    """The server falls silent, and the client's user sends one message."""
    await meet(s)
    s.send(112)
    await s.wait(0.3)
    s.muted["server"] = EVERYTHING
    s.write(208)
    await s.until_ended(16.5)


async def silence(s: Scene) -> None:
    """The server falls silent after some data; the client's user sends nothing."""
    await meet(s)
    s.send(112)
    s.muted["server"] = {"DATA"}
    await s.wait(0.1)
    s.muted["server"] = EVERYTHING
    await s.wait(9.5)


async def heartbeats(s: Scene) -> None:
    """Silence for three intervals of up to two seconds."""
    await meet(s)
    await s.wait(6.4)


async def heartbeats_rare(s: Scene) -> None:
    """Silence for three intervals of three seconds."""
    await meet(s)
    await s.wait(9.4)


async def passive(s: Scene) -> None:
    """Data comes, and then nothing, for three times the ten seconds after which a keepalive follows."""
    await meet(s)
    s.send(112)
    await s.wait(33)


async def receiving(s: Scene) -> None:
    """Data comes all the time, nothing goes."""
    await meet(s)
    for _ in range(35):
        s.send(112)
        await s.wait(0.1)


async def sending(s: Scene) -> None:
    """Data goes all the time."""
    await write_often(s, 35)


async def idle_then_data(s: Scene) -> None:
    """Silence for two heartbeats; then a message."""
    await meet(s)
    await s.wait(2.4)
    s.write(208)
    await s.wait(0.3)


async def data_after_heartbeat(s: Scene) -> None:
    """The server sends heartbeats, and after them data under the same key."""
    await meet(s)
    await s.wait(2.4)
    s.send(208)
    await s.wait(0.3)


async def heartbeats_received(s: Scene) -> None:
    """The server sends heartbeats."""
    await meet(s)
    await s.wait(3.3)


async def quit_idle(s: Scene) -> None:
    """The client's device is taken away."""
    await meet(s)
    await s.quit()
