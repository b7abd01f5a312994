"""The pages of one run of real programs, made of a run of a made-up one; and the run that the project keeps."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest

from rekeyspec.conformance.audit.target import judged
from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment, Laboratory, Observed, own
from rekeyspec.conformance.peers.kept import kept_run
from rekeyspec.conformance.peers.profile import distance, learned, policy_file
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.json_form import as_json
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.report.world import Occasion, Program
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message
from rekeyspec.tools.matrixpage import page, write
from rekeyspec.tools.matrixprogram import anchor

DOCS = Path(__file__).resolve().parents[2] / "docs"
TARGET = "peer:made-up"
COUNTED = {"BYTE-1", "BYTE-3", "BYTE-5", "IDLE-2", "NEED-1", "REKEY-5"}
"""What a log, which has a tolerance of time and none of bytes, may say of an experiment that had one of
both: of a start that a count has brought about."""
LINK = re.compile(r"\[[^\]]*\]\(([^)#]*)#?([^)]*)\)")


def client(do: str, t: int, message: Message | None = None, size: int = 0) -> Event:
    return Event(t, "client", do, message, size)  # type: ignore[arg-type]


OPENED = (
    client("Open", 0),
    client("Start", 1, Message("start", 1, negotiation="c1")),
    client("Arrive", 2, Message("answer", 1, negotiation="c1")),
    client("Finish", 3, Message("finish", 1, negotiation="c1")),
)
WRITES = tuple(
    event
    for n in range(1, 4)
    for event in (
        client("Offer", n * 10, size=600),
        client("SendData", n * 10, Message("data", 1, n, bytes=600)),
    )
)
LIMITED = Policy(byte_limit=1000, byte_trigger="next-data")
EXPERIMENTS = [
    Experiment(
        "BYTE-3-sent.1000", ("BYTE-3",), LIMITED, OPENED + WRITES, partial(measures.of_bytes, 1000),
        "'there is no limit'", "--limit 1000", follow=("byte_limit", "byte_trigger"),
    ),
    Experiment(
        "BYTE-3-sent.9000", ("FLOW-1", "BYTE-3"), LIMITED.but(byte_limit=9000), OPENED + WRITES,
        partial(measures.of_bytes, 9000), follow=("byte_limit",),
    ),
]  # fmt: skip


async def perform(e: Experiment[Sequence[Event]]) -> Observed:
    return Observed(tuple(e.provocation), ())


def kept(directory: Path, programs: Sequence[Program] = ()) -> Path:
    """A run of the made-up program, as `check --json` writes it."""
    cases: list[Case] = asyncio.run(Laboratory(TARGET, "1.2", perform, directory / "ev", 2).cases(EXPERIMENTS))
    stated = dict.fromkeys((rule for rule in rules() if rule not in ("BYTE-3", "FLOW-1")), "stated: it has none")
    report = Report(
        verdicts(cases, {TARGET: stated}, list(rules())), cases, rules(), "0.0.0",
        occasion=Occasion("2026-01-31", "a machine", 2),
        programs=[Program(TARGET, "made-up client", "1.2", "a list of events", "https://example.org"), *programs],
    )  # fmt: skip
    path = directory / "run.json"
    path.write_text(as_json(report), encoding="utf-8")
    return path


def test_every_link_of_the_pages_leads_somewhere(tmp_path: Path) -> None:
    run = kept(tmp_path, [Program("peer:gone", "gone", "", "nobody", "", ["not-installed: gone is missing"])])
    write(kept_run(run), run.read_bytes(), tmp_path / "docs")
    check_links(tmp_path / "docs", known={"adding-a-peer.md"})
    text = (tmp_path / "docs" / "peers.md").read_text()
    assert "| **BYTE-3** A full key is renewed first | [✗](peers/made-up.md#byte-3-sent1000) |" in text
    assert "Not asked in this run: gone (not-installed: gone is missing)." in text
    assert "| [made-up client](peers/made-up.md#byte-3-sent1000) | ✗ | 1000 |" in text


def test_what_is_left_of_an_earlier_run_is_removed(tmp_path: Path) -> None:
    old = tmp_path / "docs" / "peers" / "evidence" / "made-up" / "OLD-1.svg"
    old.parent.mkdir(parents=True)
    old.touch()
    (old.parent / "mine.txt").touch()
    run = kept(tmp_path)
    write(kept_run(run), run.read_bytes(), tmp_path / "docs")
    assert not old.exists()
    assert (old.parent / "mine.txt").exists()


def check_links(docs: Path, known: set[str]) -> None:
    pages = [docs / "peers.md", *(docs / "peers").glob("*.md")]
    assert len(pages) > 1
    for path in pages:
        for target, part in LINK.findall(path.read_text(encoding="utf-8")):
            if target in known or re.match(r"[a-z]+:", target):
                continue
            file = (path.parent / target).resolve() if target else path
            assert file.is_file(), f"{path}: {target}"
            if part:
                heads = [line[4:] for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("### ")]
                assert part in map(anchor, heads), f"{path}: {target}#{part}"


def test_the_evidence_says_again_what_the_page_says(tmp_path: Path) -> None:
    run = kept(tmp_path)
    write(kept_run(run), run.read_bytes(), tmp_path / "docs")
    check_evidence(tmp_path / "docs")


def check_evidence(docs: Path) -> None:
    """The oracle says of each kept log what the run says of the experiment."""
    run = kept_run(docs / "peers" / "run.json")
    asked = 0
    for one in run.experiments:
        log = docs / "peers" / "evidence" / one.target.removeprefix("peer:") / f"{one.name}.jsonl"
        if one.skipped or not log.is_file():
            continue
        said = {verdict.rule for verdict in judged(f"log:{log}", None).report().having("violates")}
        asked += 1
        if one.word == "conforms":
            assert said <= COUNTED, log
        elif one.word == "violates" and one.broken is not None and "seen by" not in one.broken.sentence:
            assert said, log
    assert asked


def test_the_profile_is_a_policy_file_with_where_it_was_learned(tmp_path: Path) -> None:
    run = kept(tmp_path)
    write(kept_run(run), run.read_bytes(), tmp_path / "docs")
    file = tmp_path / "docs" / "peers" / "profiles" / "made-up.yaml"
    assert file.read_text().splitlines()[2:] == [
        "policy: 0",
        "parameters:",
        "  byte_limit: 0  # BYTE-3-sent.1000",
    ]
    assert policy_named(str(file))[1].byte_limit == 0


def test_what_experiments_tell_differently_is_said(tmp_path: Path) -> None:
    one, other = kept_run(kept(tmp_path)).experiments
    other = msgspec.structs.replace(other, follows={"byte_limit": 9000})
    assert list(policy_file("it", learned([one, other]), "1"))[4:] == [
        "  byte_limit: 0  # BYTE-3-sent.1000",
        "  #   but 1048576 in BYTE-3-sent.9000",
    ]
    third = msgspec.structs.replace(other, name="third")
    assert learned([one, other, third])["byte_limit"].value == 1_048_576


def test_how_far_it_is_from_a_profile(tmp_path: Path) -> None:
    run = kept_run(kept(tmp_path))
    found = learned(run.experiments)
    apart = {one.rule: one for one in distance(found, run.experiments, {"FLOW-1": "conforms"}, "combined")}
    assert (apart["BYTE-3"].standing, apart["BYTE-3"].why) == ("other", "`byte_limit` is never, not 1048576")
    assert apart["FLOW-1"].standing == "same"
    assert (apart["AGE-1"].standing, apart["AGE-1"].why) == ("unknown", "age_limit")


def test_a_program_of_which_nothing_is_learned_has_an_empty_profile() -> None:
    assert list(policy_file("it", {}, "1"))[2:] == ["policy: 0", "parameters: {}"]


def test_a_report_without_real_programs_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(as_json(Report([], [], rules(), "0.0.0")), encoding="utf-8")
    with pytest.raises(BadInput, match="a report without experiments on real programs"):
        kept_run(path)


def test_a_report_of_an_earlier_version_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"schema": 1, "tool": "0", "policies": {}, "changes": {}, "verdicts": []}))
    with pytest.raises(BadInput, match="expected what schema 3 says"):
        kept_run(path)


@pytest.mark.skipif(not (DOCS / "peers" / "run.json").exists(), reason="no run is kept")
def test_the_pages_that_are_kept_are_those_of_the_run_that_is_kept(tmp_path: Path) -> None:
    run = kept_run(DOCS / "peers" / "run.json")
    made = write(run, (DOCS / "peers" / "run.json").read_bytes(), tmp_path)
    names = {path.relative_to(tmp_path) for path in made}
    for name in names:
        assert (DOCS / name).read_bytes() == (tmp_path / name).read_bytes(), f"{name}: run `rekeyspec matrix` again"
    assert names == {path.relative_to(DOCS) for path in (DOCS / "peers").rglob("*.*")} | {Path("peers.md")}
    check_links(DOCS, set())
    check_evidence(DOCS)


def test_the_page_says_when_where_and_by_what_it_was_made(tmp_path: Path) -> None:
    text = "\n".join(page(kept_run(kept(tmp_path))))
    assert "This page was made on 2026-01-31 (a machine; rekeyspec 0.0.0) by" in text
    assert own(TARGET) == "made-up's own"
    assert replace(EXPERIMENTS[0]).question in text
