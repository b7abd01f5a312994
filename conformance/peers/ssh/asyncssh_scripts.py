"""What is done to the asyncssh client: each script provokes one behaviour, in a few seconds of real time.

One that is about heartbeats begins with data from the server, so that the client's timer and the rules' idle time start
together. Sizes and times lie far from the edges, so that what SSH adds, or a busy machine, decides nothing.
"""

from __future__ import annotations

from typing import Final

from rekeyspec.conformance.peers.ssh.asyncssh_scene import Scene
from rekeyspec.conformance.peers.ssh.watch import REPLIES

MESSAGE: Final = 4096
"""bytes"""


async def write_often(s: Scene, count: int, size: int = MESSAGE, pause: float = 0.06) -> None:
    """The client's user sends messages of `size` bytes, `pause` s apart."""
    for _ in range(count):
        s.write(size)
        await s.wait(pause)


async def send_often(s: Scene, count: int, size: int = MESSAGE, pause: float = 0.06) -> None:
    """The server sends the client's user messages of `size` bytes, `pause` s apart."""
    for _ in range(count):
        s.watch.send(size)
        await s.wait(pause)


async def bytes_sent(s: Scene) -> None:
    """Enough for two limits."""
    await write_often(s, 14)
    await s.quit()


async def bytes_received(s: Scene) -> None:
    """The limit is passed by what comes; then the client has a message of its own."""
    await send_often(s, 6)
    s.write(1000)
    await s.wait(0.3)
    await s.quit()


async def bytes_small(s: Scene) -> None:
    """Messages that are small against what SSH adds to each."""
    await write_often(s, 70, size=100, pause=0.02)
    await s.quit()


async def bytes_heartbeats(s: Scene) -> None:
    """Nothing but heartbeats, for as long as their own bytes need to reach a small limit."""
    s.watch.send(100)
    await s.wait(3.2)
    await s.quit()


async def age_busy(s: Scene) -> None:
    """A steady trickle, for three ages."""
    await write_often(s, 22, size=200, pause=0.15)
    await s.quit()


async def age_idle(s: Scene) -> None:
    """Nothing for three ages; then one message."""
    await s.wait(2.4)
    s.write(200)
    await s.wait(0.3)
    await s.quit()


async def age_heartbeats(s: Scene) -> None:
    """Nothing but heartbeats, for longer than the age."""
    s.watch.send(100)
    await s.wait(1.6)
    await s.quit()


async def idle_then_data(s: Scene) -> None:
    """Silence for two heartbeats; then a message."""
    s.watch.send(100)
    await s.wait(0.9)
    s.write(200)
    await s.wait(0.3)
    await s.quit()


async def data_after_heartbeat(s: Scene) -> None:
    """The server sends a heartbeat, and after it data under the same key."""
    s.watch.send(100)
    await s.wait(0.3)
    s.watch.heartbeat()
    await s.wait(0.3)
    s.watch.send(100)
    await s.wait(0.3)
    await s.quit()


async def heartbeats_received(s: Scene) -> None:
    """The server sends heartbeats."""
    for _ in range(4):
        s.watch.heartbeat()
        await s.wait(0.2)
    await s.quit()


async def heartbeats(s: Scene) -> None:
    """Silence for five intervals."""
    s.watch.send(100)
    await s.wait(2.3)
    await s.quit()


async def heartbeats_slow(s: Scene) -> None:
    """The same, with each reply a good half of the interval late."""
    s.watch.reply_delay = 0.25
    await heartbeats(s)


async def heartbeats_data_out(s: Scene) -> None:
    """The client's user sends all the time; nothing comes back."""
    s.watch.send(100)
    await write_often(s, 14, size=100, pause=0.1)
    await s.quit()


async def heartbeats_data_in(s: Scene) -> None:
    """The server sends all the time; then silence for an interval."""
    await send_often(s, 14, size=100, pause=0.1)
    await s.wait(0.6)
    await s.quit()


async def dead_peer(s: Scene) -> None:
    """Heartbeats are not answered."""
    s.watch.muted = REPLIES
    s.watch.send(100)
    await s.until_lost(3 * 1.2)


async def late_reply(s: Scene) -> None:
    """The answer comes after the heartbeat has been repeated; had it not counted, the link would end at 1.2 s."""
    s.watch.reply_delay = 0.42
    s.watch.send(100)
    await s.wait(0.5)
    s.watch.muted = REPLIES
    await s.wait(0.35)
    s.watch.muted, s.watch.reply_delay = frozenset(), 0
    await s.wait(0.4)
    await s.quit()


async def ignored(s: Scene) -> None:
    """The renegotiation that the sixth message needs is never answered; nothing else happens."""
    s.watch.ignores_kexinit = True
    await write_often(s, 6, pause=0.01)
    await s.until_lost(3 * 0.8 + 0.3)


async def ignored_heartbeats(s: Scene) -> None:
    """The same, where heartbeats would be due."""
    s.watch.ignores_kexinit = True
    s.watch.send(100)
    await write_often(s, 6, pause=0.01)
    await s.until_lost(3 * 0.9 + 0.3)


async def ignored_busy(s: Scene) -> None:
    """The same, while the server goes on sending."""
    s.watch.ignores_kexinit = True
    s.watch.send(100)
    await write_often(s, 6, pause=0.01)
    await send_often(s, 30, size=100, pause=0.1)


async def deaf(s: Scene) -> None:
    """The first negotiation is never answered."""
    await s.until_lost(3 * 0.8)


async def slow_answer(s: Scene) -> None:
    """The renegotiation takes a while, in which both ends' users go on sending."""
    s.watch.kexinit_delay = 0.4
    await write_often(s, 8, pause=0.03)
    await send_often(s, 3, size=200, pause=0.03)
    await s.wait(0.6)
    await s.quit()


async def server_starts(s: Scene) -> None:
    """The server starts a renegotiation that takes a while, and the client's user goes on sending."""
    s.watch.kexinit_delay = 0.3
    await write_often(s, 3, size=200)
    s.watch.renegotiate()
    await s.wait(0.06)
    await write_often(s, 4, size=200)
    await s.wait(0.4)
    await s.quit()


async def quit_early(s: Scene) -> None:
    """The user ends the link while a renegotiation is not answered."""
    s.watch.ignores_kexinit = True
    await write_often(s, 6, pause=0.03)
    await s.quit()
