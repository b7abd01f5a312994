"""What is done to charon about its keys: each script provokes one behaviour, in a few seconds of real time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from rekeyspec.conformance.peers.ipsec.scene import IKE_IN, IKE_OUT, Scene
from rekeyspec.conformance.peers.ipsec.scripts import MESSAGE, SMALL, send_back_often, send_often


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


async def impostor(s: Scene) -> None:
    """The peer proves itself by another key."""
    await s.initiate()
    await s.wait(1)


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
        if await s.gone(0.1):  # what came before its daemon is done with that would be delivered still
            break
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
