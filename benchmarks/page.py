"""The tables of docs/costs.md, made of one run: `python -m rekeyspec.benchmarks.page DIR`.

DIR is where `bench cost`, `bench policies` and `bench fleet` have left what they found. Each table stands in the page
between two marks; what is between them is replaced, and the figures are copied beside the page.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from rekeyspec.benchmarks.cost.choices import shown
from rekeyspec.conformance.report.output import write_whole
from rekeyspec.conformance.target import BadInput

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "costs.md"
FIGURES: Final = ("cost", "policies", "fleet")
NUMBER: Final = re.compile(r"–|never|-?\d[\d,.]*(?: ?%| [KMGT]?i?B)?")
MARK: Final = re.compile(r"(<!-- (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


class Document(msgspec.Struct):
    """What a bench leaves, as far as the page shows it."""

    bench: str
    form: int
    date: str
    complete: bool
    machine: dict[str, Any]
    versions: dict[str, str]
    settings: dict[str, Any]
    notes: list[str]
    tables: dict[str, list[dict[str, Any]]]


def read(folder: Path) -> dict[str, Document]:
    """The three documents. Raises BadInput."""
    found = {}
    for name in FIGURES:
        path = folder / f"{name}.json"
        try:
            found[name] = msgspec.json.decode(path.read_bytes(), type=Document)
        except (OSError, msgspec.MsgspecError) as why:
            raise BadInput(f"{path}: {why}; run `rekeyspec bench {name} --output {folder}` first") from None
        if not found[name].complete:
            raise BadInput(f"{path}: the run was interrupted; run `rekeyspec bench {name} --output {folder}` again")
    return found


def table(heads: Sequence[str], rows: Iterator[Sequence[object]]) -> str:
    """A table in Markdown; numbers stand at the right."""
    body = [[_cell(one) for one in row] for row in rows]
    right = [all(NUMBER.fullmatch(line[column]) for line in body) for column in range(len(heads))]
    lines = [heads, ["---:" if one else "---" for one in right], *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value).replace("|", "\\|")


def _machine(found: Mapping[str, Document]) -> str:
    lines = []
    for name, one in found.items():
        m, v = one.machine, one.versions
        lines.append(
            f"- `bench {name}`: {one.date[:10]}, {m['processor']}, {m['cores']} cores, {m['memory'] >> 30} GiB, Python "
            f"{v['python']}, {v.get('openssl', 'no OpenSSL')}.\n"
        )
    return "".join(lines)


def _keys(found: Mapping[str, Document]) -> str:
    t = found["cost"].tables
    names = ("certificate", "group", "authentication", "cipher")
    first = {name: found["cost"].settings[f"{name}s" if name != "authentication" else "authentications"][0]
             for name in names}  # fmt: skip
    negotiations = {_key(row): row for row in t["negotiations"]}
    seen: set[str] = set()

    def rows() -> Iterator[Sequence[object]]:
        for row in t["thresholds"]:
            if row["negotiation"] in seen or any(row[name] not in ("", first[name]) for name in names):
                continue
            seen.add(row["negotiation"])
            cost = negotiations[_key(row)]
            yield (
                row["negotiation"], f"{(cost['client_s'] + cost['server_s']) * 1e6:,.0f}",
                f"{cost['client_s'] * 1e6:,.0f}", f"{cost['server_s'] * 1e6:,.0f}",
                f"{cost['stall_p50_s'] * 1e3:.2f}", f"{cost['stall_p99_s'] * 1e3:.2f}",
                cost["to_server_bytes"] + cost["to_client_bytes"], shown(row["equal_bytes"]),
                shown(row["volume_10%"]), shown(row["volume_1%"]), shown(row["volume_0.1%"]),
            )  # fmt: skip

    heads = ("negotiation", "CPU us, both", "client", "server", "waits ms, p50", "p99", "bytes", "as much as", "10 %",
             "1 %", "0.1 %")  # fmt: skip
    return table(heads, rows())


def _key(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ("negotiation", "certificate", "group", "authentication", "cipher"))


def _certificates(found: Mapping[str, Document]) -> str:
    t = found["cost"].tables["negotiations"]
    s = found["cost"].settings
    wanted = [
        row for row in t
        if row["negotiation"] == "tls1.3-full" and row["authentication"] == s["authentications"][0]
        and row["cipher"] == s["ciphers"][0] and (row["group"] == s["groups"][0]
        or row["certificate"] == s["certificates"][0])
    ]  # fmt: skip
    return table(
        ("certificate", "group", "CPU us, client", "server", "bytes"),
        ((row["certificate"], row["group"], f"{row['client_s'] * 1e6:,.0f}", f"{row['server_s'] * 1e6:,.0f}",
          row["to_server_bytes"] + row["to_client_bytes"]) for row in wanted),
    )  # fmt: skip


def _model(found: Mapping[str, Document]) -> str:
    points = [row for row in found["cost"].tables["points"] if row["basis"] == "measured"]
    volumes = sorted({row["volume"] for row in points})

    def rows() -> Iterator[Sequence[object]]:
        for volume in volumes:
            errors = sorted(abs(row["error"]) for row in points if row["volume"] == volume)
            within = sum(error <= 0.1 for error in errors)
            yield (
                shown(volume), len(errors), within, f"{errors[len(errors) // 2]:.1%}", f"{errors[-1]:.1%}",
                f"{min(row['quiet'] for row in points if row['volume'] == volume)}",
            )  # fmt: skip

    return table(("data per key", "points", "within 10 %", "median error", "worst", "fewest quiet samples"), rows())


def _claims(found: Mapping[str, Document]) -> str:
    return _plain(found["policies"].tables["claims"])


def _problems(found: Mapping[str, Document]) -> str:
    return _plain(found["policies"].tables["problems"])


def _modem(found: Mapping[str, Document]) -> str:
    return _plain(found["policies"].tables["modem"])


def _plain(rows: Sequence[Row]) -> str:
    return table([name.replace("_", " ") for name in rows[0]], (list(row.values()) for row in rows))


def _front(found: Mapping[str, Document]) -> str:
    t = found["policies"].tables
    rows = {(row["workload"], row["policy"]): row for row in t["rows"]}

    def lines() -> Iterator[Sequence[object]]:
        for one in t["front"]:
            row = rows[one["workload"], one["policy"]]
            use = max(row["cracked_of_use_to_server_max_s"], row["cracked_of_use_to_client_max_s"])
            yield (
                row["workload"], row["policy"], row["negotiations_per_day"], row["needless_per_day"],
                row["cpu_s_of_negotiations_per_day"] * 1000, shown(row["key_bytes_max"]), use / 60,
                row["delayed_per_day"], row["delay_p99_ms"], row["dead_server_noticed_median_s"],
            )  # fmt: skip

    heads = ("workload", "policy", "negotiations a day", "needless", "CPU ms", "most under one key",
             "cracked key of use, min", "messages that wait", "p99 ms", "dead server noticed, s")  # fmt: skip
    return table(heads, lines())


def _day(found: Mapping[str, Document]) -> str:
    (row,) = found["fleet"].tables["day"]
    names = ("links", "hours", "busy_periods", "messages", "negotiations", "would_be_abbreviated", "needless",
             "heartbeats", "delayed", "delay_p99_ms", "delay_max_ms", "key_bytes_p99", "key_bytes_max", "life_max_ms",
             "use_server_max_ms", "use_client_max_ms", "per_second_mean", "per_second_p99", "per_second_peak",
             "cores_mean_full", "cores_peak_full", "cores_mean_cached", "cores_peak_cached", "cores_data",
             "dead_sample", "dead_server_noticed_median_s", "dead_server_noticed_max_s", "dead_client_noticed_median_s",
             "dead_client_noticed_max_s")  # fmt: skip
    return table(("count", "value"), ((name.replace("_", " "), row[name]) for name in names))


def _storms(found: Mapping[str, Document]) -> str:
    def rows() -> Iterator[Sequence[object]]:
        for row in found["fleet"].tables["storms"]:
            over = "never" if row["drained_ms"] is None else f"{row['drained_ms'] / 1000:,.1f}"
            span = f"{row['jitter_s']} s" if row["cut_s"] is None else f"cut for {row['cut_s']} s"
            yield (
                f"{row['storm']}, {span}", row["sessions"], row["negotiations"], row["peak_per_second"],
                row["cores_for_peak"], over, f"{row['wait_p99_ms'] / 1000:,.1f}", row["gave_up"],
            )  # fmt: skip

    heads = ("storm", "sessions", "negotiations", "peak a second", "cores for it", "queue gone after, s", "wait p99, s",
             "gave up")  # fmt: skip
    return table(heads, rows())


BLOCKS: Final[Mapping[str, Callable[[Mapping[str, Document]], str]]] = {
    "machine": _machine,
    "keys": _keys,
    "certificates": _certificates,
    "model": _model,
    "claims": _claims,
    "problems": _problems,
    "modem": _modem,
    "front": _front,
    "day": _day,
    "storms": _storms,
}


def filled(page: str, found: Mapping[str, Document]) -> str:
    """The page with its tables made anew. Raises BadInput for a mark that has no table."""

    def block(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in BLOCKS:
            raise BadInput(f"{PAGE.name}: read the mark {name!r}; expected one of {', '.join(BLOCKS)}; correct it")
        return f"{match[1]}\n{BLOCKS[name](found)}\n{match[3]}"

    return MARK.sub(block, page)


def main(words: Sequence[str]) -> int:
    """Make the page. 2: bad input."""
    if len(words) != 1:
        print("usage: python -m rekeyspec.benchmarks.page DIR", file=sys.stderr)
        return 2
    folder = Path(words[0])
    try:
        found = read(folder)
        write_whole(PAGE, filled(PAGE.read_text(encoding="utf-8"), found))
        for name in FIGURES:
            write_whole(PAGE.parent / "costs" / f"{name}.png", (folder / f"{name}.png").read_bytes())
    except BadInput as why:
        print(f"rekeyspec: {why}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
