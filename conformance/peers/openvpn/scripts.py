"""What is done to OpenVPN: each script provokes one behaviour, in a few seconds of real time. `own` is the end under
test, whose user writes; the other end's user sends.

A limit in bytes is looked at only in the two seconds after a negotiation, and then every 15 s; scripts that are about
anything else keep within the two. Sizes are those of IP packets; to each OpenVPN adds 24 bytes.
"""

from __future__ import annotations

import signal
from typing import Final

from rekeyspec.conformance.peers.openvpn.scene import Scene
from rekeyspec.conformance.peers.openvpn.watch import CONTROL_CHANNEL, EVERYTHING, until_phase

MESSAGE: Final = 1000
"""bytes"""


async def write_often(s: Scene, count: int, size: int = MESSAGE, pause: float = 0.06) -> None:
    """The user at the end under test sends messages, `pause` s apart."""
    for _ in range(count):
        s.write(size)
        await s.wait(pause)


async def send_often(s: Scene, count: int, size: int = MESSAGE, pause: float = 0.06) -> None:
    """The other end's user sends messages, `pause` s apart."""
    for _ in range(count):
        s.send(size)
        await s.wait(pause)


async def settle(s: Scene) -> None:
    """Data, until the link is a second and a half old and a second of the clock not yet half over. (A server begins to
    time pings, and a client's silence, about a second after the link came up.)"""
    left = 1.5 + until_phase(0.4, 1.5)
    while left > 0:
        s.write(100)
        await s.wait(min(left, 0.25))
        left -= 0.25
    s.write(100)


async def bytes_sent(s: Scene) -> None:
    """Enough for two limits, soon after the link came up, with time for each renegotiation."""
    for _ in range(2):
        await write_often(s, 5)
        await s.wait(0.3)
    await write_often(s, 3)


async def bytes_sent_later(s: Scene) -> None:
    """The same and more, when the link has been up for a while; then until the limit has been looked at again."""
    await s.wait(4)
    await write_often(s, 70, pause=0.2)


async def bytes_received(s: Scene) -> None:
    """The limit is passed by what comes."""
    await send_often(s, 6)
    await s.wait(0.3)


async def bytes_both(s: Scene) -> None:
    """Half of the limit comes, then half of it goes, and then one more."""
    await send_often(s, 2)
    await write_often(s, 3)
    await s.wait(0.3)
    await write_often(s, 1)


async def bytes_small(s: Scene) -> None:
    """Messages that are small against what OpenVPN adds to each."""
    await write_often(s, 55, size=40, pause=0.02)
    await s.wait(0.2)


async def bytes_heartbeats(s: Scene) -> None:
    """Nothing but heartbeats."""
    s.send(100)
    await s.wait(3.5)


async def many(s: Scene) -> None:
    """Enough for ten keys, more than a key_id has values, with time for each renegotiation."""
    for _ in range(10):
        await write_often(s, 6, size=500, pause=0.02)
        await s.wait(0.3)
    s.write(500)
    await s.wait(0.2)


async def age_busy(s: Scene) -> None:
    """A steady trickle, for four ages, not at the very moment when a key is due."""
    for _ in range(4):
        await s.phase(0.1)
        await write_often(s, 3, size=200, pause=0.25)


async def age_slow(s: Scene) -> None:
    """A slow trickle, late in each second of the clock."""
    for _ in range(4):
        await s.phase(0.9)
        s.write(200)
        await s.wait(0.1)


async def age_idle(s: Scene) -> None:
    """Nothing for three ages."""
    await s.wait(7)


async def age_old_key(s: Scene) -> None:
    """A steady trickle before and after a new key."""
    await write_often(s, 50, size=200, pause=0.1)


async def idle_then_data(s: Scene) -> None:
    """Silence for two heartbeats; then a message."""
    await settle(s)
    await s.wait(2.9)
    s.write(200)
    await s.wait(0.3)


async def data_after_heartbeat(s: Scene) -> None:
    """The other end sends heartbeats, and after them data under the same key."""
    await s.wait(2.6)
    s.send(200)
    await s.wait(0.3)


async def heartbeats(s: Scene) -> None:
    """Silence for three intervals of up to two seconds."""
    await settle(s)
    await s.wait(6.9)


async def heartbeats_rare(s: Scene) -> None:
    """Silence for two intervals of three seconds."""
    await settle(s)
    await s.wait(6.9)


async def heartbeats_data_out(s: Scene) -> None:
    """The user at the end under test sends all the time; nothing comes back."""
    await write_often(s, 30, size=100, pause=0.1)


async def heartbeats_data_in(s: Scene) -> None:
    """The other end sends all the time."""
    await send_often(s, 30, size=100, pause=0.1)


async def heartbeats_received(s: Scene) -> None:
    """The other end sends heartbeats."""
    await s.wait(3.5)


async def idle(s: Scene) -> None:
    """After a message there is nothing but heartbeats, of both ends."""
    await s.wait(1)
    await s.phase(0.4)
    s.write(100)
    await s.until_ended(9.5)


