"""The answer: the policy that keeps the bound for the least, or why none does within the budget."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rekeyspec.benchmarks.advice.search import BASE, Tried
from rekeyspec.benchmarks.advice.wanted import Priced, Wanted
from rekeyspec.benchmarks.cost.choices import shown
from rekeyspec.benchmarks.cost.costs import Costs
from rekeyspec.benchmarks.results import Results


@dataclass(frozen=True)
class Answer:
    """What was found. `chosen` is None where no candidate keeps both; then the two that come nearest say why."""

    wanted: Wanted
    prices: Priced
    tried: Sequence[Tried]
    chosen: Tried | None
    safest: Tried | None
    """Within the budget, the one that exposes least; None: none is within it."""
    cheapest: Tried | None
    """Within the bound, the one that costs least; None: none is within it."""
    complete: bool = True
    """False where an interrupt came before all had been tried."""

    def results(self) -> Results:
        """In the common form."""
        wanted = {name: value for name, value in asdict(self.wanted).items() if name != "offers"}
        rows = [_row(self.wanted, one, one is self.chosen) for one in self.tried]
        settings = {"wanted": wanted, "base": BASE, "costs": self.prices.source}
        return Results("advise", settings, (self.wanted.seed,), {"tried": rows}, list(words(self)), self.complete)


def within_budget(w: Wanted, one: Tried) -> bool:
    """Does it cost no more than may be spent?"""
    return (w.overhead is None or one.overhead <= w.overhead) and (w.cpu is None or one.cpu <= w.cpu)


def within_bound(w: Wanted, one: Tried) -> bool:
    """Does it expose no more than may be exposed?"""
    return (w.key_bytes is None or one.key_bytes <= w.key_bytes) and (w.use is None or one.use <= w.use)


def exposed(w: Wanted, one: Tried) -> float:
    """How many times the bound it exposes: the worst of those that were given."""
    parts = [one.key_bytes / w.key_bytes if w.key_bytes else 0.0, one.use / w.use if w.use else 0.0]
    return max(parts)


def answered(wanted: Wanted, prices: Priced, tried: Sequence[Tried], complete: bool = True) -> Answer:
    """Of those that keep both, the one that costs least; where several cost the same, the one that exposes least."""

    def cost(one: Tried) -> tuple[float, float, float]:
        return (one.cpu, exposed(wanted, one), one.use)

    def exposure(one: Tried) -> tuple[float, float]:
        return (exposed(wanted, one), one.cpu)

    cheap = [one for one in tried if within_budget(wanted, one)]
    safe = [one for one in tried if within_bound(wanted, one)]
    return Answer(
        wanted, prices, tried,
        min((one for one in safe if within_budget(wanted, one)), key=cost, default=None),
        min(cheap, key=exposure, default=None),
        min(safe, key=cost, default=None),
        complete,
    )  # fmt: skip


def policy_file(found: Answer) -> str:
    """The policy as a file, with the numbers behind it as comments. Only where there is one."""
    assert found.chosen is not None
    lines = [f"# {line}" for text in words(found) for line in textwrap.wrap(text, 110)]
    lines += ["policy: 0", f"profile: {BASE}", "parameters:"]
    lines += [f"  {name}: {value}" for name, value in found.chosen.changes.items()]
    return "\n".join(lines) + "\n"


def words(found: Answer) -> Iterator[str]:
    """The answer for people, a sentence or two at a time."""
    w, p = found.wanted, found.prices
    yield f"Asked: workload {w.workload}, {_how(w)}; {_asked(w)}. {len(found.tried)} policies were tried."
    if not found.complete:
        yield "It was interrupted: there may be better ones."
    if not found.tried:
        return
    example = found.tried[0]
    if example.data_cpu:
        equal = p.full.cpu.both / p.byte(example.message).both
        yield (
            f"A full negotiation takes {_ms(p.full.cpu.both)} of CPU, both ends together, as much as {shown(equal)} of "
            f"this data; an abbreviated one {_ms(p.abbreviated.cpu.both)} ({p.source})."
        )
    if found.chosen is not None:
        yield f"Use {_changes(found.chosen)}."
        yield _numbers(found.chosen)
        if found.chosen.policy.idle_trigger == "never":
            yield (
                "After idleness the old key goes on here (IDLE-1 and IDLE-3 are off): its age alone bounds how long a "
                "cracked one is of use."
            )
        return
    yield "None of them keeps both."
    if found.cheapest is not None:
        yield f"The cheapest that exposes no more: {_changes(found.cheapest)}. {_numbers(found.cheapest)}"
    else:
        yield "None exposes no more than asked, whatever it costs."
    if found.safest is not None:
        yield f"The safest within the budget: {_changes(found.safest)}. {_numbers(found.safest)}"
    else:
        yield "None is within the budget, whatever it exposes."
    yield from _why(found, example)


def _why(found: Answer, example: Tried) -> Iterator[str]:
    """The arithmetic."""
    w, full = found.wanted, found.prices.full.cpu.both
    if not example.data_cpu:
        if w.overhead is not None:
            yield "Nobody sends anything in this workload, so every negotiation is overhead: give --cpu instead."
        return
    byte = found.prices.byte(example.message).both
    if w.overhead is not None:
        least = Costs.volume_for(found.prices.full, found.prices.byte(example.message), w.overhead)
        daily = example.mib * (1 << 20)
        yield f"For {w.overhead:.3g} of what the data costs, a key must carry {shown(least)}."
        if daily < least:
            yield (
                f"A link's users send {shown(daily)} a day: one negotiation a day is already "
                f"{full / (byte * daily):.1%} of what that costs. On such a link a part of the data's cost is no "
                "useful budget; give --cpu instead."
            )
        elif w.key_bytes is not None and w.key_bytes < least:
            yield (
                f"A key that carries {shown(w.key_bytes)} costs {full / (byte * w.key_bytes):.1%} at best: by these "
                "two numbers alone no policy can keep both."
            )


def _numbers(one: Tried) -> str:
    over = f" ({one.overhead:.2%} of what the data takes)" if one.data_cpu else ""
    return (
        f"A link and day: {one.negotiations:,.1f} negotiations, {one.needless:,.1f} of them needless, {_ms(one.cpu)} "
        f"of CPU{over}; at most {shown(one.key_bytes)} under one key; a cracked key is of use for {_time(one.use)} at "
        f"most; {one.delayed:,.1f} messages wait for a key or a reply, 99 of 100 no longer than {one.delay_p99} ms."
    )


def _how(w: Wanted) -> str:
    return f"{w.cipher}, {w.certificate}, {w.group}, {w.authentication}"


def _asked(w: Wanted) -> str:
    parts = []
    if w.overhead is not None:
        parts.append(f"negotiations add {w.overhead:.3g} at most to what the data costs")
    if w.cpu is not None:
        parts.append(f"they take {_ms(w.cpu)} of CPU a link and day at most")
    if w.key_bytes is not None:
        parts.append(f"at most {shown(w.key_bytes)} under one key")
    if w.use is not None:
        parts.append(f"a cracked key is of use for {_time(w.use)} at most")
    return "; ".join(parts)


def _changes(one: Tried) -> str:
    return f"{BASE} with " + ", ".join(f"{name} {value}" for name, value in one.changes.items())


def _row(w: Wanted, one: Tried, chosen: bool) -> dict[str, Any]:
    names = ("byte_limit", "age_limit", "age_trigger", "idle_period", "idle_trigger", "reject_trigger", "session_cache")
    kept = {name: getattr(one.policy, name) for name in names}
    numbers = {
        "negotiations_per_day": one.negotiations, "needless_per_day": one.needless,
        "negotiation_cpu_s_per_day": one.cpu, "data_cpu_s_per_day": one.data_cpu,
        "overhead": one.overhead if one.data_cpu else None, "key_bytes_max": one.key_bytes,
        "cracked_of_use_max_s": one.use, "delayed_per_day": one.delayed, "delay_p99_ms": one.delay_p99,
    }  # fmt: skip
    return kept | numbers | {
        "within_budget": within_budget(w, one), "within_bound": within_bound(w, one), "chosen": chosen,
    }  # fmt: skip


def _ms(seconds: float) -> str:
    return (
        f"{seconds * 1e6:,.0f} us"
        if seconds < 0.001
        else f"{seconds * 1000:,.3g} ms"
        if seconds < 1
        else f"{seconds:,.3g} s"
    )


def _time(seconds: float) -> str:
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"
