"""Made-up runs of made-up programs, in the form in which replay and the peers' experiments hand them in.

Three targets: one keeps the rules; one, watched at both ends, sends data under a marked key; one neither answers a
heartbeat nor has a name or reasons that are fit for a page. It also crashes, and cannot be asked about notices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pytest

from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.rulebook import Rule
from rekeyspec.conformance.verdict import Case, Divergence, Due, Word
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message

GOOD = "reference"
EAGER = "peer:hasty"
HOSTILE = """exec:run '<script>alert("x")</script>' \x1b[31m&amp; {{ 7*7 }}"""
POLICY, TIMED = profiles()["key-based"], profiles()["timed"]


def _rule(rule: str, title: str, text: str, source: str) -> Rule:
    return Rule(rule, rule.partition("-")[0], title, "MUST", "both", text, source, ("idle_trigger",), ("SendData",))


RULES = {
    rule.id: rule
    for rule in (
        _rule("EST-1", "No data before a key", "No data flows before the first negotiation completes.", "K:1b/100"),
        _rule("BYTE-3", "The limit", "Once the count reaches `byte_limit`, renegotiation starts.", "K:C2"),
        _rule("HB-1", "The first heartbeat", "After the idle period a heartbeat is sent.", "K:C5"),
        _rule("HB-3", "The reply", "The receiver of a heartbeat replies at once.", "K:C6, P:C7"),
        _rule("IDLE-1", "A new key after idleness", "Renegotiation completes before data flows again.", "K:C1"),
        _rule(
            "REKEY-6",
            "Notices",
            "One end keeps count for both <b>and</b> says so in a `<notice>`.",
            "K last embodiment",
        ),
        _rule("GATE-1", "Links per user", "A user's new link is refused beyond the limit.", "P:¶35"),
    )
}

_OPENERS = (
    Message("start", 1, negotiation="c1"),
    Message("answer", 1, negotiation="c1"),
    Message("finish", 1, negotiation="c1"),
)
_OPENING = (
    Event(0, "client", "Open"),
    Event(0, "client", "Start", Message("start", 1, negotiation="c1")),
    Event(20, "client", "Arrive", Message("answer", 1, negotiation="c1")),
    Event(20, "client", "Finish", Message("finish", 1, negotiation="c1")),
    Event(1_000, "client", "Offer", bytes=512),
    Event(1_000, "client", "SendData", Message("data", 1, 1, bytes=512)),
)


def make(
    target: str,
    trace: str,
    rules: Sequence[str] = (),
    exercised: Sequence[str] = (),
    word: Word = "conforms",
    *,
    profile: str = "key-based",
    policy: Policy = POLICY,
    log: tuple[Event, ...] = _OPENING,
    reason: str = "",
    divergence: Divergence | None = None,
    evidence: str = "",
) -> Case:
    """A case whose command says how to see it again."""
    return Case(
        target, profile, trace, tuple(rules), asdict(policy), log, word, reason, divergence, frozenset(exercised),
        f"rekeyspec replay {trace} '{target}'", evidence,
    )  # fmt: skip


def data_after_idleness() -> Case:
    """Both ends seen: after a heartbeat, data leaves under the old key."""
    beat, reply = Message("heartbeat", 1, 1, sealed_by="nobody"), Message("reply", 1, 1, sealed_by="nobody")
    start, answer, finish = _OPENERS
    late = Message("data", 1, 2, bytes=100)
    log = (
        Event(0, "client", "Open"),
        Event(0, "server", "Open"),
        Event(0, "client", "Start", start),
        Event(20, "server", "Arrive", start),
        Event(20, "server", "Answer", answer),
        Event(45, "client", "Arrive", answer),
        Event(45, "client", "Finish", finish),
        Event(70, "server", "Arrive", finish),
        *_OPENING[-2:],
        Event(1_025, "server", "Arrive", Message("data", 1, 1, bytes=512)),
        Event(1_025, "server", "Deliver", Message("data", 1, 1, bytes=512)),
        Event(301_000, "client", "Tick"),
        Event(301_000, "client", "SendHeartbeat", beat),
        Event(301_040, "server", "Arrive", beat),
        Event(301_040, "server", "SendReply", reply),
        Event(301_080, "client", "Arrive", reply),
        Event(306_000, "client", "Offer", bytes=100),
        Event(306_000, "client", "SendData", late),
        Event(306_030, "server", "Arrive", late),
        Event(306_030, "server", "Reject", late),
        Event(306_030, "server", "Close", reason="IDLE-4"),
    )
    divergence = Divergence(
        step=7, index=18, t=306_000, end="client", rule="IDLE-1", kind="not-allowed", did=log[18],
        guard="the epoch is not marked, or a renegotiation has completed since", also=("REKEY-1",),
        allowed=("Start start, epoch 2, c2", "Close"), due=(Due("IDLE-1", "Start", 306_000),),
        state={"epoch": 1, "phase": "open", "marked": True, "timers": {"idle": 305_000, "reply": "none"}},
    )  # fmt: skip
    rules = ("IDLE-1", "HB-1", "BYTE-3")
    return make(EAGER, "data after a heartbeat waits", rules, ("HB-1", "EST-1"), "violates", log=log,
                divergence=divergence, evidence="logs/hasty.jsonl")  # fmt: skip


def heartbeat_unanswered() -> Case:
    """One end seen, the server: the reply that was due never came."""
    log = (
        Event(0, "server", "Open"),
        Event(5, "server", "Arrive", Message("start", 1, negotiation="c1")),
        Event(5, "server", "Answer", Message("answer", 1, negotiation="c1")),
        Event(30, "server", "Arrive", Message("finish", 1, negotiation="c1")),
        Event(300_030, "server", "Arrive", Message("heartbeat", 1, 1, sealed_by="nobody")),
        Event(300_031, "server", "Tick"),
    )
    divergence = Divergence(
        step=5, index=5, t=300_030, end="server", rule="HB-3", kind="not-done", did=None,
        guard="SendReply was due at 300030 ms", allowed=("SendReply (heartbeat 1)",),
        due=(Due("HB-3", "SendReply", 300_030),),
        state={"note": "</td></table><img src=x onerror=alert(1)>"},
    )  # fmt: skip
    return make(
        HOSTILE, "a heartbeat is answered", ("HB-3", "HB-1"), ("EST-1",), "violates", log=log, divergence=divergence
    )


@pytest.fixture
def cases() -> list[Case]:
    """What a run over three targets and two profiles hands in."""
    crash = "it answered '<b>\x00</b>' & then exit 139"
    return [
        make(GOOD, "opening", ("EST-1",), ("EST-1",)),
        make(GOOD, "idle", ("HB-1", "HB-3", "IDLE-1"), ("HB-1", "HB-3", "IDLE-1")),
        make(GOOD, "the limit", ("BYTE-3",), ("BYTE-3",), policy=POLICY.but(byte_limit=1000)),
        make(GOOD, "timed", ("EST-1",), ("EST-1",), profile="timed", policy=TIMED),
        data_after_idleness(),
        make(EAGER, "opening", ("EST-1",), ("EST-1",)),
        make(
            EAGER,
            "timed",
            ("EST-1", "BYTE-3"),
            (),
            "inconclusive",
            profile="timed",
            policy=TIMED,
            reason="not the same twice",
        ),
        heartbeat_unanswered(),
        make(HOSTILE, "opening", ("EST-1",), (), "broken", reason=crash),
        make(HOSTILE, "notices", ("REKEY-6",), (), "unsupported", reason="REKEY-6 stated"),
    ]


@pytest.fixture
def report(cases: list[Case]) -> Report:
    """The report on that run."""
    stated = {GOOD: {}, EAGER: {}, HOSTILE: {"REKEY-6": "no <i>notices</i>\x07"}}
    return Report(verdicts(cases, stated, list(RULES)), cases, RULES, "0.1.0")