async def forged(s: Scene) -> None:
    """The other end falls silent after a heartbeat; then that comes again, and altered, all the time."""
    await s.wait(1.6)
    s.watch.muted[s.peer] = EVERYTHING
    for _ in range(14):
        s.watch.again(s.peer)
        s.watch.again(s.peer, altered=True)
        await s.until_ended(0.4)


async def forged_reset(s: Scene) -> None:
    """The other end falls silent after a heartbeat; then its very first packet comes again, all the time."""
    await s.wait(1.6)
    s.watch.muted[s.peer] = EVERYTHING
    for _ in range(20):
        s.watch.again(s.peer, "HARD_RESET")
        await s.until_ended(0.45)


async def dead_peer(s: Scene) -> None:
    """Data goes, and comes as a sign of life; then nothing comes any more."""
    await _last_sign(s)
    s.watch.muted[s.peer] = EVERYTHING
    await s.until_ended(9.5)


async def _last_sign(s: Scene) -> None:
    """Data both ways, on a link that has settled."""
    s.watch.muted[s.peer] = frozenset({"ping"})
    await s.wait(1)
    await s.phase(0.4)
    s.send(100)
    s.write(100)
    await s.wait(0.1)


async def dead_peer_busy(s: Scene) -> None:
    """The same, while the user at the end under test goes on sending."""
    await _last_sign(s)
    s.watch.muted[s.peer] = EVERYTHING
    for _ in range(40):
        s.write(100)
        await s.until_ended(0.15)


async def killed_peer(s: Scene) -> None:
    """The same, as the other end is killed."""
    await _last_sign(s)
    s.kill(s.peer, signal.SIGKILL)
    await s.until_ended(9.5)


async def traffic(s: Scene) -> None:
    """Nothing comes but data, now and then."""
    s.watch.muted[s.peer] = frozenset({"ping"})
    for _ in range(3):
        s.send(100)
        await s.wait(2.6)


async def ignored(s: Scene) -> None:
    """The renegotiation that the fifth message brings about is never answered; nothing else happens."""
    await s.wait(0.1)
    s.watch.muted[s.peer] = CONTROL_CHANNEL
    await write_often(s, 5, pause=0.02)
    await s.until_ended(6.8)


async def ignored_busy(s: Scene) -> None:
    """The same, while the other end's user goes on sending."""
    await s.wait(0.1)
    s.watch.muted[s.peer] = CONTROL_CHANNEL
    await write_often(s, 5, pause=0.02)
    for _ in range(23):
        s.send(100)
        await s.until_ended(0.3)


async def deaf(s: Scene) -> None:
    """The first negotiation is never answered."""
    await s.until_ended(6.5)


async def slow_answer(s: Scene) -> None:
    """The renegotiation takes a while, in which both ends' users go on sending."""
    s.watch.delay = 0.1
    await write_often(s, 5, pause=0.02)
    await send_often(s, 4, size=200, pause=0.05)
    await write_often(s, 4, size=200, pause=0.05)
    await s.wait(0.8)


async def slow_peer(s: Scene) -> None:
    """The other end starts a renegotiation that takes a while; the user at the end under test goes on sending."""
    s.watch.delay = 0.1
    await send_often(s, 5, pause=0.02)
    await s.wait(0.15)
    await write_often(s, 4, size=200, pause=0.05)
    await s.wait(0.8)


async def slow_receiving(s: Scene) -> None:
    """The renegotiation takes a while, in which data comes under the old key."""
    s.watch.delay = 0.1
    await write_often(s, 5, pause=0.02)
    await send_often(s, 4, size=200, pause=0.05)
    await s.wait(0.9)


async def late_data(s: Scene) -> None:
    """Data under the old key is on its way for so long that the new key is in force when it comes."""
    s.watch.held = 1.5
    s.send(300)
    await write_often(s, 5, pause=0.02)
    await s.wait(1.8)


async def very_late_data(s: Scene) -> None:
    """The same, and longer still."""
    s.watch.held = 3.5
    s.send(300)
    await write_often(s, 5, pause=0.02)
    await s.wait(3.8)


async def both_start(s: Scene) -> None:
    """Both ends' users fill their keys at one moment, while what either says takes a while to come."""
    s.watch.delay = s.watch.data_delay = 0.15
    for _ in range(5):
        s.write(MESSAGE)
        s.send(MESSAGE)
    await s.wait(1.8)
    s.write(100)
    s.send(100)
    await s.wait(0.4)


async def quit_idle(s: Scene) -> None:
    """The end is told to end."""
    await s.wait(0.5)
    await s.quit()


async def quit_rekeying(s: Scene) -> None:
    """The end is told to end while a renegotiation is not answered."""
    await s.wait(0.1)
    s.watch.muted[s.peer] = CONTROL_CHANNEL
    await write_often(s, 5, pause=0.02)
    await s.wait(0.2)
    await s.quit()
