"""Every end of every link is judged as it would be alone, and what cannot be judged is said to be so."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.audit import ends as ends_module
from rekeyspec.conformance.audit.findings import Findings, Place
from rekeyspec.conformance.audit.hooks import Size
from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.oracle import judge
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message
from tests.conformance.audit.logs import (
    CLOSED,
    ESTABLISHED,
    PLAIN,
    audited,
    body,
    header,
    merged,
    on,
    rules,
    sent,
    text,
    wandering,
)

WRONG = Event(50, "client", "Deliver", Message("data", 1, 1, bytes=5))
DATA = Message("data", 1, 1, bytes=5)


def spoilt(log: list[Event], seed: int) -> list[Event]:
    """The log without one of its events, or with one twice."""
    at = 1 + seed % (len(log) - 1) if len(log) > 1 else 0
    return log[:at] + log[at + 1 :] if seed % 2 else [*log[: at + 1], *log[at:]]


def alone(policy: Policy, log: list[Event], until: int) -> str:
    """The rule that the oracle says was left at one end, if one was."""
    found, _ = judge(policy, log[0].end, [*log, Event(until, log[0].end, "Tick")])
    return found.rule if found else ""


def test_many_links_in_one_log_are_judged_as_each_alone() -> None:
    seen = set()
    for seed in range(150):
        policy, _, log = wandering(seed)
        if sum(e.do == "Open" for e in log) > 1:
            continue
        policy = policy.but(links_per_user=0)
        logs = [log, *(spoilt(log, seed + n) for n in range(6))]
        logs = [one for one in logs if [e.do for e in one].count("Open") == 1]
        until = max(one[-1].t for one in logs)
        found = audited(text(merged(*(on(f"u{n}", one) for n, one in enumerate(logs))), policy))
        expected = [alone(policy, one, until) for one in logs]
        assert sorted(rule for rule, _, _ in found.divergences.elements()) == sorted(filter(None, expected)), seed
        assert found.lives["conforms"] == expected.count("")
        seen.update(expected)
    assert len(seen) > 8


def test_both_ends_of_a_link_are_judged_each_by_itself() -> None:
    server = [
        Event(0, "server", "Open"),
        Event(5, "server", "Arrive", Message("start", 1, negotiation="c1")),
        Event(5, "server", "Answer", Message("answer", 1, negotiation="c1")),
    ]
    found = audited(text(merged(ESTABLISHED, server)))
    assert found.lives == {"conforms": 2}
    late = [*server[:2], server[2]._replace(t=6)]
    found = audited(text(merged(ESTABLISHED, late)))
    assert found.lives == {"conforms": 1, "violates": 1}
    ((finding,),) = found.kept.values()
    assert (finding.place.end, finding.place.line, finding.divergence.rule) == ("server", 6, "EST-4")


def test_a_divergence_says_where_and_what_came_before() -> None:
    wrong = [*on("a", ESTABLISHED), *on("b", ESTABLISHED), *on("b", sent(20, 1)), *on("b", sent(30, 3))]
    found = audited(text(wrong))
    ((finding,),) = found.kept.values()
    assert finding.place == Place(0, 13, "b", "client")
    assert (finding.divergence.rule, finding.divergence.step) == ("LIM-3", 13)
    assert finding.before == tuple(wrong[4:])
    assert finding.before[finding.divergence.index] == finding.divergence.did
    assert finding.divergence.allowed
    assert finding.divergence.state["sent_number"] == 1


def test_after_a_divergence_an_end_is_not_judged_until_its_link_opens_again() -> None:
    again = [e._replace(t=e.t + 100) for e in ESTABLISHED]
    found = audited(text([*ESTABLISHED, WRONG, *sent(60, 7), *again, *sent(120, 1)]))
    assert found.lives == {"conforms": 1, "violates": 1}
    assert (found.events, found.unseen) == (11, 2)
    found = audited(text([*ESTABLISHED, WRONG, *again, WRONG._replace(t=120)]))
    assert found.lives == {"violates": 2, "conforms": 0}
    assert [len(kept) for kept in found.kept.values()] == [1], "the first of each end and rule"


def test_an_end_whose_open_is_not_there_is_inconclusive_and_no_pass() -> None:
    found = audited(text([*ESTABLISHED[2:], *sent(20, 1), *on("x", ESTABLISHED), *CLOSED]))
    assert found.lives == {"conforms": 1, "inconclusive": 1}
    assert found.unjudged == {"begun": 1}
    assert found.unjudged_first["begun"] == Place(0, 2, "", "client")
    assert found.unseen == 6
    found = audited(text([WRONG, *[e._replace(t=e.t + 60) for e in ESTABLISHED]]))
    assert found.lives == {"inconclusive": 1, "conforms": 1}, "it is followed from its next Open on"


def test_a_link_that_opens_again_without_having_ended_is_inconclusive() -> None:
    again = [e._replace(t=e.t + 100) for e in ESTABLISHED]
    found = audited(text([*ESTABLISHED, *again]))
    assert found.lives == {"conforms": 1, "inconclusive": 1}
    assert found.unjudged_first == {"lost": Place(0, 6, "", "client")}
    assert audited(text([*ESTABLISHED, *CLOSED, *again])).lives == {"conforms": 2}


def test_what_was_due_before_a_link_opens_again_was_due() -> None:
    found = audited(text([*ESTABLISHED[:2], ESTABLISHED[0]._replace(t=PLAIN.negotiation_timeout + 1)]))
    assert rules(found) == {"EST-4"}
    assert found.lives == {"conforms": 1, "violates": 1}


def test_a_closed_end_is_judged_still() -> None:
    ended = [*ESTABLISHED, *CLOSED]
    assert audited(text([*ended, Event(95, "client", "Arrive", DATA)])).exercised >= {"DEAD-5"}
    found = audited(text([*ended, WRONG._replace(t=95)]))
    assert found.lives == {"conforms": 0, "violates": 1}
    offered = [Event(95, "client", "Offer", bytes=1), Event(95, "client", "Refuse", reason="closed")]
    assert audited(text([*ended, *offered, *offered])).lives == {"conforms": 1}
    assert rules(audited(text([*ended, offered[0], Event(96, "client", "Tick")]))) == {"LIM-1"}


def test_an_end_that_does_nothing_is_found_out_by_the_end_of_the_log() -> None:
    policy = profiles()["combined"]
    silent = on("a", [Event(0, "client", "Open")])
    start = Message("start", 1, negotiation="c1", channel="control")
    silent += on("a", [Event(0, "client", "Start", start)])
    other = on("b", [Event(0, "server", "Open"), Event(10_000, "server", "Close", reason="EST-4")])
    assert rules(audited(text(merged(silent, other), policy))) == set(), "it is due then, and not overdue"
    late = on("c", [Event(10_001, "server", "Open")])
    found = audited(text(merged(silent, other, late), policy))
    ((finding,),) = found.kept.values()
    assert (finding.divergence.rule, finding.divergence.kind, finding.place.link) == ("EST-4", "not-done", "a")
    assert finding.place.line == 6, "the last line: there it was noticed"


def test_a_tolerance_is_the_headers_or_the_option_s() -> None:
    late = [*ESTABLISHED, sent(20, 1)[0], sent(21, 1)[1]]
    assert rules(audited(text(late))) == {"FLOW-1"}
    assert rules(audited(text(late, tolerance=1))) == set()
    assert rules(audited(text(late), Options(tolerance=1))) == set()
    assert rules(audited(text(late, tolerance=1), Options(tolerance=0))) == {"FLOW-1"}


def test_hidden_actions_are_the_header_s_or_the_option_s() -> None:
    log = [*ESTABLISHED, Event(20, "client", "Arrive", DATA), Event(30, "client", "Tick")]
    assert rules(audited(text(log))) == {"FLOW-1"}
    assert rules(audited(header(hidden=["Deliver"]) + body(log))) == set()
    assert rules(audited(text(log), Options(hidden=frozenset({"Deliver"})))) == set()


def test_a_hidden_close_ends_a_link() -> None:
    again = [e._replace(t=e.t + 100) for e in ESTABLISHED]
    log = [*ESTABLISHED, CLOSED[0], *again]
    assert audited(text(log)).lives == {"conforms": 1, "violates": 1}
    assert audited(header(hidden=["Close"]) + body(log)).lives == {"conforms": 2}


def test_silent_actions_are_not_judged() -> None:
    silent = [Event(10, "client", "Ignore", DATA), Event(10, "client", "AcceptReply"), Event(10, "client", "Establish")]
    assert audited(text([*ESTABLISHED, *silent, *sent(20, 1)])).lives == {"conforms": 1}
    late = [*ESTABLISHED, sent(20, 1)[0], Event(21, "client", "Establish")]
    assert rules(audited(text(late))) == {"FLOW-1"}, "but time passes with them too"


def test_time_goes_on_at_each_end_and_may_go_back_between_links() -> None:
    log = [*on("a", ESTABLISHED), *on("b", ESTABLISHED), *on("a", sent(20, 1)), *on("b", sent(15, 1))]
    assert audited(text(log)).lives == {"conforms": 2}
    with pytest.raises(BadInput, match=r"a\.jsonl:8: read the time 9 after 20, expected times of client in order"):
        audited(text([*ESTABLISHED, *sent(20, 1), sent(9, 2)[0]]))
    for before in ([WRONG], CLOSED):
        with pytest.raises(BadInput, match="in order"):
            audited(text([*ESTABLISHED, *before, Event(1, "client", "Tick")]))


def test_what_arrives_is_a_message() -> None:
    for log in ([*ESTABLISHED, Event(20, "client", "Arrive")], [Event(20, "client", "Arrive")]):
        with pytest.raises(BadInput, match="an Arrive without a message"):
            audited(text(log))


def crowd(count: int) -> list[Event]:
    """So many links, each talking now and then, some of them wrong in the end; half of them are closed."""
    logs = []
    for n in range(count):
        wrong = [WRONG] if n % 7 == 3 else []
        ending = CLOSED if n % 2 else []
        late = [e._replace(t=80) for e in sent(80, 3)] if n % 3 else []
        own = [*ESTABLISHED, *sent(20, 1), *sent(30, 2), *wrong, *late, *ending]
        logs.append(on(f"link {n}", own, later=n % 5))
    return merged(*logs)


def plain(found: Findings) -> object:
    return found.lives, found.divergences, found.kept, found.unjudged, found.exercised, found.events, found.unseen


@pytest.mark.parametrize("size", [Size(8, 4), Size(1, 1), Size(200, 10)])
def test_what_memory_has_no_room_for_is_put_aside_and_nothing_is_lost(size: Size) -> None:
    log = text(crowd(150))
    everything, little = audited(log), audited(log, Options(size=size))
    assert plain(little) == plain(everything)
    assert little.spilled > 0 == everything.spilled


def test_so_it_is_where_all_that_was_put_aside_is_overdue() -> None:
    log = text([*merged(*(on(f"l{n}", ESTABLISHED[:2]) for n in range(90))), Event(99_999, "server", "Open")])
    everything, little = audited(log), audited(log, Options(size=Size(7, 5)))
    assert everything.lives == {"violates": 90, "conforms": 1}
    assert plain(little) == plain(everything)


def test_so_it_is_with_a_tolerance() -> None:
    log = text(crowd(60), tolerance=3)
    assert plain(audited(log, Options(size=Size(4, 4)))) == plain(audited(log))


def test_an_end_that_could_be_in_too_many_states_is_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rekeyspec.conformance.oracle._MOST", 2)
    many = [Event(20, "client", "Arrive", Message("data", 1, n, bytes=5)) for n in range(1, 6)]
    log = header(hidden=["Deliver"]) + body([*ESTABLISHED, *many, Event(30, "client", "SendData", DATA)])
    found = audited(log)
    assert found.unjudged == {"coarse": 1}
    assert found.lives == {"conforms": 0, "inconclusive": 1}


def test_an_end_at_which_too_much_waits_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends_module, "CROWD", 20)
    many = [Event(20, "client", "Arrive", Message("data", 1, 9, bytes=n)) for n in range(60)]
    found = audited(text([*ESTABLISHED, *many]))
    assert found.unjudged == {"crowded": 1}
