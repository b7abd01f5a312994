"""What is done to the aioquic client: each script provokes one behaviour, in a few seconds of our clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rekeyspec.conformance.peers.quic.link import Datagram, Link, Way, altered, replayed

AGE: Final = 500
"""ms: when the client's user asks for a new key, as a `timer` would; so it is only asked what follows."""

TIMEOUT: Final = 800
"""ms: the idle timeout that is configured where one is asked for."""

IDLE: Final = 400
"""ms"""

MANY: Final = 60
"""How often a new key is asked for where it is asked whether that has an end."""

MESSAGE: Final = 1000
"""bytes: a message that is one frame."""

Script = Callable[[Link], None]


def settled(link: Link) -> None:
    """The link is open, and its handshake confirmed."""
    link.run(0.05)


def sent(link: Link) -> None:
    """The client's user sends three limits of 18 000 bytes."""
    settled(link)
    link.write_often("client", 54, MESSAGE, 0.03)
    link.quit()


def received(link: Link) -> None:
    """The limit is passed by what comes; then the client has a message of its own."""
    settled(link)
    link.write_often("server", 24, MESSAGE, 0.03)
    link.run(0.3)
    link.write("client", MESSAGE)
    link.run(0.3)
    link.quit()


def age_busy(link: Link) -> None:
    """A steady trickle, for three ages and more."""
    settled(link)
    link.write_often("client", 24, 200, 0.1)
    link.quit()


def age_idle(link: Link) -> None:
    """Nothing for three ages; then one message."""
    link.run(2.2)
    link.write("client", 200)
    link.run(0.3)
    link.quit()


def quiet(link: Link) -> None:
    """Nothing, for three ages and more."""
    link.run(2.2)
    link.quit()


def idle_then_data(link: Link) -> None:
    """Data, silence for three idle periods, and data again."""
    settled(link)
    link.write("client", 200)
    link.run(3 * IDLE / 1000 + 0.1)
    link.write("client", 200)
    link.run(0.3)
    link.quit()


def idle_then_received(link: Link) -> None:
    """Data comes, nothing for three idle periods, and data comes under the same key."""
    settled(link)
    link.write("server", 200)
    link.run(3 * IDLE / 1000 + 0.1)
    link.write("server", 200)
    link.run(0.3)
    link.quit()


def silence(link: Link) -> None:
    """Data comes; then nothing, for three times as long as anything may take."""
    settled(link)
    link.write("server", 200)
    link.run(3 * TIMEOUT / 1000 + 0.2)


def beats_then_silence(link: Link) -> None:
    """Heartbeats come for longer than the timeout; then nothing."""
    settled(link)
    for _ in range(4):
        link.ping("server")
        link.run(0.5)
    link.run(3 * TIMEOUT / 1000)


def muted(link: Link) -> None:
    """The client's user asks for a sign of life after IDLE ms, and nothing comes from then on."""
    settled(link)
    link.write("server", 200)
    link.run(IDLE / 1000 - 0.001)
    link.way = lambda datagram: None if datagram.to == "client" else datagram
    link.ping("client")
    link.run(3 * TIMEOUT / 1000 + 0.2)


def beats(link: Link) -> None:
    """Heartbeats come on an idle link."""
    settled(link)
    for _ in range(5):
        link.run(0.3)
        link.ping("server")
    link.run(0.3)
    link.quit()


def forged(link: Link) -> None:
    """A heartbeat comes altered, and then as it was."""
    settled(link)
    link.run(0.3)
    link.way = lambda datagram: altered(datagram) if datagram.to == "client" else datagram
    link.ping("server")
    link.way = lambda datagram: datagram
    link.run(0.3)
    link.ping("server")
    link.run(0.3)
    link.quit()


def repeated(link: Link) -> None:
    """A heartbeat comes, and later once more."""
    settled(link)
    link.run(0.3)
    link.ping("server")
    link.run(0.2)
    link.deliver(replayed(link.last["client"]))
    link.run(0.3)
    link.quit()


