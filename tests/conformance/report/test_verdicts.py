from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.verdict import WORST_LAST, Case, Divergence, Due, Verdict, Word

RULES = ("EST-1", "BYTE-3", "HB-1", "IDLE-1")


def case(
    word: Word = "conforms",
    rules: tuple[str, ...] = RULES,
    exercised: tuple[str, ...] = (),
    *,
    diverges: str = "",
    trace: str = "a story",
    target: str = "mine",
    profile: str = "timed",
    reason: str = "",
) -> Case:
    due = (Due(diverges, "Start", 7),)
    divergence = Divergence(3, 9, 8, "client", diverges, "not-done", None, "Start was due at 7 ms", (), (), due)
    return Case(
        target, profile, trace, rules, {"byte_limit": 0}, (), word, reason, divergence if diverges else None,
        frozenset(exercised), f"rekeyspec replay {trace}", "",
    )  # fmt: skip


def words(found: list[Verdict]) -> dict[str, Word]:
    return {verdict.rule: verdict.verdict for verdict in found}


def one(*cases: Case, stated: dict[str, str] | None = None) -> dict[str, Verdict]:
    return {verdict.rule: verdict for verdict in verdicts(cases, {"mine": stated or {}}, RULES)}


def test_what_was_exercised_conforms_and_what_was_only_asked_is_inconclusive() -> None:
    found = one(case(exercised=("EST-1", "HB-1")))
    assert words(list(found.values())) == {
        "EST-1": "conforms", "BYTE-3": "inconclusive", "HB-1": "conforms", "IDLE-1": "inconclusive",
    }  # fmt: skip
    assert found["BYTE-3"].reason == "asked, not observed"
    assert found["EST-1"].detail == "exercised in the one trace that asks it"
    assert found["EST-1"].replay == "rekeyspec replay a story"


def test_asking_in_vain_does_not_count_where_another_case_saw_the_rule() -> None:
    vain, seen = case(rules=("HB-1",), trace="vain"), case(rules=("EST-1",), exercised=("EST-1", "HB-1"), trace="seen")
    assert one(vain, seen)["HB-1"].verdict == "conforms"
    assert one(vain, seen)["HB-1"].trace == "seen"
    elsewhere = case(rules=("HB-1",), exercised=("HB-1",), profile="other")
    assert [v.verdict for v in verdicts([vain, elsewhere], {"mine": {}}, RULES)] == ["inconclusive", "conforms"]
    stranger = case(rules=("HB-1",), exercised=("HB-1",), target="another")
    assert words(verdicts([vain, stranger], {"mine": {}}, RULES)[:1]) == {"HB-1": "inconclusive"}


def test_a_rule_that_no_case_asks_has_no_verdict() -> None:
    assert set(one(case(rules=("EST-1",), exercised=("EST-1", "HB-1")))) == {"EST-1"}


def test_a_violation_is_the_rules_that_was_broken_and_the_others_were_not_reached() -> None:
    found = one(case("violates", ("EST-1", "BYTE-3"), ("EST-1",), diverges="IDLE-1"))
    assert words(list(found.values())) == {"EST-1": "conforms", "BYTE-3": "inconclusive", "IDLE-1": "violates"}
    assert found["BYTE-3"].reason == "not reached: a story left the rules at step 3 (IDLE-1)"
    violation = found["IDLE-1"]
    assert (violation.step, violation.trace, violation.reason) == (3, "a story", "Start was due at 7 ms")
    assert violation.detail == "IDLE-1: at 8 ms the client had not done what was due: Start (by IDLE-1) at 7 ms"


def test_a_violation_is_told_whether_or_not_its_rule_was_asked_about() -> None:
    found = verdicts([case("violates", ("EST-1",), diverges="LIM-3")], {"mine": {}}, ["EST-1"])
    assert words(found) == {"EST-1": "inconclusive", "LIM-3": "violates"}


def test_a_violation_outweighs_whatever_conforms_and_a_breakdown_outweighs_both() -> None:
    held, broke = case(exercised=RULES), case("violates", exercised=RULES, diverges="HB-1")
    assert one(held, broke)["HB-1"].verdict == one(broke, held)["HB-1"].verdict == "violates"
    assert one(broke, held)["EST-1"].verdict == "conforms"
    crashed = case("broken", ("HB-1",), reason="exit 139")
    assert one(broke, crashed)["HB-1"].verdict == "broken"
    assert one(broke, crashed)["HB-1"].reason == "exit 139"


def test_a_reason_that_says_more_than_the_divergence_is_kept() -> None:
    manual = "the manual: 'rekeying is not implemented'"
    assert one(case("violates", diverges="HB-1", reason=manual))["HB-1"].reason == manual
    sentence = one(case("violates", diverges="HB-1"))["HB-1"].detail
    assert one(case("violates", diverges="HB-1", reason=sentence))["HB-1"].reason == "Start was due at 7 ms"


