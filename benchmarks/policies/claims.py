"""What K claims for its method, each with the number that bears it out or contradicts it."""

from __future__ import annotations

from typing import Final

import numpy as np

from rekeyspec.benchmarks.policies import forging
from rekeyspec.benchmarks.policies.counts import Counts
from rekeyspec.benchmarks.policies.dead import instants, watched
from rekeyspec.benchmarks.policies.play import reference_counts
from rekeyspec.benchmarks.policies.problems import agreed, busy, idle
from rekeyspec.benchmarks.policies.rows import MIB, Prices, Row
from rekeyspec.benchmarks.policies.vectorised import simulate
from rekeyspec.benchmarks.policies.workloads import DAY, WORKLOADS
from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.policy import Policy

SEED: Final = 1
LINKS: Final = 200
DEATHS: Final = 25
HOLDS, NOT_SO, PARTLY = "holds", "contradicted", "holds in part"


def claims(latency: int, prices: Prices) -> list[Row]:
    """A row for each claim, with the policies compared and what they count."""
    parts = (_idle(latency), _spoofs(latency), _busy(latency), _heartbeats(latency), _missing(latency))
    return [row for part in parts for row in part] + _sessions(latency, prices)


def _row(where: str, claim: str, verdict: str, number: str) -> Row:
    return {"source": where, "claim": claim, "verdict": verdict, "number": number}


def _office(policy: Policy, latency: int) -> Counts:
    return simulate(policy, WORKLOADS["office"].periods(SEED, range(LINKS), DAY), latency, DAY)


def _idle(latency: int) -> list[Row]:
    p = profiles()
    silent = {name: idle(p[name], latency) for name in ("timed", "key-based", "combined")}
    work = {name: _office(p[name], latency) for name in ("timed", "key-based")}
    any_idleness = p["key-based"].but(idle_trigger="any", reject_trigger="never")
    few = WORKLOADS["office"].periods(SEED, range(5), DAY)
    often = reference_counts(any_idleness, few, latency, DAY)
    seldom = reference_counts(p["key-based"], few, latency, DAY)
    return [
        _row("K advantage (i)", "renegotiation only when absolutely necessary on idle links",
             HOLDS if not silent["key-based"].needless else NOT_SO,
             f"needless in an idle day: key-based {silent['key-based'].needless}, timed {silent['timed'].needless}; in "
             f"an office day: key-based {work['key-based'].needless / LINKS:g} of "
             f"{work['key-based'].negotiations / LINKS:.1f}, timed {work['timed'].needless / LINKS:.1f} of "
             f"{work['timed'].negotiations / LINKS:.1f}"),
        _row("K advantage (i)", "... which our combined profile gives up for its age limit", NOT_SO,
             f"combined: {silent['combined'].needless} needless in an idle day (an hour's age limit by timer)"),
        _row("K summary (K:C3)", "short periods of idleness do not cause a negotiation",
             HOLDS if seldom.negotiations < often.negotiations else NOT_SO,
             f"an office day, key-based: {seldom.negotiations / 5:g} negotiations; if any idleness counted: "
             f"{often.negotiations / 5:g}"),
    ]  # fmt: skip


def _spoofs(latency: int) -> list[Row]:
    p = profiles()
    tried = {name: forging.data(p[name], latency, DAY) for name in ("timed", "byte-count", "key-based", "combined")}
    back = forging.data(p["combined"], latency, DAY, "client")
    key = tried["key-based"]
    use = idle(p["key-based"], latency).use_server_max / 1000
    return [
        _row("K advantage (ii)", "a spoof is detected although it has the correct key",
             PARTLY if key.delivered else HOLDS,
             f"of {key.tried} forged messages, one a minute of an idle day, delivered: key-based {key.delivered}, "
             f"combined {tried['combined'].delivered}, timed {tried['timed'].delivered}, byte-count "
             f"{tried['byte-count'].delivered}. Before the first heartbeat nothing is detected: {use:g} s"),
        _row("K advantage (ii)", "... towards the client too, where data flows both ways",
             NOT_SO if back.delivered else HOLDS,
             f"of {back.tried} forged messages to the client under combined {back.delivered} are delivered: only who "
             "receives heartbeats rejects"),
        _row("K description", "no security exposure after a period of idleness",
             HOLDS if key.delivered * forging.MINUTE <= 300_000 + forging.MINUTE else NOT_SO,
             f"key-based, idle day: forged data is delivered for {use:g} s, and not after; but each "
             f"that is refused costs the link:"
             f" {key.closed} of {key.tried} end it (on_spoof close)"),
    ]  # fmt: skip


