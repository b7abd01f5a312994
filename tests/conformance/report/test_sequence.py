from __future__ import annotations

import pytest

from rekeyspec.conformance.report.drawing import CLIENT_X, FONT, INSIDE, SERVER_X, Diagram
from rekeyspec.conformance.report.measure import width
from rekeyspec.conformance.report.sequence import AFTER, BEFORE, diagram
from rekeyspec.conformance.report.words import clock
from rekeyspec.conformance.verdict import Case, Divergence, Due
from rekeyspec.reference.vocabulary import Event, Message, Role


def drawn(*log: Event, divergence: Divergence | None = None) -> Diagram:
    return diagram(Case("mine", "timed", "a story", (), {}, log, "inconclusive", divergence=divergence))


def not_done(index: int, t: int, due: int) -> Divergence:
    return Divergence(1, index, t, "client", "HB-3", "not-done", None, "", due=(Due("HB-3", "SendReply", due),))


def data(number: int) -> Message:
    return Message("data", 1, number, bytes=100)


def test_with_one_end_seen_arrows_lead_straight_across() -> None:
    d = drawn(Event(0, "client", "SendData", data(1)), Event(5, "client", "Arrive", data(1)))
    assert d.under_test == {"client"}
    assert [(a.x1, a.x2, a.label) for a in d.arrows] == [
        (CLIENT_X, SERVER_X, "data #1, epoch 1, 100 B"),
        (SERVER_X, CLIENT_X, "data #1, epoch 1, 100 B"),
    ]
    assert all(a.y1 == a.y2 and not a.open for a in d.arrows)


def test_with_both_ends_seen_an_arrow_leads_to_its_arrival() -> None:
    d = drawn(
        Event(0, "client", "SendData", data(1)),
        Event(0, "client", "SendData", data(2)),
        Event(9, "server", "Arrive", data(2)._replace(sealed_by="adversary")),
    )
    lost, arrived = d.arrows
    assert lost.open
    assert not arrived.open
    assert arrived.y2 > arrived.y1 > lost.y1
    assert d.under_test == {"client", "server"}


def test_what_nobody_sent_comes_from_nowhere() -> None:
    d = drawn(Event(0, "client", "Arrive", data(1)._replace(sealed_by="adversary")))
    assert d.arrows[0].open
    assert CLIENT_X < d.arrows[0].x1 < SERVER_X
    assert d.arrows[0].label.endswith("(adversary)")


@pytest.mark.parametrize("end", ["client", "server"])
def test_what_an_end_does_for_itself_is_a_note_at_its_line(end: Role) -> None:
    note = drawn(Event(0, end, "Reject", data(3)), Event(1, end, "Tick")).notes[0]
    assert note.text == "Reject data #3, epoch 1, 100 B"
    assert (note.anchor == "start") is (end == "client")


def test_a_long_silence_takes_as_much_room_as_any_other() -> None:
    def height(silence: int) -> int:
        return drawn(Event(0, "client", "Open"), Event(silence, "client", "Shut")).height

    assert height(1_000) == height(300_000) == height(10**9)
    assert drawn(Event(0, "client", "Open"), Event(300_000, "client", "Shut")).gaps[0][1] == "300 s pass"


def test_what_is_not_allowed_is_red_and_the_rest_is_pale() -> None:
    log = [Event(t, "client", "SendData", data(t)) for t in (1, 2, 3)]
    due = (Due("IDLE-1", "Start", 2), Due("HB-1", "SendHeartbeat", 900))
    d = drawn(*log, divergence=Divergence(1, 1, 2, "client", "IDLE-1", "not-allowed", log[1], "no key", due=due))
    assert [a.look for a in d.arrows] == ["", "bad", "after"]
    assert d.mark is not None
    assert " ".join(d.mark.lines) == "Not allowed by IDLE-1, for it needs: no key Due: Start (by IDLE-1)"
    assert d.arrows[1].y1 < d.mark.y
    assert d.mark.y + d.mark.height < d.arrows[2].y1


def test_what_was_not_done_is_drawn_where_it_was_due() -> None:
    heartbeat = Event(5, "client", "Arrive", Message("heartbeat", 1, 1))
    d = drawn(heartbeat, Event(2_000, "client", "Shut"), divergence=not_done(1, 2_000, due=5))
    beat, missing = sorted(d.arrows, key=lambda a: a.y1)
    assert (missing.look, missing.label) == ("due", "SendReply due (HB-3)")
    assert d.mark is not None
    assert beat.y1 < missing.y1 < d.mark.y < d.notes[0].y
    assert d.notes[0].look == "after"


def test_what_a_log_ends_without_is_drawn_after_its_last_event() -> None:
    d = drawn(Event(5, "client", "Arrive", Message("heartbeat", 1, 1)), divergence=not_done(0, 6, due=5))
    assert [a.look for a in sorted(d.arrows, key=lambda a: a.y1)] == ["", "due"]


def test_of_a_long_log_the_part_around_the_divergence_is_drawn() -> None:
    log = [Event(t, "client", "SendData", data(t)) for t in range(20_000)]
    d = drawn(*log, divergence=Divergence(1, 10_000, 10_000, "client", "LIM-3", "not-allowed", log[10_000], "x"))
    assert len(d.arrows) == BEFORE + 1 + AFTER
    said = [text for _, text in d.gaps]
    assert said == [f"{10_000 - BEFORE:,} earlier events not drawn", f"{9_999 - AFTER:,} later events not drawn"]


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "0 s"), (7, "7 ms"), (1_000, "1 s"), (300_250, "300.25 s"), (28_800_001, "28800.001 s")]
)
def test_times_are_exact(ms: int, text: str) -> None:
    assert clock(ms) == text


def test_a_label_of_half_an_arrow_stands_at_its_lifeline() -> None:
    spoof = data(1)._replace(sealed_by="adversary")
    to_server = drawn(Event(0, "server", "Arrive", spoof)).arrows[0]
    assert to_server.anchor == (SERVER_X - 10, "end")
    to_client = drawn(Event(0, "client", "Arrive", spoof)).arrows[0]
    assert to_client.anchor == (CLIENT_X + 10, "start")
    lost = drawn(Event(0, "client", "SendData", data(1)), Event(0, "server", "Open")).arrows[0]
    assert lost.label.endswith("(not arrived)")
    assert lost.anchor == (CLIENT_X + 10, "start")


def test_labels_have_the_room_between_the_lifelines() -> None:
    long = Message("start", 1, negotiation="c1", session="w" * 90)
    (arrow,) = drawn(Event(0, "client", "Start", long)).arrows
    (note,) = drawn(Event(0, "client", "Refuse", reason="W" * 90)).notes
    for text in (arrow.label, note.text):
        assert text.endswith("…")
        assert width(text, FONT) < INSIDE
