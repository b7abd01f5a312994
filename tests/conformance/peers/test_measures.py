"""Numbers in sentences."""

from __future__ import annotations

from rekeyspec.conformance.peers import measures
from rekeyspec.reference.vocabulary import Event, Kind, Message


def event(t: int, do: str, kind: Kind = "data", epoch: int = 1, size: int = 0) -> Event:
    return Event(t, "client", do, Message(kind, epoch, bytes=size))  # type: ignore[arg-type]


START = event(0, "Start", "start", 1)
AGAIN = event(900, "Start", "start", 2)


def test_bytes_are_told_per_key() -> None:
    log = [
        START,
        event(1, "SendData", size=600),
        event(2, "Deliver", size=500),
        AGAIN,
        event(901, "SendData", "data", 2, 70),
    ]
    assert (
        measures.of_bytes(1000, log)
        == "rekeyed 1 times, after 1100 bytes; the last key carried 70 bytes; the limit is 1000"
    )


def test_no_renegotiation_is_told() -> None:
    assert measures.of_bytes(1000, [START]) == "never rekeyed; the last key carried 0 bytes; the limit is 1000"
    assert measures.of_ages(500, [START, event(700, "Tick")]) == "never rekeyed, in 700 ms; the limit is 500 ms"


def test_ages_run_from_one_negotiation_to_the_next() -> None:
    assert "the key being 900 ms old" in measures.of_ages(800, [START, AGAIN])


def test_intervals() -> None:
    beats = [event(t, "SendHeartbeat", "heartbeat") for t in (100, 500, 907)]
    assert measures.of_intervals(400, beats) == "3 heartbeats, 400 to 407 ms apart; the interval is 400 ms"


def test_death_is_not_the_users_end() -> None:
    beat = event(100, "SendHeartbeat", "heartbeat")
    gave_up = [beat, Event(1000, "client", "Close")]
    ended = [beat, Event(400, "client", "Shut"), Event(401, "client", "Close")]
    assert measures.of_death(900, gave_up).startswith("1 heartbeats, gave up 900 ms after the first")
    assert measures.of_death(900, ended).startswith("1 heartbeats, had not given up 300 ms after the first")


def test_a_negotiation_that_never_ends_is_told_with_how_long() -> None:
    assert measures.of_renegotiation(800, [START, event(9, "Finish"), AGAIN, event(3300, "Tick")]) == (
        "the last negotiation was open for 2400 ms and did not end; its time limit is 800 ms"
    )


def test_heartbeats_among_data_are_counted() -> None:
    log = [
        event(0, "SendData"),
        event(10, "SendHeartbeat", "heartbeat"),
        event(50, "SendData"),
        event(90, "SendHeartbeat"),
    ]
    assert measures.of_flow(log) == "1 heartbeats while 2 messages flowed, at most 50 ms apart"


def test_data_delivered_during_a_renegotiation_is_not_that_of_the_first() -> None:
    during = [START, event(9, "Finish"), AGAIN, event(901, "Deliver")]
    assert measures.delivered_during(during)
    assert not measures.delivered_during([START, event(1, "Deliver"), event(9, "Finish"), event(10, "Deliver")])
    assert not measures.delivered_during(
        [START, event(9, "Finish"), AGAIN, event(901, "Finish"), event(902, "Deliver")]
    )
