"""What is done to charon: each script provokes one behaviour, in a few seconds of real time.

`one` is under test, `two` is its peer. Sizes are of IP packets in the tunnel, such that ESP need not pad them. charon
counts idleness in whole seconds of the machine's clock; a script about that begins at a known part of a second.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from rekeyspec.conformance.peers.ipsec.scene import IKE_IN, IKE_OUT, Scene

MESSAGE: Final = 1022
SMALL: Final = 102
"""bytes"""


async def send_often(s: Scene, count: int, size: int = MESSAGE, pause: float = 0.06) -> None:
    """The user sends packets of `size` bytes, `pause` s apart."""
    for _ in range(count):
        s.send(size)
        await s.wait(pause)


async def send_back_often(s: Scene, count: int, size: int = MESSAGE, pause: float = 0.06) -> None:
    """The user at the other end does."""
    for _ in range(count):
        s.send_back(size)
        await s.wait(pause)


def bytes_sent(count: int) -> Callable[[Scene], Awaitable[None]]:
    """So many messages."""

    async def script(s: Scene) -> None:
        await send_often(s, count)

    return script


async def bytes_received(s: Scene) -> None:
    """The limit is reached by what comes; then the user has a message of its own."""
    await send_back_often(s, 7)
    s.send(MESSAGE)
    await s.wait(0.2)


async def bytes_both(s: Scene) -> None:
    """The two directions together reach the limit with the user's third message, neither does alone."""
    for _ in range(4):
        s.send(MESSAGE)
        await s.wait(0.1)
        s.send_back(MESSAGE)
        await s.wait(0.1)
    await s.wait(0.3)


async def bytes_small(s: Scene) -> None:
    """Messages that are small against what ESP adds to each."""
    await send_often(s, 70, size=SMALL, pause=0.03)


async def trickle(s: Scene) -> None:
    """A steady trickle for three ages."""
    await send_often(s, 17, size=SMALL, pause=0.2)


async def silence(s: Scene) -> None:
    """Nothing for a little more than three seconds."""
    await s.wait(3.3)


async def long_silence(s: Scene) -> None:
    """Nothing for a little more than six seconds."""
    await s.wait(6.3)


async def idle_then_data(s: Scene) -> None:
    """Silence for two heartbeats; then a message."""
    await s.wait(2.4)
    s.send(SMALL)
    await s.wait(0.3)


async def data_after_heartbeat(s: Scene) -> None:
    """The peer sends a heartbeat, and after it data under the same key."""
    s.send_back(SMALL)
    await s.wait(2.4)
    s.send_back(SMALL)
    await s.wait(0.3)


async def data_then_idle(s: Scene) -> None:
    """The link is opened at the beginning of a second, and what comes last comes near the end of one."""
    await s.whole_second(0.05)
    await s.open()
    await s.wait(0.8)
    s.send_back(SMALL)
    await s.wait(3)


async def data_out(s: Scene) -> None:
    """The user sends all the time; nothing comes back."""
    await send_often(s, 18, size=SMALL, pause=0.15)


async def data_in(s: Scene) -> None:
    """The peer sends all the time; then silence. All begins and ends at the beginning of a second, so that to count
    whole ones makes no difference."""
    await s.whole_second(0.05)
    await s.open()
    await send_back_often(s, 18, size=SMALL, pause=0.16)
    await s.whole_second(0.15)
    s.send_back(SMALL)
    await s.wait(2.3)


async def forged_heartbeat(s: Scene) -> None:
    """After a heartbeat of the peer's the same one comes again, with its last byte changed."""
    await s.wait(1.4)
    s.inject("ike", -1, altered=True)
    await s.wait(0.3)


async def repeated_heartbeat(s: Scene) -> None:
    """After a heartbeat of the peer's the same one comes again."""
    await s.wait(1.4)
    s.inject("ike", -1)
    await s.wait(0.3)


async def dead_peer(s: Scene) -> None:
    """Heartbeats are not answered."""
    await s.lose(*IKE_OUT)
    await s.gone(8)
    await s.wait(0.1)


async def killed_peer(s: Scene) -> None:
    """The peer is no more."""
    await s.kill()
    await s.gone(8)
    await s.wait(0.1)


async def after_death(s: Scene) -> None:
    """The peer was given up, but it still sends under the key; and so would the user here."""
    s.send_back(SMALL)
    await dead_peer(s)
    await send_back_often(s, 3, size=SMALL)
    await send_often(s, 2, size=SMALL)