def test_what_differs_from_run_to_run_stays_inconclusive() -> None:
    flaky = case("inconclusive", ("HB-1",), reason="not the same twice")
    found = one(case(exercised=RULES), flaky)
    assert found["HB-1"].verdict == "inconclusive"
    assert found["HB-1"].reason == "not the same twice"
    assert found["EST-1"].verdict == "conforms"


def test_what_was_stated_before_the_run_is_unsupported_unless_a_case_shows_otherwise() -> None:
    stated = {"HB-1": "no heartbeats", "GATE-1": "nobody asked"}
    vain = case(rules=("HB-1", "EST-1"), exercised=("EST-1",))
    assert words(list(one(vain, stated=stated).values())) == {"EST-1": "conforms", "HB-1": "unsupported"}
    assert one(vain, stated=stated)["HB-1"].reason == "no heartbeats"
    assert one(case(rules=("HB-1",), exercised=("HB-1",)), stated=stated)["HB-1"].verdict == "conforms"
    assert one(case("violates", diverges="HB-1"), stated=stated)["HB-1"].verdict == "violates"


def test_a_case_left_out_for_one_rule_says_so_of_the_others() -> None:
    found = one(case("unsupported", ("HB-1", "EST-1")), stated={"HB-1": "no heartbeats"})
    assert words(list(found.values())) == {"HB-1": "unsupported", "EST-1": "inconclusive"}
    assert found["EST-1"].reason == "not run: a story needs HB-1, stated as unsupported"
    missing = one(case("unsupported", ("HB-1",), reason="not-installed: sshd"))
    assert (missing["HB-1"].verdict, missing["HB-1"].reason) == ("unsupported", "not-installed: sshd")


def test_a_case_that_cites_nothing_speaks_of_what_it_exercised_or_if_it_broke_of_all() -> None:
    assert words(list(one(case(rules=(), exercised=("HB-1",))).values())) == {"HB-1": "conforms"}
    assert set(words(list(one(case("broken", rules=(), reason="it hung")).values())).values()) == {"broken"}
    assert len(one(case("broken", rules=(), reason="it hung"))) == len(RULES)


def test_the_order_is_that_of_targets_profiles_and_rules() -> None:
    cases = [case(target=t, profile=p, exercised=RULES) for t in ("second", "first") for p in ("timed", "other")]
    found = verdicts(cases, {"first": {}, "second": {}}, RULES)
    assert [(v.target, v.profile, v.rule) for v in found] == [
        (t, p, r) for t in ("first", "second") for p in ("timed", "other") for r in RULES
    ]


some_rules = st.lists(st.sampled_from(RULES), unique=True).map(tuple)
some_cases = st.lists(
    st.builds(
        case,
        st.sampled_from(WORST_LAST),
        some_rules,
        some_rules,
        diverges=st.sampled_from(("", *RULES)),
        trace=st.sampled_from("abc"),
        target=st.sampled_from(("mine", "yours")),
        profile=st.sampled_from(("timed", "other")),
    ).map(lambda c: c if c.word == "violates" else Case(**{**vars(c), "divergence": None})),
    max_size=6,
)
stated_rules = st.dictionaries(st.sampled_from(RULES), st.just("stated"), max_size=2)


@given(some_cases, stated_rules)
def test_nothing_conforms_that_nothing_exercised_and_no_violation_is_lost(
    cases: list[Case], stated: dict[str, str]
) -> None:
    found = verdicts(cases, {"mine": stated, "yours": {}}, RULES)
    assert len({(v.target, v.profile, v.rule) for v in found}) == len(found)
    by_cell = {(v.target, v.profile, v.rule): v.verdict for v in found}
    for v in found:
        mine = [c for c in cases if (c.target, c.profile) == (v.target, v.profile)]
        if v.verdict == "conforms":
            assert any(v.rule in c.exercised and c.word in ("conforms", "violates") for c in mine)
            assert not any(c.divergence and c.divergence.rule == v.rule for c in mine)
        if v.verdict == "unsupported":
            assert v.reason == "stated" or any(c.word == "unsupported" and v.rule in (c.rules or RULES) for c in mine)
    for c in cases:
        if c.divergence:
            assert by_cell[c.target, c.profile, c.divergence.rule] in ("violates", "broken")
        if c.word == "broken":
            assert all(by_cell[c.target, c.profile, rule] == "broken" for rule in c.rules or RULES)


@given(some_cases, stated_rules, st.randoms(use_true_random=False))
def test_the_words_do_not_depend_on_the_order_of_the_cases(
    cases: list[Case], stated: dict[str, str], random: Random
) -> None:
    shuffled = list(cases)
    random.shuffle(shuffled)
    in_order, otherwise = (
        {(v.target, v.profile, v.rule): v.verdict for v in verdicts(c, {"mine": stated, "yours": {}}, RULES)}
        for c in (cases, shuffled)
    )
    assert in_order == otherwise
