"""The one oracle: it follows the events at one end, and says where they first leave the rules.

It keeps every state of the end that the log so far allows. One, where all is seen; several, where an end may have
handled what arrived before or after a timer, where an action is hidden, or where the clock is coarse. An event is put
to each; the states that do not allow it, and those over whose obligations time has passed, are dropped. When none is
left, that event is the first divergence, and the state that lasted longest explains it.

It shares the reference's guards. What keeps both honest is the specification, and traces written by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from rekeyspec.conformance import exercise
from rekeyspec.conformance.because import because
from rekeyspec.conformance.verdict import Divergence, Due
from rekeyspec.reference.conditions import EXACT, Margin, sealed
from rekeyspec.reference.enabled import NOTHING, TAKEN
from rekeyspec.reference.engine import act
from rekeyspec.reference.gateway import refused
from rekeyspec.reference.guards import NotEnabled, Rules, false_guard, taker
from rekeyspec.reference.obligations import Obligation, obligations, soonest
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End, closed, fresh
from rekeyspec.reference.step import step
from rekeyspec.reference.vocabulary import NEVER, SILENT, Do, Event, Message, Role

_ENVIRONMENT = frozenset({"Open", "Offer", "Arrive", "Tick", "Shut"})
_SILENT: frozenset[Do] = frozenset(SILENT)


class _Hypothesis:
    """A state that the log allows, what is due in it, and since when each thing that is due at once has been due."""

    __slots__ = ("_due", "_soonest", "before", "calm", "ignored", "rules", "state")

    def __init__(self, rules: Rules, state: End, before: _Since) -> None:
        self.rules, self.state, self.before = rules, state, before
        self.ignored: tuple[Message, ...] = ()
        """What came at this very time and was to be ignored; an end that acts on it all the same is told why not."""
        self.calm = False
        """It is known that there is nothing in the inbox that a silent action might take."""
        self._due: list[Obligation] | None = None
        self._soonest: int | None = None

    def become(self, state: End) -> None:
        """The only hypothesis that there is goes on to this state, in which no silent action may take anything."""
        self.state, self.ignored, self.calm, self._due, self._soonest = state, (), True, None, None

    @property
    def due(self) -> list[Obligation]:
        """What is due in this state. Computed when it is asked for: most states pass before time does."""
        if self._due is None:
            self._due = obligations(self.rules, self.state)
        return self._due

    @property
    def since(self) -> _Since:
        """Since when each is due. With a tolerance, events may keep coming while what is due at once is left undone; a
        timer that restarts is a new one."""
        found = {}
        for o in self.due:
            key = (o.do, o.rule)
            found[key] = min(o.t, self.before.get(key, o.t)) if o.t <= self.state.t else o.t
        return found

    @property
    def soonest(self) -> int:
        """When the first of it is due (ms; NEVER: nothing is)."""
        if self._soonest is None:
            exact = not self.rules.margin.ms
            self._soonest = soonest(self.rules, self.state) if exact else min(self.since.values(), default=NEVER)
        return self._soonest

    def shown(self, unseen: frozenset[Do]) -> int:
        """When the first of it is due that can be seen."""
        return min([o.t for o in self.due if o.do not in unseen], default=NEVER)


_Since = dict[tuple[Do, str], int]
Kept = tuple[int, bool, list[tuple[End, _Since, tuple[Message, ...]]]]
"""What an oracle remembers: how many events it has seen, whether it gave up states, and those that it has not."""


class Oracle:
    """Follows one end. `margin` is how far the observation may be off, `hidden` which visible actions this
    implementation does not show. Feed it with `observe`; it is finished when that returns a divergence."""

    def __init__(
        self, policy: Policy, role: Role, margin: Margin = EXACT, hidden: Iterable[Do] = (), rules: Rules | None = None
    ) -> None:
        self.rules = rules or Rules(policy, margin)
        self.margin = self.rules.margin
        self._tolerant = self.margin.ms > 0
        self.unseen = _SILENT | frozenset(hidden) if hidden else _SILENT
        self.role = role
        self.exercised: set[str] = set()
        self.gave_up = False
        """It has left out states that the log may allow, for there were too many: a divergence shows nothing then."""
        self._index = -1
        self._states = [_Hypothesis(self.rules, fresh(policy, role), {})]

    @property
    def state(self) -> End:
        """The likeliest state of the end: the first that the log allows."""
        return self._states[0].state

    def deadline(self) -> int:
        """When the end must have acted, if nothing happens before (ms; NEVER: no obligation). Where it may have done
        something unseen, the earliest of all that is possible."""
        one = self._states[0]
        if len(self._states) == 1 and not self._silent_due(one):
            return one.soonest
        return min(h.shown(self.unseen) for h in self._expand(self._states, max(h.state.t for h in self._states)))

    @property
    def over(self) -> bool:
        """Is the end closed, and has nothing left to do? Then all there is to remember of it is when (ms)."""
        p = self.rules.policy
        return all(h.state == closed(p, self.role, h.state.t) for h in self._states)

    def possible(self) -> list[End]:
        """Every state that the log allows the end to be in, what it may have done unseen included."""
        return [h.state for h in self._expand(self._states, max(h.state.t for h in self._states))]

    def observe(self, e: Event) -> Divergence | None:
        """The next event, in order of time. The first divergence, or None. ValueError when time runs backwards."""
        self._index += 1
        t, m = e.t, e.message
        if m is not None and m.sealed_by == "adversary":
            e = e._replace(message=m._replace(sealed_by="peer"))  # no end can tell them apart
        states = self._states
        if len(states) == 1 and not self._tolerant:
            h = states[0]
            # Nothing can be overdue if no time passes, and nothing unseen can have happened if nothing unseen is due.
            if (t == h.state.t or h.soonest >= t) and ((h.calm and self.unseen is _SILENT) or not self._silent_due(h)):
                return self._follow_one(h, e)
        states = self._expand(states, e.t)
        alive = [h for h in states if h.soonest + self.margin.ms >= e.t]
        return self._follow(alive, e) if alive else self._not_done(states, e)

    def refuse(self, e: Event, *, certain: bool = True) -> None:
        """The link opens, but its gateway has no room for it: the end must say so (GATE-1). Not `certain`: it may have
        room."""
        self._index += 1
        admitted = [] if certain else [_Hypothesis(self.rules, step(self.rules, h.state, e), {}) for h in self._states]
        self._states = [_Hypothesis(self.rules, refused(self.rules.policy, e.t), {}), *admitted]

    def end(self, t: int) -> Divergence | None:
        """The log ends at this time: whatever was due before it must have been done."""
        return self.observe(Event(t, self.role, "Tick"))

    def kept(self) -> Kept:
        """What it must remember to go on later (`resume`), as data that can be pickled. The rules are not in it."""
        return self._index, self.gave_up, [(h.state, h.before, h.ignored) for h in self._states]

    def resume(self, kept: Kept) -> None:
        """Go on where another that follows the same end, by the same rules, was."""
        self._index, self.gave_up, states = kept
        self._states = [_Hypothesis(self.rules, state, before) for state, before, _ in states]
        for h, (_, _, ignored) in zip(self._states, states, strict=True):
            h.ignored = ignored

    def _follow_one(self, h: _Hypothesis, e: Event) -> Divergence | None:
        """As `_follow`, for the one state that is left most of the time."""
        s = h.state
        try:
            new = step(self.rules, s, e)
        except NotEnabled as why:
            return self._not_allowed(h, e, why)
        if e.do not in _ENVIRONMENT:
            self._note(h, e)
        elif e.t < s.t:
            raise ValueError(f"time runs backwards: {e.t} after {s.t}")
        elif e.t > s.t or s.phase == "closed":
            exercise.given(self.rules, s, e, self.exercised)
        if new.inbox and _may_be_silent(self.rules, new):
            self._states = [self._settle(h, new, e.do)]
        else:
            h.become(new)
        return None

    def _follow(self, states: list[_Hypothesis], e: Event) -> Divergence | None:
        after: list[_Hypothesis] = []
        refused: NotEnabled | None = None
        for h in states:
            if e.t < h.state.t:
                raise ValueError(f"time runs backwards: {e.t} after {h.state.t}")
            try:
                new = step(self.rules, h.state, e)
            except NotEnabled as why:
                refused = refused or why
                continue
            if e.do not in _ENVIRONMENT:
                self._note(h, e)
            else:
                exercise.given(self.rules, h.state, e, self.exercised)
            after.append(self._settle(h, new, e.do))
        if not after:
            assert refused is not None
            return self._not_allowed(states[0], e, refused)
        self._states = after if len(after) == 1 else _distinct(after)
        return None

    def _settle(self, h: _Hypothesis, new: End, do: Do) -> _Hypothesis:
        """Take at once what no other order could change: a silent action with nothing else pending at that time."""
        if not new.inbox and not self.margin.ms:
            return _Hypothesis(self.rules, new, h.before)
        if self.margin.ms:
            return _Hypothesis(self.rules, new, {key: t for key, t in h.since.items() if key[0] != do})
        new_h = _Hypothesis(self.rules, new, h.before)
        while _may_be_silent(self.rules, new):
            pending = [o for o in new_h.due if o.t <= new.t]
            if len(pending) != 1 or pending[0].do not in _SILENT:
                break
            exercise.taking(self.rules, new, pending[0], self.exercised)
            ignored = new_h.ignored
            new = step(self.rules, new, act(self.rules, new, pending[0]))
            new_h = _Hypothesis(self.rules, new, h.before)
            new_h.ignored = (*ignored, pending[0].taken) if pending[0].do == "Ignore" and pending[0].taken else ignored
        return new_h

    def _silent_due(self, h: _Hypothesis) -> bool:
        if self.unseen is _SILENT and (not h.state.inbox or not _may_be_silent(self.rules, h.state)):
            return False
        return any(o.do in self.unseen for o in h.due)

    def _expand(self, states: list[_Hypothesis], t: int) -> list[_Hypothesis]:
        """These states and all that unseen actions lead to from them, by this time."""
        found, todo = list(states), list(states)
        known = {h.state for h in found}
        while todo and len(found) < _MOST:
            h = todo.pop()
            for o in self._unseen_due(h, t):
                at = h.state.but(t=max(h.state.t, min(o.t, t)))
                new = _Hypothesis(self.rules, step(self.rules, at, act(self.rules, at, o)), h.since)
                if new.state not in known:
                    exercise.taking(self.rules, h.state, o, self.exercised)
                    known.add(new.state)
                    found.append(new)
                    todo.append(new)
        self.gave_up = self.gave_up or bool(todo)
        return found

    def _unseen_due(self, h: _Hypothesis, t: int) -> Iterator[Obligation]:
        """What an end in this state may do unseen by this time. Of what came over one channel it takes the oldest
        first: were any order open, n messages that change nothing would leave 2 to the n states."""
        lanes = set()
        for o in h.due:
            if o.do in self.unseen and o.t <= t + self.margin.ms:
                if o.taken is None or o.taken.channel not in lanes:
                    yield o
                if o.taken is not None:
                    lanes.add(o.taken.channel)

    def _note(self, h: _Hypothesis, e: Event) -> None:
        if e.do in ("SendData", "Deliver"):  # nearly all that is done, and always by the same rule
            self.exercised.add("FLOW-1")
        else:
            exercise.action(self.rules, h.state, h.due, e, self.exercised)

    # Divergences.

    def _not_allowed(self, h: _Hypothesis, e: Event, why: NotEnabled) -> Divergence:
        s = h.state
        if h.ignored and e.t == s.t and e.do in TAKEN:
            heard = s.but(inbox=(*s.inbox, *h.ignored))
            try:
                step(self.rules, heard, e)
            except NotEnabled as better:
                s, why = heard, better
        why = because(self.rules, s, e, why)
        return Divergence(
            0, self._index, e.t, self.role, why.rule, "not-allowed", e, why.text, why.also,
            self._allowed(h), _due(h), _shown(h.state),
        )  # fmt: skip

    def _not_done(self, states: list[_Hypothesis], e: Event) -> Divergence:
        h = max(states, key=lambda h: h.soonest)
        late = [o for o in h.due if h.since[o.do, o.rule] + self.margin.ms < e.t]
        missed = [o for o in late if o.do not in self.unseen] or late
        first = min(missed, key=lambda o: o.t)
        due = tuple(Due(o.rule, o.do, o.t) for o in missed)
        did = None if e.do == "Tick" else e
        words = f"{first.do} was due at {first.t} ms"
        also = tuple(dict.fromkeys(d.rule for d in due if d.rule != first.rule))
        return Divergence(
            0,
            self._index,
            e.t,
            self.role,
            first.rule,
            "not-done",
            did,
            words,
            also,
            self._allowed(h),
            due,
            _shown(h.state),
        )

    def _allowed(self, h: _Hypothesis) -> tuple[str, ...]:
        """What the end could do at this moment, in words."""
        own: tuple[Do, ...] = ("Start", "Request", "SendData", "SendHeartbeat", "SendNotice", "Suspect", "Refuse")
        s, r = h.state, self.rules
        free = [do for do in own if false_guard(r.own, do, r, s, s.t, NOTHING) is None]
        taking = [f"{do} ({_brief(m)})" for m in s.inbox if (do := taker(r, s, s.t, m)) and do not in _SILENT]
        close = [f"{o.do} ({o.rule})" for o in h.due if o.do == "Close" and o.t <= s.t]
        until = f"until {h.soonest} ms" if h.soonest < NEVER else "until something happens"
        wait = [f"let time pass {until}"] if h.soonest > s.t else []
        return (*taking, *free, *close, *wait)


_MOST = 4096
"""How many states a log may leave open before the rest is given up; a coarse log that hides everything reaches it."""


def _may_be_silent(r: Rules, s: End) -> bool:
    """Is there anything in the inbox that an unseen action might take? Not if it is one authentic message of data."""
    if len(s.inbox) != 1:
        return bool(s.inbox)
    m = s.inbox[0]
    return m.kind != "data" or not sealed(m) or m.channel != r.policy.data_channel


def _distinct(found: list[_Hypothesis]) -> list[_Hypothesis]:
    """One of those that agree on the state: the first."""
    distinct: dict[End, _Hypothesis] = {}
    for h in found:
        distinct.setdefault(h.state, h)
    return list(distinct.values())


def _due(h: _Hypothesis) -> tuple[Due, ...]:
    return tuple(Due(o.rule, o.do, o.t) for o in sorted(h.due, key=lambda o: o.t))


def _brief(m: Message) -> str:
    return f"{m.kind} {m.number or m.negotiation}".strip()


def _shown(s: End) -> dict[str, object]:
    """The fields of a state that differ from a fresh end's, for a person to read."""
    plain = End(s.role, 0)
    return {
        f.name: getattr(s, f.name)
        for f in fields(s)
        if f.name == "role" or getattr(s, f.name) != getattr(plain, f.name)
    }


def judge(
    policy: Policy,
    role: Role,
    events: Iterable[Event],
    margin: Margin = EXACT,
    hidden: Iterable[Do] = (),
) -> tuple[Divergence | None, frozenset[str]]:
    """Follow a whole log of one end: the first divergence if any, and the rules it exercised before that."""
    oracle = Oracle(policy, role, margin, hidden)
    for e in events:
        found = oracle.observe(e)
        if found is not None:
            return found, frozenset(oracle.exercised)
    return None, frozenset(oracle.exercised)