async def late_reply(s: Scene) -> None:
    """Two replies are lost, that to the second repeat comes."""
    await s.wait(1.3)
    await s.lose(*IKE_OUT)
    await s.wait(1.4)
    await s.lose()
    await s.wait(1)


async def slow_reply(s: Scene) -> None:
    """The same; and then silence for longer than the interval."""
    await late_reply(s)
    await s.wait(2)


async def dead_peer_with_traffic(s: Scene) -> None:
    """Heartbeats are not answered, but from the first one on the peer sends data."""
    await s.lose(*IKE_OUT)
    await s.wait(2.15)
    for _ in range(45):
        s.send_back(SMALL)
        await s.gone(0.1)


async def deaf(s: Scene) -> None:
    """The first negotiation is never answered."""
    await s.lose(*IKE_IN, *IKE_OUT)
    await s.initiate()
    await s.gone(4.5)
    await s.wait(0.1)


async def ignored(s: Scene) -> None:
    """The renegotiation that the fifth message brings is never answered."""
    await s.lose(*IKE_IN)
    await send_often(s, 5)
    await s.gone(4.5)
    await s.wait(0.1)


async def ignored_busy(s: Scene) -> None:
    """The same, while the peer goes on sending under the old key."""
    await s.lose(*IKE_IN)
    await send_often(s, 5)
    for _ in range(45):
        s.send_back(SMALL)
        await s.gone(0.1)
    await s.wait(0.1)


async def slow_answer(s: Scene) -> None:
    """The start of the renegotiation is lost, and answered when it comes again; meanwhile the user sends on."""
    await s.lose(*IKE_IN)
    await send_often(s, 8)
    await s.lose()
    await s.wait(0.7)


async def old_key(s: Scene) -> None:
    """The same; meanwhile it is the peer that sends on."""
    await s.lose(*IKE_IN)
    await send_often(s, 5)
    await send_back_often(s, 3, size=SMALL)
    await s.lose()
    await s.wait(0.7)


async def peer_starts(s: Scene) -> None:
    """The peer renews the key and does not get the answer at first; meanwhile the user sends."""
    await s.lose(*IKE_IN)
    await s.rekey()
    await s.wait(0.1)
    await send_often(s, 3, size=SMALL)
    await s.lose()
    await s.wait(0.7)


async def after_new_key(s: Scene) -> None:
    """A packet under the old key comes when the peer has renewed the key."""
    await s.aside(True)
    s.send_back(SMALL)
    await s.wait(0.1)
    await s.aside(False)
    await s.rekey()
    await s.wait(0.3)
    s.inject("esp", 0)
    await s.wait(0.2)


async def both_start(s: Scene) -> None:
    """The start that the fifth message brings is lost, and while it waits for an answer the peer's own comes."""
    await s.lose(*IKE_IN)
    await send_often(s, 5)
    await s.rekey()
    await s.wait(0.1)
    await s.lose()
    await s.wait(1.2)
    await send_often(s, 2, size=SMALL)


async def repeated_data(s: Scene) -> None:
    """A packet comes twice."""
    s.send_back(SMALL)
    await s.wait(0.1)
    s.inject("esp", 0)
    await s.wait(0.2)


async def late_data(s: Scene) -> None:
    """A packet comes after the one that was sent after it."""
    await s.aside(True)
    s.send_back(SMALL)
    await s.wait(0.1)
    await s.aside(False)
    s.send_back(SMALL)
    await s.wait(0.2)
    s.inject("esp", 0)
    await s.wait(0.2)


async def forged_data(s: Scene) -> None:
    """A packet comes with its last byte changed, and nothing else is wrong with it."""
    await s.aside(True)
    s.send_back(SMALL)
    await s.wait(0.1)
    await s.aside(False)
    s.inject("esp", 0, altered=True)
    await s.wait(0.2)


async def quit_at_once(s: Scene) -> None:
    """The user ends the link."""
    s.send(SMALL)
    await s.wait(0.1)
    await s.quit()
    await s.wait(0.2)


async def quit_early(s: Scene) -> None:
    """The user ends the link while a renegotiation is not answered."""
    await s.lose(*IKE_IN)
    await send_often(s, 5)
    await s.quit()
    await s.gone(4.5)
    await s.wait(0.1)
