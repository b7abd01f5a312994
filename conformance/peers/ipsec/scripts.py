"""What every script to charon is made of: packets of either user, and silence.

`one` is under test, `two` is its peer. Sizes are of IP packets in the tunnel, such that ESP need not pad them. charon
counts idleness in whole seconds of the machine's clock; a script about that begins at a known part of a second.
"""

from __future__ import annotations

from typing import Final

from rekeyspec.conformance.peers.ipsec.scene import Scene

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


async def silence(s: Scene) -> None:
    """Nothing for a little more than three seconds."""
    await s.wait(3.3)
