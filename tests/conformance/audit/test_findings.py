"""What is kept is bounded, in the order of the lines, and the same however the links were dealt out."""

from __future__ import annotations

from random import Random

from rekeyspec.conformance.audit.findings import DRAWN, KEPT, Finding, Findings, Place, together, way
from rekeyspec.conformance.verdict import Divergence, Due
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event


def divergence(rule: str = "IDLE-1", t: int = 0) -> Divergence:
    did = Event(t, "client", "SendData")
    return Divergence(0, 0, t, "client", rule, "not-allowed", did, "false")


def finding(line: int, link: str = "", rule: str = "IDLE-1") -> Finding:
    return Finding(Place(0, line, link or f"l{line}", "client"), divergence(rule, line))


def made() -> Findings:
    return Findings("mine", Policy())


def test_the_first_lines_are_kept_and_all_are_counted() -> None:
    found = made()
    order = list(range(200))
    Random(3).shuffle(order)
    for line in order:
        found.diverged(finding(line))
    ((way_, kept),) = found.kept.items()
    assert [one.place.line for one in kept] == list(range(KEPT))
    assert found.divergences[way_] == 200


def test_one_end_is_told_once_of_each_way() -> None:
    found = made()
    assert found.diverged(finding(1, "a"))
    assert not found.diverged(finding(2, "a"))
    assert found.diverged(finding(3, "a", "LIM-3"))
    assert {rule: len(kept) for (rule, _, _), kept in found.kept.items()} == {"IDLE-1": 1, "LIM-3": 1}


def test_what_came_before_is_wanted_of_the_first_few() -> None:
    found = made()
    wanted = []
    for line in range(KEPT):
        wanted.append(found.wants(divergence()))
        found.diverged(finding(line))
    assert wanted.count(True) == DRAWN


def test_parts_make_the_whole() -> None:
    whole, parts = made(), [made(), made(), made()]
    for line in range(100):
        one = finding(line, f"l{line % 50}", "IDLE-1" if line % 3 else "LIM-3")
        for found in (whole, parts[line % 50 % 3]):
            found.diverged(one)
            found.not_judged("lost", one.place)
            found.exercised.add(one.divergence.rule)
    ((put_together,),) = [together([[part] for part in parts])]
    assert put_together.kept == whole.kept
    assert put_together.divergences == whole.divergences
    assert (put_together.unjudged, put_together.unjudged_first) == (whole.unjudged, whole.unjudged_first)
    assert put_together.exercised == whole.exercised


def test_a_way_is_the_rule_and_what_was_done_or_left_undone() -> None:
    assert way(divergence()) == ("IDLE-1", "not-allowed", "SendData")
    due = (Due("FLOW-1", "SendData", 3), Due("HB-3", "SendReply", 4))
    undone = Divergence(0, 0, 9, "client", "HB-3", "not-done", None, "due", due=due)
    assert way(undone) == ("HB-3", "not-done", "SendReply")


def test_places_are_in_the_order_of_the_lines_of_each_part() -> None:
    places = [Place(1, 2, "a", "client"), Place(0, 10, "b", "server"), Place(0, 9, "c", "client")]
    assert [str(one) for one in sorted(places)] == [
        "line 9: link c, client",
        "line 10: link b, server",
        "line 2 of part 2: link a, client",
    ]
    assert str(Place(0, 3, "", "server")) == "line 3: server"
