"""The stories that a newcomer's adapter is told, line by line: what happens to an end, and what is asked by it."""

from __future__ import annotations

from typing import Final

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message

MANY: Final = 1000
"""So many events make a long line; `check` sends no longer ones."""
APART: Final = 10
"""How far apart (ms) what happens in a story lies, so that what is left undone is overdue before the next."""

Line = tuple[str, list[Event]]


def client_story() -> list[Line]:
    """A client: the negotiation that it starts, data, its end."""

    def at(t: int, do: str, message: Message | None = None, size: int = 0) -> Event:
        return Event(t, "client", do, message, size)  # type: ignore[arg-type]

    answer = Message("answer", 1, negotiation="c1")
    three = [at(50, "Tick"), at(60, "Offer", size=5), at(70, "Offer", size=6)]
    after = [at(90, "Arrive", Message("close", 1)), at(100, "Offer", size=5)]
    return [
        ("Open: a client starts a negotiation, and says until when it waits", [at(0, "Open")]),
        ("Offer: before there is a key, data waits", [at(10, "Offer", size=700)]),
        (
            "Arrive: an answer that nobody sealed changes nothing",
            [at(20, "Arrive", answer._replace(sealed_by="nobody"))],
        ),
        ("Arrive: the answer brings the key into force, and the data leaves", [at(30, "Arrive", answer)]),
        ("Tick: nothing is due", [at(40, "Tick")]),
        ("run: three events in one line", three),
        ("Shut: the end is announced", [at(80, "Shut")]),
        ("run: a closed end ignores what arrives, and refuses what is offered", after),
        ("Open: at a closed end a new link begins", [at(110, "Open")]),
    ]


def server_story() -> list[Line]:
    """A server: the negotiation that it answers, data, a long line, the peer's end."""

    def arrives(t: int, *message: object) -> Event:
        return Event(t, "server", "Arrive", Message(*message))  # type: ignore[arg-type]

    many = [arrives(50 + n * APART, "data", 1, n + 1, "", "", 3) for n in range(1, MANY + 1)]
    return [
        ("Open: a server waits, and says until when", [Event(0, "server", "Open")]),
        ("Arrive: the start is answered", [arrives(10, "start", 1, 0, "c1")]),
        ("Arrive: the finish brings the key into force, which is not reported", [arrives(20, "finish", 1, 0, "c1")]),
        ("Arrive: data is delivered", [arrives(30, "data", 1, 1, "", "", 9)]),
        ("Arrive: data that nobody sealed is not", [arrives(40, "data", 1, 2, "", "", 9, "single", "nobody")]),
        (f"run: a long line, of {MANY} events", many),
        ("Arrive: the peer's end is the end", [arrives(100 + (MANY + 1) * APART, "close", 1)]),
    ]


def timer_story(policy: Policy) -> list[Line]:
    """A client that nobody answers: time is what it is told."""
    until = policy.negotiation_timeout
    return [
        ("Open: another client starts", [Event(0, "client", "Open")]),
        (f"Tick at {until - 1}: not yet", [Event(until - 1, "client", "Tick")]),
        (f"Tick at {until}: nobody has answered in time, which ends the link", [Event(until, "client", "Tick")]),
    ]  # fmt: skip
