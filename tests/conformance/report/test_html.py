from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from html import escape, unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.html import as_html
from rekeyspec.conformance.report.keep import LEVELS
from rekeyspec.conformance.verdict import Verdict
from tests.conformance.report.browser import chromium

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text; an assertion fails where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def page(report: Report) -> Page:
    return Page(as_html(report))


def test_the_page_loads_nothing(report: Report, page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form", "audio", "video", "source")
        assert not set(attributes) & {"src", "srcset", "data", "action", "poster"}
        for name in ("href", "xlink:href"):
            assert attributes.get(name, "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    style = as_html(report).partition("<style>")[2].partition("</style>")[0]
    assert not re.search(r"url\(|@import|@font-face|image-set", style)
    assert set(re.findall(r"https?://[^\s\"'<]+", as_html(report))) <= {"http://www.w3.org/2000/svg"}


def test_nothing_from_outside_becomes_a_part_of_the_page(report: Report, page: Page) -> None:
    text = as_html(report)
    assert text.count("<script") == 1
    assert "<img" not in text
    assert "alert(" in text
    assert "{{ 7*7 }}" in page.text()
    assert "<i>notices</i>" in page.text()
    assert "<b>and</b>" in page.text()
    assert "\x1b" not in text
    assert "\x00" not in text


def test_every_cell_leads_to_its_details(report: Report, page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"][1:] for tag, attributes in page.tags if tag == "a"}
    assert links <= set(ids)
    cells = {(v.target, v.rule) for v in report.verdicts}
    assert len([link for link in links if link.startswith(("entry-", "violation-"))]) == len(cells)


def test_each_violation_has_its_sentence_diagram_state_and_command(page: Page, report: Report) -> None:
    text = page.text()
    assert text.startswith("2 of 3 targets violate rules, and 1 of 3 broke: rekeyspec report")
    assert [tag for tag, attributes in page.tags if attributes.get("class") == "sequence"] == ["svg", "svg"]
    for part in (
        "Not allowed: at 306 s the client did SendData (sends data that its user had offered). IDLE-1 allows that only",
        "Due instead: Start (starts a negotiation of a new key) by IDLE-1.",
        "Renegotiation completes before data flows again.",
        "Allowed instead Start start, epoch 2, c2",
        "Due by then Start by IDLE-1, at 306 s",
        "idle_trigger heartbeat Which idleness makes data wait",
        "client, as the rules have it server, as an honest peer has it",
        "timers.idle 305000 -",
        "306 s, client -> SendData data #2, epoch 1, 100 B <- not allowed by IDLE-1",
        "300.03 s, server SendReply due by HB-3, and not done",
        "See it again rekeyspec replay data after a heartbeat waits 'peer:hasty'",
        "SendReply due (HB-3)",
        "Log: logs/hasty.jsonl",
    ):
        assert part in text
    assert len(report.having("violates")) == 2


def test_the_policy_is_printed_whole_for_each_profile(page: Page, report: Report) -> None:
    text = page.text()
    for policy in report.policies.values():
        for name, value in policy.items():
            assert f"{name} {value}" in text
    assert "the limit: byte_limit 1000" in text


def test_a_report_without_violations_or_without_anything_is_a_page() -> None:
    nothing = Page(as_html(Report([], [], {}, "0")))
    assert nothing.text().startswith("Nothing was observed: rekeyspec report")


def many(report: Report, count: int) -> Report:
    """So many targets that all do the same."""
    case = next(case for case in report.cases if case.divergence)
    cases = [replace(case, target=f"t{n}") for n in range(count)]
    told = [Verdict(one.target, one.profile, "IDLE-1", "violates", "", one.trace, 1, "", one.replay) for one in cases]
    return Report(told, cases, report.rules, "0")


def test_many_violations_are_not_all_drawn(report: Report) -> None:
    drawn = LEVELS[0].stories
    text = as_html(many(report, drawn + 5))
    assert text.count('class="sequence"') == drawn
    assert text.count('class="violation"') == drawn + 5
    assert "violations told in words, without diagram, log and states: 5" in text


def test_the_policies_of_a_cell_are_told_apart_on_the_rules_page(report: Report, page: Page) -> None:
    text = page.text()
    assert "✓ conforms under key-based (opening)" in text
    assert "✗ violates under key-based (data after a heartbeat waits)" in text
    assert "? inconclusive under timed (timed) not the same twice" in text
    cells = [attributes for tag, attributes in page.tags if tag == "td" and "data-by" in attributes]
    assert {attributes["data-by"] for attributes in cells} >= {"cc", "c.", "v."}
    assert all(max(cell["data-by"], key=".ucivb".index) == cell["data-worst"] for cell in cells)


def test_what_broke_is_told_once_with_what_to_do(page: Page) -> None:
    text = page.text()
    assert "What now: run the command, look at the program's standard error" in text
    assert sum(attributes.get("class") == "reason" for _, attributes in page.tags) == 4


def test_every_control_and_table_has_a_name(page: Page) -> None:
    """For whoever hears the page: headings in order, controls in labels, drawings and regions named."""
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels) if before != 2 or after != 4)
    for tag, attributes in page.tags:
        if tag == "svg" or attributes.get("role") in ("region", "group", "search"):
            assert attributes.get("aria-label")
        if tag == "button":
            assert attributes.get("type") == "button"
        if tag in ("input", "select"):
            assert attributes.get("id") in ("find", "target", "profile")
    assert sum(tag == "label" for tag, _ in page.tags) == sum(tag in ("input", "select") for tag, _ in page.tags)
    assert "caption" in [tag for tag, _ in page.tags]
    hidden = [attributes for tag, attributes in page.tags if attributes.get("aria-hidden")]
    assert hidden
    assert not any("href" in attributes for attributes in hidden)


def scanlines(png: bytes) -> list[bytes]:
    """The filtered lines of pixels of a PNG; equal lines of one colour are equal here."""
    at, data = 8, b""
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4]), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    pixels = zlib.decompress(data)
    line = len(pixels) // height
    assert line >= width
    return [pixels[start:end] for start, end in pairwise(range(0, len(pixels) + 1, line))]


