"""What is done to charon about idleness, heartbeats and death: each script provokes one behaviour."""

from __future__ import annotations

from rekeyspec.conformance.peers.ipsec.scene import IKE_OUT, Scene
from rekeyspec.conformance.peers.ipsec.scripts import SMALL, send_back_often, send_often


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
    await s.whole_second(0.85)
    s.send_back(SMALL)
    await s.wait(3)


async def data_out(s: Scene) -> None:
    """The user sends all the time; nothing comes back."""
    await send_often(s, 18, size=SMALL, pause=0.15)


async def data_in(s: Scene) -> None:
    """The peer sends all the time; then silence, which begins as far into a second as the link did, so that to count
    whole ones makes no difference."""
    await s.whole_second(0.05)
    await s.open()
    await send_back_often(s, 14, size=SMALL, pause=0.16)
    while s.until_second(s.phase + 0.07) > 0.2:
        await send_back_often(s, 1, size=SMALL, pause=0.16)
    await s.whole_second(s.phase + 0.07)
    s.send_back(SMALL)
    await s.wait(2.3)


async def forged_heartbeat(s: Scene) -> None:
    """After a heartbeat of the peer's the same one comes again, with its last byte changed."""
    await s.two.until(lambda: s.two.says("sending DPD request"))
    await s.wait(0.2)
    s.inject("ike", -1, altered=True)
    await s.wait(0.3)


async def repeated_heartbeat(s: Scene) -> None:
    """After a heartbeat of the peer's the same one comes again."""
    await s.two.until(lambda: s.two.says("sending DPD request"))
    await s.wait(0.2)
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
    await dead_peer(s)
    await send_back_often(s, 3, size=SMALL)
    await send_often(s, 2, size=SMALL)


async def late_reply(s: Scene) -> None:
    """Two replies are lost, that to the second repeat comes."""
    await s.wait(1.3)
    await s.lose(*IKE_OUT)
    await s.one.until(lambda: s.one.says("retransmit 1 of request"))
    await s.lose()
    await s.wait(1.2)


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
        if await s.gone(0.1):  # what came before its daemon is done with that would be delivered still
            break
