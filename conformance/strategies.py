"""Strategies for hypothesis, for other people's tests: policies, interleavings, messages, and events for one end.

    from hypothesis import given
    from rekeyspec.conformance.adapters.named import target_named
    from rekeyspec.conformance.replay import replay
    from rekeyspec.conformance.strategies import interleavings
    from rekeyspec.conformance.suite import policy_of

    @given(interleavings(profile="combined"))
    def test_my_end_keeps_the_rules(trace):
        with target_named("python:my_module:MyEnd") as mine:
            assert replay(trace, policy_of(trace), mine).word != "violates"

They are what `rekeyspec explore` draws from, and shrink as it does: a draw is made smaller by leaving lines out. An
interleaving is told to the reference first, so its lines fit what a conforming end does. Needs hypothesis (the extra
`explore`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.explore.drawing import HEAD, LETTER, LETTERS, MISSING, Draw, Drawn, Shape, draws
from rekeyspec.conformance.explore.parameters import Policies
from rekeyspec.conformance.explore.written import trace_of
from rekeyspec.conformance.player import script
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.trace import Trace
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import KINDS, Event, Kind, Message, Role

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ModuleNotFoundError:
    raise ModuleNotFoundError(MISSING) from None

__all__ = ["Shape", "events", "interleavings", "messages", "policies"]

STEPS: Final = 60
"""How many lines an interleaving has at most, unless the caller says otherwise."""


def policies(*, unsupported: Collection[str] = ()) -> SearchStrategy[Policy]:
    """Policies that do not contradict themselves, over every parameter, on a small scale of times (ms) and sizes
    (bytes). Parameters that hang on a rule of `unsupported` (ids) keep their default. The simplest is the profile
    `combined` on that scale."""
    chosen = Policies(unsupported).chosen
    numbers = st.text(_letters(), min_size=HEAD - 2, max_size=HEAD - 2)
    return numbers.map(lambda drawn: chosen(*_split([ord(letter) - LETTER for letter in drawn])))


def interleavings(
    *,
    profile: str | None = None,
    shape: Shape | None = None,
    steps: int = STEPS,
    unsupported: Collection[str] = (),
) -> SearchStrategy[Trace]:
    """Traces of at most so many lines for `replay`: offers, deliveries, losses, delays, copies, repeats and spoofs, at
    and around every deadline. `profile` is a profile's name or a policy file (None: as `policies`), `shape` whether one
    end is under test or both (None: either). The policy is in the trace (`suite.policy_of`), and its `rules` are those
    that the reference puts to the test in it. Raises BadInput for a profile that is none, or hangs on a rule that is
    not supported."""
    reference = ReferenceTarget()
    reference.unsupported = dict.fromkeys(unsupported, "not asked for")
    drawn = Drawn(reference, steps, profile, shape)
    return draws(steps).map(lambda draw: _trace(drawn, draw))


def events(
    *, end: Role = "client", profile: str | None = None, steps: int = STEPS
) -> SearchStrategy[tuple[Event, ...]]:
    """What the harness gives to one end of this role, in order of time (ms), `Open` first: at most so many lines, and
    a `Tick` at each deadline on the way. For tests of an engine that needs no oracle."""
    drawn = Drawn(ReferenceTarget(), steps, profile, "one-end")
    drawn.tested = (end,)
    return draws(steps).map(lambda draw: _events(_trace(drawn, draw)))


def messages(policy: Policy | None = None) -> SearchStrategy[Message]:
    """Messages of every kind as an end under this policy (None: every default) might be given them: from a peer, from
    an adversary that has the key, or sealed by nobody; most on their own channel. Fields that a kind does not use keep
    their default."""
    p = policy or Policy()
    return st.sampled_from(KINDS).flatmap(lambda kind: _message(kind, p))


def _message(kind: Kind, p: Policy) -> SearchStrategy[Message]:
    nothing, epoch = st.just(0), st.integers(0, 4)
    negotiates = kind in ("start", "answer", "finish")
    names = st.builds("{}{}".format, st.sampled_from(("c", "s")), epoch)
    sized = kind in ("data", "notice") or (kind in ("heartbeat", "reply") and p.byte_counts == "data+control")
    return st.builds(
        Message,
        st.just(kind),
        epoch,
        st.integers(0, 9) if kind in ("data", "heartbeat", "reply") else nothing,
        names if negotiates else st.just(""),
        st.just("") | names if negotiates and p.session_cache == "on" else st.just(""),
        st.integers(0, p.max_message) if sized else nothing,
        st.just(p.channel(kind)) | st.sampled_from(("single", "control", "data")),
        st.sampled_from(("peer", "adversary", "nobody")),
    )


def _letters() -> SearchStrategy[str]:
    return st.characters(min_codepoint=LETTER, max_codepoint=LETTER + LETTERS - 1)


def _split(numbers: list[int]) -> tuple[int, list[int]]:
    return numbers[0], numbers[1:]


def _trace(drawn: Drawn, draw: Draw) -> Trace:
    told = drawn.told(draw)
    cites = [rule for rule in rules() if rule in told.exercised] or ["EST-4"]
    return trace_of("drawn", "Drawn by hypothesis.", cites, told.policy, told.tested, told.lines)


def _events(trace: Trace) -> tuple[Event, ...]:
    return tuple([one.event for one in script(trace, policy_of(trace))])
