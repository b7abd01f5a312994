"""What passes, is dropped or is written out in a story of both ends, and what it is called there."""

from __future__ import annotations

from typing import Any

from rekeyspec.conformance import trace, yamlfile
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.replay import replay
from rekeyspec.reference.policy import Policy
from rekeyspec.tools.underway import UnderWay

NOTHING: dict[str, Any] = {"first": 0, "last": 0, "last_at": 0}


def m(kind: str, number: int = 0, seal: str = "peer", **fields: Any) -> dict[str, Any]:
    plain = {"kind": kind, "epoch": 1, "number": number, "bytes": 0, "session": 0, "channel": "single", "seal": seal}
    return plain | fields


def end(**fields: Any) -> dict[str, Any]:
    return {"phase": "open", "epoch": 1, "negotiation": "none", "beat_number": 0, "series": NOTHING} | fields


def state(*to_server: Any, to_client: Any = (), **ends: Any) -> dict[str, Any]:
    return {
        "end": {"client": ends.get("client", end()), "server": ends.get("server", end())},
        "wire": {"client": {"single": tuple(to_client)}, "server": {"single": to_server}},
    }


ONE, TWO = m("data", 1, bytes=7), m("data", 2, bytes=7)


def sent(*messages: Any) -> UnderWay:
    """The client has sent these to the server."""
    found, before = UnderWay(), state()
    for at in range(1, len(messages) + 1):
        after = state(*messages[:at])
        assert found.acted("SendData", "client", None, before, after) == []
        before = after
    return found


def test_what_an_end_sent_passes_or_is_dropped() -> None:
    found = sent(ONE, TWO)
    assert found.acted("Deliver", "server", ONE, state(ONE, TWO), state(TWO)) == [("server", "Pass", {"kind": "data"})]
    assert found.meanwhile("Drop", state(TWO), state()) == [("server", "Drop", {"kind": "data"})]


def test_a_copy_is_written_out() -> None:
    found = sent(ONE)
    assert found.meanwhile("Duplicate", state(ONE), state(ONE, ONE)) == []
    assert found.acted("Deliver", "server", ONE, state(ONE, ONE), state(ONE))[0][1] == "Pass"
    ((to, do, fields),) = found.acted("Discard", "server", ONE, state(ONE), state())
    assert (to, do) == ("server", "Arrive")
    assert fields["message"] == {
        "kind": "data", "epoch": 1, "number": 1, "bytes": 7, "channel": "single", "sealed_by": "peer",
    }  # fmt: skip


def test_what_overtook_another_is_written_out_and_dropped_when_it_is_the_oldest() -> None:
    found = sent(ONE, TWO)
    assert found.meanwhile("Swap", state(ONE, TWO), state(TWO, ONE)) == []
    ((_, first, _),) = found.acted("Deliver", "server", TWO, state(TWO, ONE), state(ONE))
    assert first == "Arrive"
    told = found.acted("Discard", "server", ONE, state(ONE), state())
    assert [do for _, do, _ in told] == ["Pass", "Drop"]


def test_what_an_adversary_makes_is_written_out_with_the_names_of_the_trace() -> None:
    found = UnderWay()
    # The epoch was negotiated by the client; then heartbeats were shifted down by two, of which one is sent right now.
    new = end(epoch=0, negotiation="theirs")
    found.acted("Establish", "server", None, state(server=new), state())
    before, after = state(client=end(beat_number=2)), state(m("heartbeat", 1), client=end(beat_number=1))
    found.acted("SendHeartbeat", "client", None, before, after)
    assert found.shifted == {"client": 2, "server": 0}
    forged = m("heartbeat", 2, "adversary")
    under_way = state(m("heartbeat", 1), forged, client=end(beat_number=1))
    found.meanwhile("Forge", after, under_way)
    found.acted("SendReply", "server", m("heartbeat", 1), under_way, state(forged, client=end(beat_number=1)))
    ((_, _, fields),) = found.acted("SendReply", "server", forged, state(forged), state())
    assert (fields["message"]["number"], fields["message"]["sealed_by"]) == (4, "adversary")

    resumed = m("start", seal="adversary", epoch=2, session=1)
    found.meanwhile("Resume", state(), state(resumed))
    ((_, _, fields),) = found.acted("Answer", "server", resumed, state(resumed), state())
    assert (fields["message"]["negotiation"], fields["message"]["session"]) == ("c2", "c1")


def test_nothing_is_left_of_a_closed_link() -> None:
    found = sent(ONE)
    closed = {"phase": "closed"}
    found.acted("Close", "server", None, state(ONE), state(server=closed))
    found.meanwhile("Reconnect", state(server=closed), state())
    assert (found.queues, found.starters) == ({}, {})
    assert found.flights == {"client": [], "server": []}


def test_a_trace_of_both_ends_takes_what_an_adversary_sends() -> None:
    text = """
trace: 0
name: forged
about: Somebody without a key sends data.
profile: byte-count
end: both
rules: [AUTH-1]
steps:
- {do: Open, end: server, expect: []}
- {do: Open, end: client, established: true}
- {do: Arrive, end: server, message: {kind: data, epoch: 1, number: 1, bytes: 5, sealed_by: nobody}, expect: []}
- do: Arrive
  end: server
  message: {kind: data, epoch: 1, number: 1, bytes: 5, sealed_by: adversary}
  expect: [Deliver]
"""
    case = replay(trace.parse(yamlfile.parse(text, "forged.yaml")), Policy(), ReferenceTarget())
    assert case.word == "conforms", case.reason