def deaf(link: Link) -> None:
    """Nothing that the client sends arrives."""
    link.run(3 * TIMEOUT / 1000 + 0.2)


def nothing_arrives(_: Datagram) -> None:
    """The wire of `deaf`."""


def early(link: Link) -> None:
    """The user writes before the handshake is done. (Its first flight is on its way.)"""
    link.write("client", 200)
    link.run(0.3)
    link.write("client", 200)
    link.run(0.1)
    link.quit()


def stranger(link: Link) -> None:
    """The server has a certificate that nobody vouches for."""
    link.run(0.6)


def _renew(link: Link) -> None:
    link.run(AGE / 1000)
    link.renew("client")


def _deafened(datagram: Datagram) -> Datagram | None:
    """The server gets nothing under a new key, so that it is as if it ignored it."""
    renewed = datagram.to == "server" and any(packet.generation > 1 for packet in datagram.packets)
    return None if renewed else datagram


def renewed(link: Link) -> None:
    """A new key, and data under it."""
    _renew(link)
    link.run(0.1)
    link.write_often("client", 2, 200)
    link.quit()


def ignored(link: Link) -> None:
    """The renegotiation is never answered; nothing else happens."""
    link.way = _deafened
    _renew(link)
    link.run(3 * TIMEOUT / 1000 + 0.2)


def ignored_busy(link: Link) -> None:
    """The same, while the server goes on sending under the old key."""
    link.way = _deafened
    _renew(link)
    link.write_often("server", 26, 100, 0.1)


def slow(link: Link) -> None:
    """The answer takes a while, in which the client's user writes."""
    _slowly(link)
    link.run(0.1)
    link.write_often("client", 3, 200)
    link.run(0.5)
    link.quit()


def _slowly(link: Link) -> None:
    link.run(AGE / 1000)
    link.way = _late(0.4)
    link.renew("client")


def _late(seconds: float) -> Way:
    """What the server sends comes so much later."""
    return lambda datagram: replace(datagram, due=datagram.due + seconds) if datagram.to == "client" else datagram


def old_key(link: Link) -> None:
    """What the server had sent under the old key meets the client's first packet under the new one."""
    link.run(AGE / 1000 - 0.0005)
    link.write("server", 200)
    link.run(0.0005)
    link.renew("client")
    link.run(0.4)
    link.quit()


def after(link: Link) -> None:
    """What the server had sent under the old key comes late, when the new one is in force."""
    link.run(AGE / 1000 - 0.001)
    link.way = _late(0.012)
    link.write("server", 200)
    link.way = lambda datagram: datagram
    link.run(0.001)
    link.renew("client")
    link.run(0.4)
    link.quit()


def again(link: Link) -> None:
    """The user asks for a new key, and again before the first one is confirmed."""
    _slowly(link)
    link.run(0.15)
    link.renew("client")
    link.run(0.3)
    link.quit()


def crossing(link: Link) -> None:
    """Both ends start at once, and data flows both ways after."""
    link.run(AGE / 1000)
    link.renew("client")
    link.renew("server")
    link.run(0.3)
    link.write("client", 200)
    link.write("server", 200)
    link.run(0.1)
    link.quit()


def server_starts(link: Link) -> None:
    """The server starts on a link where nothing else happens; a while later the client's user writes."""
    settled(link)
    link.write_often("client", 2, 200)
    link.renew("server")
    link.run(0.5)
    link.write_often("client", 2, 200)
    link.quit()


def many(link: Link) -> None:
    """The server starts sixty times, and each time a little data flows."""
    settled(link)
    for _ in range(MANY):
        link.renew("server")
        link.run(0.02)
        link.write("client", 100)
        link.run(0.03)
    link.quit()


def quit_idle(link: Link) -> None:
    """The user ends a link that has carried data."""
    settled(link)
    link.write_often("client", 2, 200)
    link.quit()


def quit_rekeying(link: Link) -> None:
    """The user ends the link while a renegotiation is not answered."""
    link.way = _deafened
    _renew(link)
    link.run(0.1)
    link.quit()
