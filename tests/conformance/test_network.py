"""Messages in flight: their order on a channel, what overtakes, and how long they fly."""

import pytest

from rekeyspec.conformance.network import Flight, Network
from rekeyspec.reference.vocabulary import NEVER, Message, Role


def message(number: int, channel: str = "data") -> Message:
    return Message("data", 1, number, bytes=1, channel=channel)  # type: ignore[arg-type]


def network(*sent: tuple[Role, Message, int]) -> Network:
    made = Network()
    for to, one, t in sent:
        made = made.sent(to, one, t)
    return made


CROWDED = network(
    ("server", message(1), 0),
    ("client", message(1), 1),
    ("server", Message("heartbeat", 1, 1, channel="control"), 2),
    ("server", message(2), 3),
)


def test_the_oldest_of_each_channel_is_its_head() -> None:
    assert [(f.to, f.message.kind, f.message.number) for f in CROWDED.heads()] == [
        ("server", "data", 1),
        ("client", "data", 1),
        ("server", "heartbeat", 1),
    ]
    assert [f.message.kind for f in CROWDED.heads("server")] == ["data", "heartbeat"]


def test_the_oldest_of_a_kind_is_found_whatever_its_channel() -> None:
    found = CROWDED.oldest("server", "heartbeat")
    assert found is not None
    assert not CROWDED.overtaken(found)
    assert CROWDED.oldest("client", "heartbeat") is None
    assert CROWDED.overtaken(CROWDED.flights[3])


def test_what_arrived_is_gone_and_nothing_else() -> None:
    assert CROWDED.without(CROWDED.flights[1]).flights == (CROWDED.flights[0], *CROWDED.flights[2:])


def test_a_closed_end_is_sent_nothing_any_more() -> None:
    assert {f.to for f in CROWDED.silent("server").flights} == {"client"}


def test_a_copy_follows_right_behind() -> None:
    doubled = CROWDED.doubled(CROWDED.flights[0])
    assert [f.message.number for f in doubled.flights if f.lane == ("server", "data")] == [1, 1, 2]


def test_neighbours_of_one_channel_change_places() -> None:
    swapped = CROWDED.swapped(0)
    assert [f.message.number for f in swapped.flights if f.lane == ("server", "data")] == [2, 1]
    assert swapped.flights[1:3] == CROWDED.flights[1:3]


def test_of_equal_messages_the_one_at_the_place_is_overtaken() -> None:
    doubled = CROWDED.doubled(CROWDED.flights[0])
    assert [f.message.number for f in doubled.swapped(1).flights if f.lane == ("server", "data")] == [1, 2, 1]


def test_what_nothing_follows_is_not_overtaken() -> None:
    assert CROWDED.behind(1) is None
    with pytest.raises(ValueError, match="nothing is behind it"):
        CROWDED.swapped(1)


def test_what_was_under_way_for_as_long_as_it_can_be_has_arrived() -> None:
    assert [f.left_at for f in CROWDED.arrived(5, 4)] == [0, 1]
    assert CROWDED.arrived(3, 4) == ()
    assert CROWDED.deadline(4) == 4
    assert Network().deadline(4) == NEVER


def test_a_channel_is_named_by_end_and_channel() -> None:
    assert Flight("client", message(1)).lane == ("client", "data")
