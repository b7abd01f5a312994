"""The state of many links at once: an array for each thing that a link's two ends remember.

Here are also the two changes that everything else is made of: a heartbeat leaves, a key is replaced.

Between busy periods both ends agree on the count and differ in times by one latency, so one lane describes both. Times
are ms; NEVER is no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from rekeyspec.benchmarks.policies.counts import Counts, Ints, histogram, seconds
from rekeyspec.reference.messages import CONTROL_BYTES
from rekeyspec.reference.policy import Policy

NEVER: Final = 1 << 60
Where = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Terms:
    """The numbers of a policy that the closed forms read."""

    policy: Policy
    latency: int
    until: int
    spread: int = 0
    """Links open in the first so many ms of the clock that `by_second` goes by."""

    def __post_init__(self) -> None:
        """Computed once: they are read in the innermost loops."""
        p = self.policy
        full = p.limit + (p.byte_test == "exceeded") if p.limit else NEVER
        derived: dict[str, Any] = {
            "full": full,
            "at_once": p.byte_trigger == "at-once" and p.limit > 0,
            "beats": bool(p.beating),
            "period": p.idle_period,
            "interval": p.heartbeat_interval,
            "control": CONTROL_BYTES if p.byte_counts == "data+control" and p.limit else 0,
            "marks": p.idle_trigger == "heartbeat",
            "idles": p.rekey_idle if p.idle_trigger == "period" else 0,
            "holds": p.while_waiting == "hold",
            "age": p.age_limit,
            "aging": p.age_limit > 0 and p.age_trigger != "data",
            "active": p.age_trigger == "active" and p.idle_period > 0,
            "sender": p.rekey_initiator == "sender",
            "rejects": p.reject_trigger == "heartbeat",
            "lifetime": p.session_lifetime if p.session_cache == "on" else 0,
            "queue": p.queue_limit,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    full: int = 0
    """A count of so many bytes calls for a new key."""
    at_once: bool = False
    beats: bool = False
    period: int = 0
    interval: int = 0
    control: int = 0
    """Bytes that a heartbeat, and its reply, adds to the count."""
    marks: bool = False
    """A marked key carries no more data."""
    idles: int = 0
    """So long an idleness calls for a new key; 0: none does."""
    holds: bool = False
    age: int = 0
    aging: bool = False
    """The client renews for age alone."""
    active: bool = False
    """... only where the link is in use."""
    sender: bool = False
    rejects: bool = False
    lifetime: int = 0
    queue: int = 0


class Tally:
    """What has been counted so far; values for histograms are kept until `counts`, and binned once."""

    __slots__ = ("delay_const", "kept", "sums", "terms")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.sums: dict[str, int] = dict.fromkeys(
            ("messages", "bytes", "negotiations", "needless", "abbreviated", "heartbeats", "refused"), 0
        )
        names = ("delay", "key_bytes", "life", "use_server", "use_client", "starts", "resumed")
        self.kept: dict[str, list[Ints]] = {name: [] for name in names}
        self.delay_const: dict[str, dict[int, int]] = {name: {} for name in names}

    def add(self, name: str, amount: int) -> None:
        """So many more."""
        self.sums[name] += amount

    def keep(self, name: str, values: Ints) -> None:
        """These values belong to a histogram."""
        if values.size:
            self.kept[name].append(values)

    def repeat(self, name: str, value: int, times: int) -> None:
        """The same value so many times."""
        many = self.delay_const[name]
        many[value] = many.get(value, 0) + times

    def counts(self, links: int) -> Counts:
        """The counts of so many links."""
        t = self.terms
        found = Counts(t.until, links=links, by_second=seconds(t.until + t.spread))
        for name, amount in self.sums.items():
            setattr(found, name, amount)
        for name, parts in self.kept.items():
            if name in ("starts", "resumed"):
                continue
            values = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
            many = self.delay_const[name]
            bins = histogram(values)
            if many:
                bins += histogram(np.array(list(many), dtype=np.int64), np.array(list(many.values()), dtype=np.int64))
            setattr(found, name, bins)
            largest = max(int(values.max(initial=0)), *(many or (0,)), 0)
            setattr(found, f"{name}_max", largest)
            if name == "delay":
                found.delayed, found.delay_sum = values.size, int(values.sum())
            if name == "life":
                found.keys = values.size + sum(many.values())
        found.by_second = self._seconds("starts", found.by_second)
        found.abbreviated_by_second = self._seconds("resumed", found.abbreviated_by_second)
        return found

    def _seconds(self, name: str, noughts: Ints) -> Ints:
        kept = self.kept[name]
        return np.bincount(np.concatenate(kept) // 1000, minlength=noughts.size) if kept else noughts


class Lanes:
    """Links in lock-step. `take` copies some of them, `put` writes them back."""

    ARRAYS: Final = ("fc", "fs", "count", "data", "mark", "ac", "sc", "beat", "last_beat", "session_c", "session_s",
                     "z", "who", "waiting", "begun", "bare", "origin")  # fmt: skip
    fc: Ints
    """When the key came into force at the client; `fs`: at the server."""
    fs: Ints
    count: Ints
    """Bytes under the key that count; `data`: of data alone."""
    data: Ints
    mark: Ints
    """When the client sent the first heartbeat under the key; a latency later the server is marked."""
    ac: Ints
    """Since when the client is idle; `sc`: the server."""
    sc: Ints
    beat: Ints
    """When the client's next heartbeat is due; `last_beat`: when the latest left."""
    last_beat: Ints
    session_c: Ints
    """Until when the client may resume its session; `session_s`: the server."""
    session_s: Ints
    z: Ints
    """When the latest data left, and which end's it was (`who`)."""
    who: Ints
    waiting: Ints
    """At most so many bytes have waited at once in the present wait."""
    begun: Ints
    """When the client has started a negotiation for age, where the server, which sent data, has not heard of it yet."""
    bare: Ints
    """1 where no data had been sent under the key by `begun`."""
    origin: Ints
    """When the link opened, by the clock of `by_second`; all other times are since then."""

    def __init__(self, terms: Terms, tally: Tally) -> None:
        self.t, self.tally = terms, tally

    @classmethod
    def opened(cls, terms: Terms, tally: Tally, origin: Ints) -> Self:
        """Links that open then, on which the client has just started the first negotiation."""
        self = cls(terms, tally)
        for name in cls.ARRAYS:
            setattr(self, name, np.zeros(origin.size, dtype=np.int64))
        lat = terms.latency
        self.origin += origin
        self.fc += 2 * lat
        self.fs += 3 * lat
        self.mark += NEVER
        self.begun += NEVER
        self.sc += lat
        self.beat += terms.period
        self.last_beat -= NEVER
        self.session_c += 2 * lat + terms.lifetime
        self.session_s += 3 * lat + terms.lifetime
        self.z -= NEVER
        if terms.until > 0:
            tally.add("negotiations", origin.size)
            tally.keep("starts", origin)
        return self

    def take(self, where: Where) -> Self:
        """A copy of some lanes."""
        new = type(self)(self.t, self.tally)
        for name in self.ARRAYS:
            setattr(new, name, getattr(self, name)[where])
        return new

    def put(self, where: Where, some: Self) -> None:
        """Write these lanes back."""
        for name in self.ARRAYS:
            getattr(self, name)[where] = getattr(some, name)

    def heartbeats(self, last: Ints) -> None:
        """HB-1, HB-2: every heartbeat that is due by `last` leaves."""
        t = self.t
        if not t.beats:
            return
        due = np.flatnonzero(self.beat <= np.minimum(last, t.until - 1))
        if not due.size:
            return
        first = self.beat[due]
        sent = (np.minimum(last[due], t.until - 1) - first) // t.interval + 1
        self.tally.add("heartbeats", int(sent.sum()))
        self.mark[due] = np.minimum(self.mark[due], first)
        self.last_beat[due] = first + (sent - 1) * t.interval
        self.beat[due] = first + sent * t.interval
        if t.control:
            self.count[due] += 2 * t.control * sent

    def start(self, where: Where, at: Ints, by_server: Flags | bool, needed: Flags) -> None:
        """A negotiation starts here at `at`, each before `until`: the key is replaced. It is needed where data was sent
        under the key by then, or waited."""
        if not where.size:
            return
        t, tally, lat = self.t, self.tally, self.t.latency
        tally.add("negotiations", where.size)
        tally.add("needless", where.size - int(np.count_nonzero(needed)))
        tally.keep("starts", at + self.origin[where])
        late = np.asarray(by_server).astype(np.int64) * lat
        fc, fs = at + 2 * lat + late, at + 3 * lat - late
        self.retire(where, fc, fs)
        if t.lifetime:
            self._sessions(where, at, by_server, fc, fs)
        self.fc[where], self.fs[where] = fc, fs
        self.count[where] = 0
        self.data[where] = 0
        self.mark[where] = NEVER
        self.begun[where] = NEVER
        self.ac[where] = np.maximum(self.ac[where], at + late)  # data may have come after the start
        self.sc[where] = np.maximum(self.sc[where], at + lat - late)
        self.beat[where] = self.ac[where] + t.period

    def retire(self, where: Where, fc: Ints, fs: Ints) -> None:
        """Count these keys: the next is in force at the client from `fc` on, at the server from `fs`."""
        t, tally = self.t, self.tally
        first = np.minimum(self.fc[where], self.fs[where])
        seen = first < t.until
        if not seen.all():
            where, fc, fs, first = where[seen], fc[seen], fs[seen], first[seen]
        tally.keep("key_bytes", self.data[where])
        tally.keep("life", np.minimum(np.maximum(fc, fs), t.until) - first)
        if "client" in t.policy.offering:
            end = np.minimum(fs, self.mark[where] + t.latency) if t.rejects else fs
            tally.keep("use_server", np.minimum(end, t.until) - first)
        if "server" in t.policy.offering:
            tally.keep("use_client", np.minimum(fc, t.until) - first)

    def _sessions(self, where: Where, at: Ints, by_server: Flags | bool, fc: Ints, fs: Ints) -> None:
        """CACHE-1: the starter offers its session while it lives, the other resumes it while it lives there too."""
        t, lat = self.t, self.t.latency
        answered = at + lat
        mine, theirs = self.session_c[where], self.session_s[where]
        starter, other = np.where(by_server, theirs, mine), np.where(by_server, mine, theirs)
        resumed = (at < starter) & (answered < other)
        seen = resumed & (answered < t.until)
        self.tally.add("abbreviated", int(np.count_nonzero(seen)))
        self.tally.keep("resumed", (at + self.origin[where])[seen])
        self.session_c[where] = np.where(resumed, mine, fc + t.lifetime)
        self.session_s[where] = np.where(resumed, theirs, fs + t.lifetime)
