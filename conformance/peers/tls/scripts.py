"""What is done to a TLS client: each script provokes one behaviour, in a few seconds of real time.

Sizes and times lie far from the edges, so that what TLS adds, or a busy machine, decides nothing. Where a renegotiation
is needed and the stack has no reason of its own for one, the client's user asks for it when the key is `AGE` old, as
the policy's `age_limit` with `timer` says: then what is asked is only what follows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from rekeyspec.conformance.peers.tls.scene import Scene

AGE: Final = 500
"""ms"""

TIMEOUT: Final = 800
"""ms: every time limit that is asked for."""

IDLE: Final = 400
"""ms"""

MANY: Final = 60
"""How often a new key is asked for where it is asked whether that has an end."""

Script = Callable[[Scene], Awaitable[None]]


def sent(size: int, count: int) -> Script:
    """The client's user sends so many messages of this size, slowly enough to see what follows each."""

    async def script(s: Scene) -> None:
        await s.write_often(count, size, 0.07)
        await s.quit()

    return script


async def received(s: Scene) -> None:
    """The limit is passed by what comes; then the client has a message of its own."""
    await s.send_often(6, 4096)
    await s.wait(0.2)
    s.write(1000)
    await s.wait(0.3)
    await s.quit()


async def both(s: Scene) -> None:
    """The limit is passed by the sum of what comes and goes, and by neither alone; then there is one message more."""
    await s.write_often(3, 4000)
    await s.send_often(3, 4000)
    await s.wait(0.2)
    s.write(1000)
    await s.wait(0.3)
    await s.quit()


async def age_busy(s: Scene) -> None:
    """A steady trickle, for three ages and more."""
    await s.write_often(24, 200, 0.1)
    await s.quit()


async def age_idle(s: Scene) -> None:
    """Nothing for three ages; then one message."""
    await s.wait(2.1)
    s.write(200)
    await s.wait(0.3)
    await s.quit()


async def age_quiet(s: Scene) -> None:
    """Nothing for three ages, and nothing after."""
    await s.wait(2.2)
    await s.quit()


async def idle_then_data(s: Scene) -> None:
    """Data, silence for three idle periods, and data again."""
    s.write(200)
    await s.wait(3 * IDLE / 1000 + 0.1)
    s.write(200)
    await s.wait(0.3)
    await s.quit()


async def idle_then_received(s: Scene) -> None:
    """Data comes, nothing for three idle periods, and data comes under the same key."""
    s.watch.send(200)
    await s.wait(3 * IDLE / 1000 + 0.1)
    s.watch.send(200)
    await s.wait(0.3)
    await s.quit()


async def silence(s: Scene) -> None:
    """Data comes; then nothing, in either direction, for three times as long as anything may take."""
    s.watch.send(200)
    await s.until_lost(3 * TIMEOUT / 1000 + 0.2)


async def deaf(s: Scene) -> None:
    """The first ClientHello is never answered."""
    await s.until_lost(3 * TIMEOUT / 1000 + 0.2)


async def requested(s: Scene) -> None:
    """The server asks the client to start, on a link where nothing else happens."""
    await s.write_often(2, 200)
    s.watch.renew()
    await s.wait(0.5)
    await s.write_often(2, 200)
    await s.quit()


async def early(s: Scene) -> None:
    """The user writes while the handshake is under way."""
    await s.wait(0.1)
    await s.write_often(2, 200, 0.1)
    await s.wait(0.7)
    await s.quit()


async def stranger(s: Scene) -> None:
    """The server has a certificate that nobody vouches for."""
    await s.until_lost(0.6)


async def _renew(s: Scene) -> None:
    await s.wait(AGE / 1000)
    s.renew()


async def renewed(s: Scene) -> None:
    """A new key, and data under it."""
    await _renew(s)
    await s.wait(0.1)
    await s.write_often(2, 200)
    await s.quit()


async def ignored(s: Scene) -> None:
    """The renegotiation is never answered; nothing else happens."""
    s.watch.answers = False
    await _renew(s)
    await s.until_lost(3 * TIMEOUT / 1000 + 0.2)


async def ignored_busy(s: Scene) -> None:
    """The same, while the server goes on sending under its old key."""
    s.watch.answers = False
    await _renew(s)
    await s.send_often(26, 100, 0.1)


async def slow(s: Scene) -> None:
    """The renegotiation takes a while, in which the client's user writes."""
    s.watch.answer_delay = 0.4
    await _renew(s)
    await s.wait(0.1)
    await s.write_often(3, 200)
    await s.wait(0.5)
    await s.quit()


async def old_key(s: Scene) -> None:
    """The renegotiation takes a while, in which the server sends under its old key."""
    s.watch.answer_delay = 0.3
    await _renew(s)
    await s.send_often(3, 200)
    await s.wait(0.4)
    await s.quit()


async def old_data(s: Scene) -> None:
    """What the server had sent under the old key meets the client's start of a renegotiation."""
    s.watch.crosses = True
    await _renew(s)
    await s.wait(0.4)
    await s.quit()


async def again(s: Scene) -> None:
    """The user asks for a new key, and again before the first one is answered."""
    s.watch.answer_delay = 0.5
    await _renew(s)
    await s.wait(0.15)
    s.renew()
    await s.wait(0.3)
    await s.quit()


async def crossing(s: Scene) -> None:
    """Both ends start at once."""
    s.watch.crosses, s.watch.answer_delay = True, 0.3
    await _renew(s)
    await s.wait(0.7)
    await s.quit()


async def server_starts(s: Scene) -> None:
    """The server asks for new keys on a link where nothing else happens; a while later the client's user writes."""
    await s.write_often(2, 200)
    s.watch.renew()
    await s.wait(0.5)
    await s.write_often(2, 200)
    await s.wait(0.1)
    await s.quit()


async def many(s: Scene) -> None:
    """The server asks for new keys again and again, each time when the last ones are there, and a little data flows."""
    for n in range(MANY):
        s.watch.renew()
        s.write(100)
        await s.until(lambda n=n: s.watch.updates > n)  # type: ignore[misc]
        await s.wait(0.02)
    await s.quit()


async def quit_idle(s: Scene) -> None:
    """The user ends a link that has carried data."""
    await s.write_often(2, 200)
    await s.quit()


async def quit_rekeying(s: Scene) -> None:
    """The user ends the link while a renegotiation is not answered."""
    s.watch.answers = False
    await _renew(s)
    await s.wait(0.15)
    await s.quit()
