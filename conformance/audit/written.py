"""A case as a log that `rekeyspec audit` reads: what was seen, under the policy that it was judged by.

A case that came to its end was judged a moment later, so that what was due in its last instant had to be done: for
that each end has a `Tick` more at the end of its log.
"""

from __future__ import annotations

from collections.abc import Iterator

from rekeyspec.conformance.log import lines
from rekeyspec.conformance.policies import policy_from
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event


def log_of(case: Case) -> Iterator[str]:
    """The lines of a log, without their ends."""
    policy = policy_from(case.policy, Policy(), "the policy of a case")
    origin = f"{case.trace} on {case.target}"
    yield from lines(policy, origin, 0, seen(case))


def seen(case: Case) -> tuple[Event, ...]:
    """The events of its log."""
    return (*case.log, *_afterwards(case))


def _afterwards(case: Case) -> Iterator[Event]:
    found = case.divergence
    if not case.log or case.word == "broken" or (found is not None and found.t <= case.log[-1].t):
        return
    after = case.log[-1].t + 1
    for end, link in dict.fromkeys((e.end, e.link) for e in case.log):
        yield Event(after, end, "Tick", link=link)