def _busy(latency: int) -> list[Row]:
    p = profiles()
    loud = {name: busy(p[name], latency) for name in ("timed", "byte-count", "key-based")}
    wait = loud["key-based"]
    return [
        _row("K advantage (iii)", "a busy link changes its key regularly, which limits what one key protects",
             HOLDS if loud["key-based"].key_bytes_max < loud["timed"].key_bytes_max else NOT_SO,
             f"at 6.25 MiB/s the largest key carries: key-based {loud['key-based'].key_bytes_max / MIB:.2f} MiB, timed "
             f"{loud['timed'].key_bytes_max / MIB:.0f} MiB"),
        _row("K description", "this solution also copes with a busy link",
             PARTLY if wait.delayed else HOLDS,
             f"at 6.25 MiB/s and a limit of 1 MiB: {wait.negotiations} negotiations in ten minutes where timed has "
             f"{loud['timed'].negotiations}, and {wait.delayed / wait.messages:.0%} of all messages wait, up to "
             f"{wait.delay_max} ms"),
    ]  # fmt: skip


def _heartbeats(latency: int) -> list[Row]:
    p = profiles()
    key = idle(p["key-based"], latency)
    often = p["key-based"].but(idle_period=10_000, reply_timeout=5_000)
    short = idle(often, latency)
    clear, sealed = forging.heartbeats(p["key-based"], latency, 20), forging.heartbeats(p["combined"], latency, 20)
    counted = idle(p["messaging"], latency)
    return [
        _row("K advantage (iv)", "heartbeats carry no data, hence are useless to who has the key",
             NOT_SO if key.bytes else HOLDS,
             f"{key.heartbeats} heartbeats in an idle day carry {key.bytes} bytes of data"),
        _row("K description", "no need to detect spoof heartbeats, for they compromise no data",
             NOT_SO if clear.closed else HOLDS,
             f"of {clear.tried} forged heartbeats on a link in use {clear.closed} end it under key-based (clear), "
             f"{sealed.closed} under combined (protected)"),
        _row("K description", "heartbeats do not contribute to the byte total",
             NOT_SO if key.key_bytes_max else HOLDS,
             f"key-based {key.key_bytes_max} bytes after {key.heartbeats} heartbeats; messaging, which counts them, "
             f"would count {64 * counted.heartbeats} bytes a day of 1048576"),
        _row("K description", "a period of 10 s is too short: numerous heartbeats; five minutes are appropriate",
             HOLDS if short.heartbeats > key.heartbeats else NOT_SO,
             f"heartbeats in an idle day: {short.heartbeats} at 10 s, {key.heartbeats} at five minutes; a cracked key "
             f"is of use {short.use_server_max / 1000:g} s and {key.use_server_max / 1000:g} s"),
    ]  # fmt: skip


def _missing(latency: int) -> list[Row]:
    p = profiles()
    when = instants(SEED, 2, DAY, DEATHS)
    swallowed = {name: watched(p[name], (), latency, DAY, when)[1] for name in ("key-based", "messaging")}
    longest = swallowed["key-based"].most("server")
    late = {name: forging.slower(p[name], latency, 1) for name in ("key-based", "combined")}
    return [
        _row("K:C17", "who consumes heartbeats cannot prolong a key's life: the server closes",
             HOLDS if longest is not None else NOT_SO,
             f"heartbeats swallowed from {DEATHS} instants of an idle day on: key-based closes after at most "
             f"{(longest or 0) / 1000:g} s; messaging, whose server does not watch, never in "
             f"{swallowed['messaging'].never('server')} of {DEATHS}"),
        _row("K:C17", "the server's period may be the same as the client's",
             NOT_SO if late["key-based"] else HOLDS,
             f"a heartbeat 1 ms slower than what came before ends the healthy link: key-based "
             f"{'yes' if late['key-based'] else 'no'}, combined (grace 35 s) {'yes' if late['combined'] else 'no'}"),
    ]  # fmt: skip


def _sessions(latency: int, prices: Prices) -> list[Row]:
    policy = profiles()["key-based"]
    periods = WORKLOADS["messaging"].periods(SEED, range(LINKS), DAY)
    full = simulate(policy, periods, latency, DAY)
    cached = simulate(policy.but(session_cache="on"), periods, latency, DAY)
    part = agreed(policy.but(session_cache="on"), periods.take(np.arange(2)), latency, DAY, DAY)
    cpu = [(prices.of(one) - prices.byte * one.bytes) / LINKS for one in (full, cached)]
    return [
        _row("K description", "session caching makes renegotiation less processor intensive",
             HOLDS if cpu[1] < cpu[0] else NOT_SO,
             f"messaging, key-based: {cached.abbreviated / cached.negotiations:.0%} of negotiations are abbreviated "
             f"(sessions of an hour; by step {part.abbreviated / part.negotiations:.0%}), CPU of negotiations "
             f"{cpu[1] * 1000:.1f} ms a day instead of {cpu[0] * 1000:.1f} ms ({prices.origin})"),
    ]  # fmt: skip
