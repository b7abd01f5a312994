"""The links of one log stand on one gateway, whose bound is judged as far as the log tells who holds what (GATE-1)."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.audit.hooks import Size
from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.audit.room import Room
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message
from tests.conformance.audit.logs import audited, body, header, on, rules, text

BOUND = Policy(links_per_user=1)
START = Message("start", 1, negotiation="c1")
OPENED = [
    Event(0, "server", "Open"),
    Event(1, "server", "Arrive", START),
    Event(1, "server", "Answer", Message("answer", 1, negotiation="c1")),
    Event(1, "server", "Arrive", Message("finish", 1, negotiation="c1")),
]
SHUT = [Event(5, "server", "Shut"), Event(5, "server", "Close", Message("close", 1))]
REFUSED = [Event(0, "server", "Open"), Event(0, "server", "Refuse", reason="links_per_user")]
WRONG = [Event(3, "server", "SendData", Message("data", 1, 1, bytes=1))]


def first(*events: Event) -> list[Event]:
    return on("ann/1", [*OPENED, *events])


@pytest.mark.parametrize("size", [Size(), Size(1, 1)])
def test_a_user_s_second_link_is_refused_until_the_first_is_closed(size: Size) -> None:
    def found(*events: Event) -> set[str]:
        return rules(audited(text(events, BOUND), Options(size=size)))

    assert not found(*first(), *on("ann/2", REFUSED, 2))
    assert found(*first(), *on("ann/2", OPENED, 2)) == {"GATE-1"}
    assert not found(*first(*SHUT), *on("ann/2", OPENED, 9))
    assert found(*first(*SHUT), *on("ann/2", REFUSED, 9)) == {"GATE-1"}


def test_another_user_s_links_are_another_s() -> None:
    assert not rules(audited(text([*first(), *on("bob/1", OPENED, 1)], BOUND)))
    assert not rules(audited(text([*first(), *on("bob/1", [e._replace(end="client") for e in OPENED[:1]], 1)], BOUND)))


def test_without_a_bound_all_are_admitted() -> None:
    found = audited(text([*first(), *on("ann/2", OPENED, 1), *on("ann/2", OPENED, 2)], Policy()))
    assert found.lives == {"conforms": 2, "inconclusive": 1}


def test_a_link_that_left_the_rules_may_be_held_or_not() -> None:
    lost = first(*WRONG)
    assert rules(audited(text([*lost, *on("ann/2", REFUSED, 4)], BOUND))) == {"FLOW-1"}
    assert rules(audited(text([*lost, *on("ann/2", OPENED, 4)], BOUND))) == {"FLOW-1"}
    closed = on("ann/1", [Event(5, "server", "Close")])
    assert rules(audited(text([*lost, *closed, *on("ann/2", REFUSED, 6)], BOUND))) == {"FLOW-1", "GATE-1"}
    again = on("ann/1", OPENED, 5)
    assert rules(audited(text([*lost, *again, *on("ann/2", OPENED, 6)], BOUND))) == {"FLOW-1", "GATE-1"}


def test_a_link_that_began_before_the_log_may_be_held_or_not() -> None:
    begun = first()[1:]
    for second in (REFUSED, OPENED):
        found = audited(text([*begun, *on("ann/2", second, 1)], BOUND))
        assert (rules(found), found.unjudged) == (set(), {"begun": 1})
    closed = on("ann/1", [Event(5, "server", "Close")])
    assert rules(audited(text([*begun, *closed, *on("ann/2", REFUSED, 6)], BOUND))) == {"GATE-1"}


def test_in_the_second_part_of_a_log_any_user_may_have_links_that_it_does_not_tell_of() -> None:
    events = body(on("ann/2", REFUSED))
    assert rules(audited(header(BOUND) + events)) == {"GATE-1"}
    assert rules(audited(header(BOUND, continues=True) + events)) == set()


def test_who_has_room_is_the_reference_s_to_say() -> None:
    room = Room(Policy(links_per_user=2))
    said = []
    for n in range(4):
        said.append(room.admits(f"ann/{n}"))
        if n < 3:
            room.take(f"ann/{n}", sure=n != 1)
    assert said == [True, True, None, False]
    room.free("ann/0")
    room.free("ann/0")
    assert room.admits("ann/0") is None
    room.free("ann/2")
    assert room.admits("ann/9") is True
    assert room.links == {"ann/1": False}
