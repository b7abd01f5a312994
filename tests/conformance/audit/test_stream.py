"""Several logs in one stream, each by its header."""

from __future__ import annotations

import json

import pytest

from rekeyspec.conformance.audit.options import Options, chosen
from rekeyspec.conformance.audit.share import Share
from rekeyspec.conformance.audit.stream import MOST
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event
from tests.conformance.audit.logs import CLOSED, ESTABLISHED, PLAIN, audited, body, header, on, read, rules, sent

LATER = [e._replace(t=e.t + 20) for e in sent(0, 1)]
BAD = '{"t": 5, "end": "client", "do": "Sleep"}\n'


def test_a_header_begins_another_log() -> None:
    first = body(ESTABLISHED)
    found = audited(header(origin="one") + first + header(origin="two") + first)
    assert (found.logs, found.origins) == (2, ["one", "two"])
    assert found.lives == {"conforms": 2}, "times, links and numbers begin anew"


def test_a_header_that_continues_goes_on_with_the_log() -> None:
    parts = header() + body(ESTABLISHED), header(continues=True) + body(LATER)
    assert audited("".join(parts)).lives == {"conforms": 1}
    assert audited(parts[0] + parts[1].replace("true", "false")).unjudged == {"begun": 1}
    alone = audited(parts[1])
    assert (alone.logs, alone.unjudged) == (1, {"begun": 1})


def test_a_header_that_continues_has_the_same_policy() -> None:
    for other in (header(Policy(retries=1), continues=True), header(continues=True, tolerance=2)):
        with pytest.raises(BadInput, match=r"a\.jsonl:6: read `continues` with another policy"):
            read(header() + body(ESTABLISHED) + other)


def test_logs_of_several_policies_are_told_apart() -> None:
    own = Policy(byte_limit=77)
    stream = read(header() + body(ESTABLISHED) + header(own) + body(ESTABLISHED) + header() + body(ESTABLISHED))
    assert [(one.profile, one.logs) for one in stream.found] == [("byte-count", 2), ("policy of a.jsonl:6", 1)]


def test_so_many_policies_are_told_apart_and_no_more() -> None:
    logs = [header(Policy(byte_limit=n)) for n in range(1, MOST + 2)]
    assert len(read("".join(logs[:-1])).found) == MOST
    with pytest.raises(BadInput, match=rf"a\.jsonl:{MOST + 1}: .*at most {MOST}"):
        read("".join(logs))


def test_without_a_header_the_policy_must_be_named() -> None:
    with pytest.raises(BadInput, match=r"a\.jsonl:1: read an event, expected a header before it; .*--profile"):
        read(body(ESTABLISHED))
    found = audited(body(ESTABLISHED), Options(profile=("byte-count", PLAIN)))
    assert (found.profile, found.lives) == ("byte-count", {"conforms": 1})


def test_a_policy_that_is_named_goes_before_the_header_s() -> None:
    late = body([*ESTABLISHED[:2], Event(9_000, "client", "Tick")])
    assert not rules(audited(header() + late))
    patient = Options(profile=("impatient", PLAIN.but(negotiation_timeout=8_000)))
    found = audited(header() + late, patient)
    assert (found.profile, rules(found)) == ("impatient", {"EST-4"})


@pytest.mark.parametrize(
    ("policy", "said"),
    [({"byte_limt": 5}, "did you mean byte_limit"), ({"channels": 3}, "channels"), ({"retries": -1}, "retries")],
)
def test_a_policy_that_is_none_is_one_message_with_its_line(policy: dict[str, int], said: str) -> None:
    line = json.dumps({"log": 0, "policy": policy}) + "\n"
    with pytest.raises(BadInput, match=r"a\.jsonl:6, `policy`: ") as raised:
        read(header() + body(ESTABLISHED) + line)
    assert said in str(raised.value)


def test_a_bad_line_ends_everything() -> None:
    with pytest.raises(BadInput, match=r"a\.jsonl:6: "):
        read(header() + body(ESTABLISHED) + BAD + body(LATER))


def test_who_keeps_going_ends_that_log_only_and_says_so() -> None:
    going = Options(keep_going=True)
    ignored = body([Event(1, "client", "Tick")])
    log = header() + body(ESTABLISHED) + BAD + ignored + BAD + header(continues=True) + ignored
    stream = read(log + header(origin="two") + body(ESTABLISHED), going)
    (found,) = stream.found
    assert [trouble[:11] for trouble in stream.troubles] == ["a.jsonl:6: "]
    assert found.lives == {"conforms": 2}
    assert found.events == 8, "what follows a bad line is not judged"
    assert "a.jsonl:6" in found.broken_off


def test_time_that_goes_back_is_such_a_line() -> None:
    log = header() + body([*ESTABLISHED, Event(3, "client", "Tick"), *LATER])
    stream = read(log, Options(keep_going=True))
    assert stream.found[0].events == 0, "the block that it stands in is not counted"
    assert "a.jsonl:6" in stream.troubles[0]


def test_only_some_links_are_judged_where_that_is_asked() -> None:
    wrong = on("ann/1", [*ESTABLISHED, *sent(20, 7)]), on("bob/1", [*ESTABLISHED, *sent(20, 8)])
    log = header() + body([e for log in wrong for e in log])
    assert audited(log).divergences.total() == 2
    found = audited(log, chosen(None, None, None, ["ann/9"], keep_going=False))
    ((finding,),) = found.kept.values()
    assert finding.place.link == "ann/1"
    assert (found.events, found.lives["violates"]) == (6, 1)


def test_the_links_are_dealt_out_whole_and_users_stay_together() -> None:
    shares = [Share(part, 3) for part in range(3)]
    links = [f"user{n}/{m}" for n in range(60) for m in range(3)]
    owners = [[share.part for share in shares if share.has(link)] for link in links]
    assert all(len(owner) == 1 for owner in owners)
    assert owners[::3] == owners[1::3] == owners[2::3]
    assert {owner for (owner,) in owners} == {0, 1, 2}


def test_parts_of_a_log_are_judged_as_the_whole() -> None:
    events = [e for n in range(30) for e in on(f"l{n}", [*ESTABLISHED, *(sent(20, n % 3)), *CLOSED])]
    log = header() + body(sorted(events, key=lambda e: e.t))
    whole, parts = audited(log), [read(log, share=Share(part, 2)).found[0] for part in range(2)]
    assert all(part.lives.total() for part in parts)
    parts[0].add(parts[1])
    assert (parts[0].lives, parts[0].divergences, parts[0].kept) == (whole.lives, whole.divergences, whole.kept)
    assert (parts[0].events, parts[0].unseen, parts[0].exercised) == (whole.events, whole.unseen, whole.exercised)


def test_options_from_words() -> None:
    options = chosen("combined", 5, "Deliver, Close", ["ann/2"], keep_going=True)
    assert options.profile == ("combined", profiles()["combined"])
    assert (options.tolerance, options.hidden, options.only) == (5, {"Deliver", "Close"}, {"ann"})
    assert options.again == ("--profile", "combined", "--tolerance", "5", "--hidden", "Deliver, Close")
    assert chosen(None, None, "", [], keep_going=False).hidden == frozenset()
    with pytest.raises(BadInput, match=r"--hidden: read `Deliverr`, .*did you mean Deliver\?"):
        chosen(None, None, "Deliverr", [], keep_going=False)
    with pytest.raises(BadInput, match="--hidden: read `Open`"):
        chosen(None, None, "Open", [], keep_going=False)
