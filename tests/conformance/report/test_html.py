from __future__ import annotations

import os
import re
import signal
import subprocess
import zlib
from contextlib import suppress
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.html import DIAGRAMS, as_html
from rekeyspec.conformance.verdict import Case, Verdict

VOID = {"meta", "br", "link", "img", "input", "hr"}
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


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
    assert text.startswith("2 violations, and 1 of 3 broke: rekeyspec report")
    assert [tag for tag, attributes in page.tags if attributes.get("class") == "sequence"] == ["svg", "svg"]
    for part in (
        "IDLE-1: at 306000 ms the client did SendData, but this is false",
        "Renegotiation completes before data flows again.",
        "Allowed instead Start start, epoch 2, c2",
        "Due Start by IDLE-1, at 306 s",
        "timers.idle 305000",
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
    assert nothing.text().startswith("No violation: rekeyspec report")


def test_many_violations_are_not_all_drawn(report: Report) -> None:
    case = next(case for case in report.cases if case.divergence)
    cases = [Case(**{**vars(case), "target": f"t{n}"}) for n in range(DIAGRAMS + 5)]
    told = [
        Verdict(case.target, case.profile, "IDLE-1", "violates", "", case.trace, 1, "", case.replay) for case in cases
    ]
    text = as_html(Report(told, cases, report.rules, "0"))
    assert text.count('class="sequence"') == DIAGRAMS
    assert text.count('class="violation"') == DIAGRAMS + 5


def chromium(browser: str, page: Path, *flags: str) -> str:
    """Let a Chromium show the page; what it prints. Whatever it started ends with it."""
    command = [browser, *FLAGS, f"--user-data-dir={page.parent / 'profile'}", *flags, page.as_uri()]
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env=os.environ | {"HOME": str(page.parent)},
    )
    try:
        return child.communicate(timeout=60)[0]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


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
    assert "IDLE-1: this is false" in shown.text()
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
    text = " ".join(" ".join(page.words).split())
    assert "Held, but weak: HB-3 of reference under key-based" in text
    assert "Weak: <i>anybody</i> may" in text
    assert "Held, but weak" not in as_html(report)