@pytest.mark.chromium
def test_a_browser_shows_matrix_and_diagrams(report: Report, browser: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(as_html(report), encoding="utf-8")
    dom = chromium(browser, file, "--dump-dom")
    shown = Page(dom[dom.index("<html") :])
    assert any(tag == "table" and attributes.get("class") == "matrix" for tag, attributes in shown.tags)
    assert sum(tag == "svg" for tag, _ in shown.tags) == 2
    assert "Not allowed by IDLE-1, for it needs" in shown.text()
    assert sum(tag == "script" for tag, _ in shown.tags) == 1


@pytest.mark.chromium
@pytest.mark.parametrize("width", [500, 1280])
def test_a_browser_draws_something(report: Report, browser: str, tmp_path: Path, width: int) -> None:
    file = tmp_path / "report.html"
    file.write_text(as_html(report), encoding="utf-8")
    chromium(browser, file, f"--screenshot={tmp_path / 'shot.png'}", f"--window-size={width},2400")
    assert len(set(scanlines((tmp_path / "shot.png").read_bytes()))) > 200


def test_what_held_but_is_weak_is_named_and_explained(report: Report) -> None:
    weak = [replace(v, weakness="<i>anybody</i> may") if v.rule == "HB-3" else v for v in report.verdicts]
    page = Page(as_html(replace(report, verdicts=weak)))
    text = page.text()
    assert "Held, but weak: HB-3 under key-based: <i>anybody</i> may (reference" in text
    assert "Weak: <i>anybody</i> may" in text
    assert "Held, but weak" not in as_html(report)


MEASURED = """
<iframe id="page" style="width:{width}px;height:900px;border:0" srcdoc="{page}"></iframe>
<script>
addEventListener("load", () => {{
  const page = document.getElementById("page").contentDocument;
  const result = (() => {{ {code} }})();
  document.body.insertAdjacentHTML("beforeend", "<pre id=result></pre>");
  document.getElementById("result").textContent = JSON.stringify(result);
}});
</script>
"""


def measured(report: Report, browser: str, tmp_path: Path, width: int, code: str) -> object:
    """What this code returns in a page as wide as this (a window has a least width, a frame has none)."""
    file = tmp_path / "frame.html"
    file.write_text(MEASURED.format(width=width, page=escape(as_html(report)), code=code), encoding="utf-8")
    found = re.search(r'<pre id="result">(.*?)</pre>', chromium(browser, file, "--dump-dom"), re.DOTALL)
    assert found, "the page did not get to its end"
    return json.loads(unescape(found[1]))


OPEN = "page.querySelectorAll('details').forEach(one => { one.open = true; });"


@pytest.mark.chromium
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_page_nor_too_small_to_read(
    report: Report, browser: str, tmp_path: Path, width: int
) -> None:
    worded = [replace(v, reason=f"{v.reason} {'x' * 300}") for v in report.verdicts]
    more = [replace(v, target=f"target-{n}") for n in range(12) for v in worded]
    long = replace(report, verdicts=worded + more)
    code = f"""{OPEN}
    const small = [];
    for (const text of page.querySelectorAll("body *")) {{
      const own = [...text.childNodes].some(node => node.nodeType === 3 && node.data.trim());
      if (!own || text.closest("script, .unseen") || !text.getClientRects().length) continue;
      const svg = text.closest("svg");
      const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
      const size = parseFloat(page.defaultView.getComputedStyle(text).fontSize) * scale;
      if (size < 10.5) small.push([text.tagName, text.className.baseVal || text.className, size]);
    }}
    const box = page.querySelector(".matrix").parentElement.getBoundingClientRect();
    return [page.documentElement.scrollWidth, box.left, box.right, small];"""
    wide, left, right, small = measured(long, browser, tmp_path, width, code)  # type: ignore[misc]
    assert wide <= width
    assert 0 <= left < right <= width
    assert small == []


@pytest.mark.chromium
@pytest.mark.parametrize("width", [390, 1440])
def test_what_is_drawn_stays_inside_its_drawing(report: Report, browser: str, tmp_path: Path, width: int) -> None:
    wordy = []
    for case in report.cases:
        found = case.divergence
        longer = replace(found, guard="the widest words " + "MMMMW " * 30 + "W" * 90) if found else None
        log = tuple(e._replace(reason="MWMW " * 20) if e.do in ("Close", "SendReply") else e for e in case.log)
        wordy.append(replace(case, divergence=longer, log=log))
    code = f"""{OPEN}
    const out = [];
    for (const svg of page.querySelectorAll(".sequence")) {{
      const box = svg.viewBox.baseVal;
      for (const text of svg.querySelectorAll("text")) {{
        const b = text.getBBox();
        if (b.x < -1 || b.x + b.width > box.width + 1 || b.y + b.height > box.height + 1) out.push(text.textContent);
      }}
      const mark = svg.querySelector(".mark").getBBox();
      if (mark.y + mark.height > box.height) out.push("the mark");
      for (const line of svg.querySelectorAll(".wrong")) {{
        const b = line.getBBox();
        if (b.x + b.width > mark.x + mark.width || b.y + b.height > mark.y + mark.height) out.push(line.textContent);
      }}
    }}
    return [page.querySelectorAll(".sequence .wrong").length, out];"""
    made = Report(report.verdicts, wordy, report.rules, "0")
    lines, out = measured(made, browser, tmp_path, width, code)  # type: ignore[misc]
    assert lines > 8
    assert out == []


@pytest.mark.chromium
def test_a_reader_finds_and_filters(report: Report, browser: str, tmp_path: Path) -> None:
    code = """
    const shown = selector => [...page.querySelectorAll(selector)].filter(one => one.getClientRects().length).length;
    const set = (id, value) => {
      const field = page.getElementById(id);
      field.value = value;
      field.dispatchEvent(new Event(id === "find" ? "input" : "change"));
    };
    const state = () => [shown(".matrix tbody tr"), shown(".violation"), page.getElementById("said").textContent];
    const found = {first: state()};
    set("find", "idle-1");
    found.find = state();
    set("find", "");
    page.querySelector("#words button[value=inconclusive]").click();
    found.word = state();
    page.getElementById("everything").click();
    set("target", "0");
    found.target = [...state(), shown("thead th")];
    set("target", "");
    set("profile", "1");
    found.profile = [...page.querySelectorAll(".matrix tbody tr:first-child td")].map(cell => cell.className);
    page.getElementById("everything").click();
    found.last = state();
    return found;"""
    found = measured(report, browser, tmp_path, 1440, code)
    rules = len(report.asked)
    assert found == {
        "first": [rules, 2, ""],
        "find": [1, 1, f"1 of {rules} rules, 1 of 2 violations, 1 of 4 reasons shown"],
        "word": [3, 0, f"3 of {rules} rules, 0 of 2 violations, 3 of 4 reasons shown"],
        "target": [rules, 0, f"{rules} of {rules} rules, 0 of 2 violations, 0 of 4 reasons shown", 2],
        "profile": ["conforms", "inconclusive", "none"],
        "last": [rules, 2, ""],
    }
