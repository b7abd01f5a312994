"""The adversary: each move with its power, what it costs, and that it makes nothing under a key that it has not."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from rekeyspec.conformance.adversary import Attack, Foe, Move, Power, Powers, moves
from rekeyspec.conformance.network import Flight, Network
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End, Negotiation, Series
from rekeyspec.reference.vocabulary import KINDS, Message, Role

POLICY = Policy(byte_limit=9, heartbeat_sender="client", idle_period=5, session_cache="on")
DATA = Message("data", 2, 4, bytes=3)
UNDER_WAY = Network((Flight("server", DATA, 5), Flight("server", DATA._replace(number=5), 6)))


def ends(**changes: object) -> dict[Role, End]:
    """Two open ends in their second epoch."""
    one = End("client", 9, phase="open", t=9, epoch=2, beat_number=3, session="c1")
    server = replace(one, role="server", delivered_number=3, beat_seen=2)
    return {"client": one, "server": server.but(**changes)}


def may(*has: Power, policy: Policy = POLICY, foe: Foe | None = None, **changes: object) -> list[Move]:
    """What it may do to the server."""
    powers = Powers(policy, frozenset(has))
    found = moves(powers, ends(**changes), UNDER_WAY, foe or Foe(strikes=1), 9)
    return [move for move in found if move.to == "server"]


def made(move: Move) -> Message:
    return move.network.flights[-1].message


def test_without_a_power_it_does_nothing() -> None:
    assert may() == []


@pytest.mark.parametrize("losable", [(), ("heartbeat",), ("data", "close")])
def test_it_loses_what_it_may(losable: tuple[str, ...]) -> None:
    powers = Powers(POLICY, losable=frozenset(losable))  # type: ignore[arg-type]
    found = list(moves(powers, ends(), UNDER_WAY, Foe(), 9))
    assert [move.do for move in found] == ["Drop"] * ("data" in losable)
    assert all(move.network.flights == UNDER_WAY.flights[1:] for move in found)


def test_a_copy_costs_a_strike() -> None:
    (move,) = may("duplicate")
    assert (move.do, move.foe.strikes, len(move.network.flights)) == ("Duplicate", 0, 3)
    assert may("duplicate", foe=Foe()) == []


def test_it_records_one_message_and_sends_it_again_later() -> None:
    (record,) = may("replay")
    assert (record.do, record.network, record.foe.strikes) == ("Record", UNDER_WAY, 1)
    (replay,) = may("replay", foe=record.foe)
    assert (replay.do, made(replay), replay.network.flights[-1].left_at) == ("Replay", DATA, 9)


def test_neighbours_change_places_over_datagrams_only() -> None:
    assert may("reorder") == []
    (swap,) = may("reorder", policy=POLICY.but(transport="datagram"))
    assert [f.message.number for f in swap.network.flights] == [5, 4]


def test_it_cracks_a_key_in_force_or_only_a_marked_one() -> None:
    (crack,) = may("crack")
    assert crack.foe.cracked == {2}
    assert may("crack", foe=crack.foe) == []
    assert may("crack-marked") == []
    assert [move.do for move in may("crack-marked", marked_accepted=True)] == ["Crack"]


def test_it_makes_data_under_a_key_that_it_has() -> None:
    assert may("inject") == []
    (move,) = may("inject", foe=Foe(1, frozenset({2})))
    assert made(move) == Message("data", 2, 4, bytes=1, sealed_by="adversary")


def test_it_forges_what_is_clear_at_any_time() -> None:
    clear = POLICY.but(heartbeat_protection="clear")
    found = [made(move) for move in may("forge", policy=clear, series=Series(2, 3, 8))]
    assert found == [Message("heartbeat", 2, 0, sealed_by="nobody"), Message("reply", 2, 3, sealed_by="nobody")]
    assert may("forge") == []


@pytest.mark.parametrize(("channels", "over"), [(1, "single"), (2, "data")])
def test_what_it_forges_with_a_key_comes_over_the_channel_of_that_key(channels: int, over: str) -> None:
    policy = POLICY.but(channels=channels, accounting="client")
    found = [made(move) for move in may("forge", policy=policy, foe=Foe(1, frozenset({2})))]
    assert [one.kind for one in found] == ["request", "close", "heartbeat", "reply", "notice", "notice"]
    assert {(one.channel, one.sealed_by) for one in found} == {(over, "adversary")}
    assert [one.bytes for one in found if one.kind == "notice"] == [0, 10]
    assert found[2].number == 4


def test_junk_is_of_every_kind_and_sealed_by_nobody() -> None:
    found = [made(move) for move in may("junk")]
    assert {one.kind for one in found} == set(KINDS)
    assert {one.sealed_by for one in found} == {"nobody"}
    assert {one.epoch for one in found if one.kind in ("start", "answer", "finish")} == {3}


def test_it_resumes_the_session_of_its_victim_and_then_has_the_key() -> None:
    (resume,) = may("resume")
    assert made(resume) == Message("start", 3, 0, "c3", "c1", sealed_by="adversary")
    theirs = Negotiation("c3", 3, mine=False, session="c1")
    (resume, complete) = may("resume", foe=Foe(1, posed=frozenset({"server"})), negotiation=theirs)
    assert (complete.do, made(complete).kind, complete.foe.cracked) == ("Complete", "finish", {3})
    full = theirs._replace(session="c3")
    assert [m.do for m in may("resume", foe=Foe(1, posed=frozenset({"server"})), negotiation=full)] == ["Resume"]


def test_it_answers_in_the_place_of_the_peer_with_the_session_held() -> None:
    mine = Negotiation("s3", 3, mine=True, session="c1")
    answers = [move for move in may("resume", negotiation=mine) if move.do == "Complete"]
    assert [(made(m).kind, made(m).negotiation, made(m).session) for m in answers] == [("answer", "s3", "c1")]
    assert answers[0].foe.cracked == {3}
    (other,) = [move for move in may("resume", negotiation=mine._replace(session="")) if move.do == "Complete"]
    assert other.foe.cracked == set()


def test_it_is_the_client_where_nobody_asks() -> None:
    server_only = POLICY.but(authentication="server-only", limit_from="initiator")
    assert may("impersonate", policy=server_only) == []
    (move,) = may("impersonate", policy=server_only, epoch=0, session="")
    assert made(move) == Message("start", 1, 0, "c1", bytes=9, sealed_by="adversary")
    assert may("impersonate", epoch=0, session="") == []


def test_nothing_is_made_for_a_closed_end() -> None:
    everything = get_args(Power)
    found = may(*everything, foe=Foe(3, frozenset({2})), phase="closed", epoch=0, session="")
    assert {move.do for move in found} <= {"Record"}


def test_each_made_message_costs_a_strike() -> None:
    found = may(*get_args(Power), foe=Foe(3, frozenset({1})))
    free: set[Attack] = {"Drop", "Swap", "Record", "Crack"}
    assert {move.foe.strikes for move in found if move.do not in free} == {2}
    assert {move.foe.strikes for move in found if move.do in free} == {3}
