from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.report.badge import COLOUR, badge, badges, drawn, file_names, said
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.verdict import WORST_LAST, Verdict, Word
from tests.conformance.report.browser import chromium

SVG = "{http://www.w3.org/2000/svg}"


def verdicts(*words: Word, target: str = "mine", profile: str = "timed") -> list[Verdict]:
    return [Verdict(target, profile, f"HB-{n}", word, "", "", 0, "", "") for n, word in enumerate(words)]


@pytest.mark.parametrize(
    ("words", "text", "word"),
    [
        (["conforms"], "1 rule conforms", "conforms"),
        (["conforms"] * 44, "44 rules conform", "conforms"),
        (["conforms", "unsupported"], "1 rule conforms", "conforms"),
        (["conforms", "inconclusive"], "1 rule conforms, 1 not observed", "inconclusive"),
        (["conforms", "violates", "violates", "inconclusive"], "2 rules violated", "violates"),
        (["conforms", "violates", "broken"], "broken", "broken"),
        (["unsupported", "unsupported"], "nothing observed", "unsupported"),
        (["inconclusive", "unsupported"], "nothing observed", "inconclusive"),
        ([], "nothing observed", "unsupported"),
    ],
)
def test_the_worst_word_counts_and_nothing_conforms_that_was_not_observed(
    words: list[Word], text: str, word: Word
) -> None:
    assert said(verdicts(*words)) == (text, word)
    assert COLOUR[word] in drawn(verdicts(*words))


def test_of_one_rule_under_two_policies_the_worst_counts() -> None:
    both = verdicts("conforms", "conforms") + verdicts("violates", "conforms", profile="combined")
    assert said(both) == ("1 rule violated", "violates")


@given(st.lists(st.sampled_from(WORST_LAST)))
def test_conforms_is_said_only_where_a_rule_was_seen_to_hold(words: list[Word]) -> None:
    text, word = said(verdicts(*words))
    assert ("conform" in text) <= ("conforms" in words)
    assert (word == "conforms") <= ("conforms" in words and not {"violates", "broken", "inconclusive"} & set(words))


def test_it_says_what_it_shows_and_loads_nothing() -> None:
    text = drawn(verdicts("conforms"), "combined <b>&\x07")
    root = ET.fromstring(text)
    assert root.attrib["aria-label"] == "rekeyspec combined <b>&\\x07: 1 rule conforms"
    assert [one.text for one in root.iter(f"{SVG}text")] == ["rekeyspec combined <b>&\\x07", "1 rule conforms"]
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|@font-face|href|<image", text)
    assert " id=" not in text, "a second badge in the same page would be cut by the first one's parts"


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_the_texts_have_their_room_whatever_the_name(profile: str) -> None:
    root = ET.fromstring(drawn(verdicts("conforms"), profile))
    left, right = root.iter(f"{SVG}text")
    first = root.find(f"{SVG}path")
    assert first is not None
    edge, whole = int(first.attrib["d"].split()[0].removeprefix("M")), int(root.attrib["width"])
    assert 0 < int(left.attrib["x"]) + int(left.attrib["textLength"]) < edge < int(right.attrib["x"])
    assert int(right.attrib["x"]) + int(right.attrib["textLength"]) < whole < 600


def test_there_is_one_for_each_target_and_policy(report: Report) -> None:
    made = badges(report)
    assert list(made)[:3] == ["reference-key-based.svg", "reference-timed.svg", "peer-hasty-key-based.svg"]
    assert len(made) == len({(v.target, v.profile) for v in report.verdicts})
    assert "rekeyspec timed: nothing observed" not in made["reference-timed.svg"]
    assert "rekeyspec timed: 1 rule conforms" in made["reference-timed.svg"]


def test_the_badge_of_one_target_names_its_policy_where_there_is_one(report: Report) -> None:
    mine = [v for v in report.verdicts if v.target == "reference"]
    assert "rekeyspec: 5 rules conform" in badge(Report(mine, [], {}, "0"))
    assert "rekeyspec timed: 1 rule conforms" in badge(Report(mine[-1:], [], {}, "0"))


def test_files_have_names_of_their_own_that_any_system_takes() -> None:
    keys = [
        ("a b", "timed"),
        ("a/b", "timed"),
        ("A-B", "timed"),
        ("../..", ""),
        ("x" * 400, "p"),
        ("reference", "timed"),
    ]
    names = file_names(keys)
    assert len({name.lower() for name in names.values()}) == len(keys)
    assert all(re.fullmatch(r"[A-Za-z0-9.-]{1,110}\.svg", name) and not name.startswith(".") for name in names.values())
    assert names["reference", "timed"] == "reference-timed.svg"


@pytest.mark.chromium
def test_a_browser_draws_the_letters_no_wider_than_their_room(browser: str, tmp_path: Path) -> None:
    profiles = ["combined", "protected-keepalive", "model session-reconnect", "MMMM WWWW", "iiiilllljjjj", "ключ", "鍵"]
    drawings = [drawn(verdicts(*words), name) for name in profiles for words in (["conforms"], ["broken"])]
    script = """<script>
    document.querySelectorAll("text").forEach(one => {
      const room = parseFloat(one.getAttribute("textLength"));
      one.removeAttribute("textLength");
      document.body.insertAdjacentHTML("beforeend", `<i>${one.getComputedTextLength() - room}</i>`);
    });
    </script>"""
    page = tmp_path / "badges.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><body>{''.join(drawings)}{script}", encoding="utf-8")
    over = [float(text) for text in re.findall(r"<i>(-?[0-9.e-]+)</i>", chromium(browser, page, "--dump-dom"))]
    assert len(over) == 2 * len(drawings)
    assert max(over) <= 1
