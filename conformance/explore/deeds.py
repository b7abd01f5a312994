"""What each choice does to the scene: read against what there is at its turn, done, and judged at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from rekeyspec.conformance.explore.choices import CHOICES, Choice, Deed
from rekeyspec.conformance.explore.scene import Scene
from rekeyspec.conformance.explore.spoofs import made
from rekeyspec.conformance.network import Flight
from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.vocabulary import Role

LONGEST_SETTLING: Final = 12
"""How many messages pass at most where all is let through: two ends may answer each other for ever."""
MOST_OFFERS: Final = 40
"""How often one line repeats an offer at most, on the way to a limit."""
FAR: Final = 1000
"""How far time moves (ms) where no deadline lies ahead."""


def do(scene: Scene, number: int) -> Divergence | None:
    """Do what this number says. The first divergence, or None. Raises Broken."""
    choice = CHOICES[number % len(CHOICES)]
    return _DEEDS[choice.do](scene, choice)


def _over(scene: Scene) -> bool:
    """Is every end under test closed?"""
    return all(scene.state(role).phase != "open" for role in scene.roles)


def _side(scene: Scene, choice: Choice) -> Role:
    return scene.other if choice.side else scene.first


def _nothing(scene: Scene, choice: Choice) -> None:
    """The simplest choice."""


def _wait(scene: Scene, choice: Choice) -> Divergence | None:
    return scene.move(scene.t + (choice.which or scene.policy.delay or 5))


def _wait_until(scene: Scene, choice: Choice) -> Divergence | None:
    moments = scene.moments()
    if not moments:
        return scene.move(scene.t + FAR)
    return scene.move(moments[min(choice.which, len(moments) - 1)] + choice.by)


def _settle(scene: Scene, choice: Choice) -> Divergence | None:
    """All that is under way arrives, and what is sent in answer, at this very time."""
    if _over(scene):
        return scene.open(established=True)
    for _ in range(min(LONGEST_SETTLING, scene.most - len(scene.lines))):
        flights = scene.network.flights
        if not flights:
            return None
        found = scene.passes(flights[0])
        if found is not None:
            return found
    return None


def _next(scene: Scene, choice: Choice) -> Flight | None:
    """The head of one of the lanes to that side; over datagrams the oldest of any kind."""
    to = _side(scene, choice)
    network = scene.network
    if scene.policy.transport == "stream":
        ahead = list(network.heads(to))
    else:
        ahead = list({flight.message.kind: flight for flight in reversed(network.flights) if flight.to == to}.values())
        ahead.reverse()
    return ahead[choice.which % len(ahead)] if ahead else None


def _pass(scene: Scene, choice: Choice) -> Divergence | None:
    flight = _next(scene, choice)
    if flight is not None:
        return scene.passes(flight)
    return scene.open(established=True) if _over(scene) else None


def _drop(scene: Scene, choice: Choice) -> None:
    flight = _next(scene, choice)
    if flight is not None:
        scene.drop(flight)


def _copy(scene: Scene, choice: Choice) -> Divergence | None:
    """A copy of what is under way arrives, perhaps before what was sent earlier."""
    to = _side(scene, choice)
    flights = [flight for flight in scene.network.flights if flight.to == to]
    if not flights or scene.plays(to):
        return None
    return scene.arrive(to, flights[choice.which % len(flights)].message)


def _again(scene: Scene, choice: Choice) -> Divergence | None:
    """What arrived earlier, or was lost, is sent again."""
    to = _side(scene, choice)
    gone = scene.gone[to]
    if not gone or scene.plays(to):
        return None
    return scene.arrive(to, gone[-1 - choice.which % len(gone)])


def _spoof(scene: Scene, choice: Choice) -> Divergence | None:
    to = scene.roles[len(scene.lines) % len(scene.roles)]
    return scene.arrive(to, made(choice.which, scene.state(to), scene.policy))


def _tick(scene: Scene, choice: Choice) -> Divergence | None:
    return scene.tick(_side(scene, choice))


def _shut(scene: Scene, choice: Choice) -> Divergence | None:
    return scene.shut(_side(scene, choice))


def _open(scene: Scene, choice: Choice) -> Divergence | None:
    """A new link, where the old one has ended at the end under test; where at one of two, the other is ended too."""
    if _over(scene):
        return scene.open(established=not choice.which)
    for role in scene.roles if len(scene.roles) == 2 else ():
        if scene.state(role).phase != "open":
            return scene.shut("server" if role == "client" else "client")
    return None


def _offer(scene: Scene, choice: Choice) -> Divergence | None:
    role, which, p = _side(scene, choice), choice.which, scene.policy
    if which == 0 and _over(scene):
        return scene.open(established=True)
    s = scene.state(role)
    waiting = sum(item.bytes for item in s.queue)
    if which in (2, 3, 4):  # one less than the limit, the limit, one more
        size = s.limit - s.count - waiting + which - 3 if s.limit else 0
        if size > p.max_message:
            times = min(MOST_OFFERS, size // p.max_message)
            return scene.offer(role, p.max_message, times)
        return scene.offer(role, size if size > 0 else 100)
    if which == 8 and s.queue:
        times = min(MOST_OFFERS, max(1, (p.queue_limit - waiting) // p.max_message))
        return scene.offer(role, min(p.max_message, max(0, p.queue_limit - waiting)), times)
    sizes = (100, 1, 0, 0, 0, p.max_message, p.max_message + 1, 0, p.queue_limit + 1)
    return scene.offer(role, sizes[which])


_DEEDS: Final[Mapping[Deed, Callable[[Scene, Choice], Divergence | None]]] = {
    "Nothing": _nothing,
    "Wait": _wait,
    "WaitUntil": _wait_until,
    "Pass": _pass,
    "Settle": _settle,
    "Offer": _offer,
    "Tick": _tick,
    "Drop": _drop,
    "Copy": _copy,
    "Again": _again,
    "Spoof": _spoof,
    "Shut": _shut,
    "Open": _open,
}
