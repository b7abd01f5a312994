"""What is done to the two ends of our own wire: each script provokes one behaviour, in a few seconds of real time."""

from __future__ import annotations

from typing import Final

from rekeyspec.conformance.peers.own.proxy import nothing
from rekeyspec.conformance.peers.own.scene import Scene

AGE: Final = 500
"""ms"""

TIMEOUT: Final = 800
"""ms: every time limit of a negotiation."""

BEAT: Final = 400
"""ms: the idle period, and with it the heartbeat's interval."""

MANY: Final = 40
"""How many limits are reached where it is asked whether renegotiating has an end."""


async def sent(s: Scene) -> None:
    """The client's user sends messages of 1000 bytes."""
    await s.write_often(21, 1000, 0.04)


async def received(s: Scene) -> None:
    """The limit is reached by what comes; then the client has a message of its own."""
    await s.send_often(5, 1000)
    await s.wait(0.1)
    s.write(1000)
    await s.wait(0.2)


async def both(s: Scene) -> None:
    """The limit is reached by the sum of what comes and goes, and by neither alone; then there is one message more."""
    await s.write_often(3, 1000)
    await s.send_often(2, 1000)
    await s.wait(0.1)
    s.write(1000)
    await s.wait(0.2)


async def small(s: Scene) -> None:
    """Messages that are small against what a frame adds to each."""
    await s.write_often(30, 100, 0.03)


async def many(s: Scene) -> None:
    """Each message reaches the limit."""
    await s.write_often(MANY, 1000, 0.04)


async def quiet(s: Scene) -> None:
    """Nothing, for three times as long as anything should take."""
    await s.wait(2.1)


async def trickle(s: Scene) -> None:
    """A steady trickle, for three ages and more."""
    await s.write_often(22, 200, 0.1)


async def age_idle(s: Scene) -> None:
    """Nothing for three ages; then one message."""
    await s.wait(1.7)
    s.write(200)
    await s.wait(0.2)


async def idle_then_data(s: Scene) -> None:
    """Data, silence for two heartbeats and more, and data again."""
    s.write(200)
    await s.wait(2.5 * BEAT / 1000)
    s.write(200)
    await s.wait(0.2)


async def receiving(s: Scene) -> None:
    """The server's user sends all the time; then there is silence."""
    await s.send_often(14, 100, 0.1)
    await s.wait(1.5 * BEAT / 1000)


async def sending(s: Scene) -> None:
    """The client's user sends all the time."""
    await s.write_often(16, 100, 0.1)


async def forged(s: Scene) -> None:
    """Each frame of the server's is preceded by one that was changed."""
    s.proxy.alters = True
    await _on(s)


async def repeated(s: Scene) -> None:
    """Each frame of the server's comes twice."""
    s.proxy.repeats = True
    await _on(s)


async def _on(s: Scene) -> None:
    await s.wait(2.5 * BEAT / 1000)
    s.send(100)
    await s.wait(0.2)
    s.write(100)
    await s.wait(0.2)


async def muted(s: Scene) -> None:
    """Nothing comes from the server any more."""
    s.write(100)
    await s.wait(0.1)
    s.proxy.lets["down"] = nothing
    await s.until_lost(3.5)


async def replies_late(s: Scene) -> None:
    """All that the server sends is so slow to come that replies are late; but its data is on the way before that."""
    s.proxy.delay["down"] = 0.6
    await s.wait(0.15)
    for _ in range(3):
        s.send(300)
        await s.wait(0.75)


async def dead_client(s: Scene) -> None:
    """Nothing comes from the client any more."""
    s.write(100)
    await s.wait(0.1)
    s.proxy.lets["up"] = nothing
    await s.until_lost(3.0)


async def deaf(s: Scene) -> None:
    """The first negotiation is never answered."""
    await s.until_lost(3 * TIMEOUT / 1000)


async def ignored(s: Scene) -> None:
    """A renegotiation is never answered, and nothing else happens."""
    s.proxy.lets["down"] = nothing
    await s.until_lost((AGE + 3 * TIMEOUT) / 1000)


async def ignored_busy(s: Scene) -> None:
    """The same, while the server's data goes on coming under the old key."""
    s.proxy.lets["up"] = nothing
    for _ in range(30):
        s.send(100)
        await s.wait(0.1)


async def slow(s: Scene) -> None:
    """The renegotiation takes a while, in which both users send."""
    s.proxy.delay["down"] = 0.3
    await s.wait(0.1 + AGE / 1000)
    s.write(200)
    await s.wait(0.05)
    s.send(200)
    await s.write_often(3, 200)
    await s.wait(0.9)


async def old_key(s: Scene) -> None:
    """What the server had sent under the old key is slow to come, and the client has started meanwhile."""
    s.proxy.delay["down"] = 0.3
    await s.wait(AGE / 1000 - 0.15)
    s.send(200)
    await s.wait(0.7)


async def crossing(s: Scene) -> None:
    """Both ends have data when the key has come of age, and what each says is slow to come."""
    s.proxy.delay["up"] = s.proxy.delay["down"] = 0.2
    await s.wait(0.3 + AGE / 1000)
    s.write(200)
    s.send(200)
    await s.wait(1.2)


async def server_data(s: Scene) -> None:
    """The server has data when the key has come of age, and may not start."""
    await s.wait(0.3 + AGE / 1000)
    s.send(200)
    await s.wait(0.4)


async def quit_rekeying(s: Scene) -> None:
    """The user ends the link while a renegotiation is not answered."""
    s.proxy.lets["down"] = nothing
    await s.wait(0.2 + AGE / 1000)


async def nothing_more(s: Scene) -> None:
    """The user ends a link that has carried data."""
    await s.write_often(2, 200)
