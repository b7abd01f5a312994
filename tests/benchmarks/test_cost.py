"""`bench cost`: settings, the model, what is made of samples, the form of results, and what is said of bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

pytest.importorskip("OpenSSL")
pytest.importorskip("matplotlib")

from rich.console import Console

from rekeyspec.benchmarks.cost import choices, costs, ends, model, speed
from rekeyspec.benchmarks.cost import run as runs
from rekeyspec.benchmarks.cost.choices import GIB, KIB, MIB, Case, Settings
from rekeyspec.benchmarks.cost.ends import Ends, Sample
from rekeyspec.benchmarks.cost.figure import drawn
from rekeyspec.benchmarks.cost.plan import Carried, Key, Negotiated, Plan, Whole, amount
from rekeyspec.benchmarks.cost.quiet import Figures
from rekeyspec.benchmarks.cost.show import show
from rekeyspec.benchmarks.cost.speed import Primitive
from rekeyspec.benchmarks.cost.tables import Tables
from rekeyspec.conformance.target import BadInput

SMALL = Settings(
    quick=True,
    negotiations=("tls1.3-full", "ratchet"),
    certificates=("P-256",),
    groups=("X25519",),
    authentications=("server-only",),
    ciphers=("AES-128-GCM",),
    messages=(16 * KIB, KIB),
    volumes=(32 * KIB, 256 * KIB, MIB, 16 * GIB),
)
HANDSHAKE, BYTE = Ends(1e-3, 2e-3), Ends(1e-9, 3e-9)


# Settings.


@pytest.mark.parametrize(
    ("text", "expected"),
    [("32KiB", (32 * KIB,)), ("1mib, 16GiB,1 MiB", (MIB, 16 * GIB)), ("7", (7,)), ("7B", (7,)), ("2TiB", (1 << 41,))],
)
def test_sizes_are_read(text: str, expected: tuple[int, ...]) -> None:
    assert choices.sizes("--volumes", text) == expected


@pytest.mark.parametrize(
    "text", ["", "-1KiB", "0", "1.5MiB", "1KB", "KiB", "1KiB,,2KiB", "9" * 16, "\u0661KiB", "1 KiB x"]
)
def test_sizes_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"^--volumes: .* was read; expected sizes above 0, as 32KiB"):
        choices.sizes("--volumes", text)


def test_names_are_read_and_unknown_ones_refused() -> None:
    assert choices.names("--groups", "p-256, X25519,P-256", choices.GROUPS) == ("P-256", "X25519")
    with pytest.raises(BadInput, match=r"^--groups: 'secp384r1' was read; expected some of X25519, .*; correct"):
        choices.names("--groups", "P-256,secp384r1", choices.GROUPS)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"volumes": (KIB,), "messages": (16 * KIB,)}, r"^--volumes: 1 KiB was read, less than a message of 16 KiB"),
        ({"volumes": (512, MIB)}, r"^--volumes: 512 B was read, less than a message of 1 KiB"),
        ({"volumes": (1 << 51,)}, r"^--volumes: .* expected 1 B to 1 PiB"),
        ({"messages": (0,)}, r"^--message: .* expected 1 B to 1 MiB"),
        ({"messages": (2 * MIB,)}, r"^--message: 2 MiB was read"),
        ({"volumes": tuple(range(KIB, KIB + 33))}, r"^--volumes: 33 sizes were read; expected 32 at most"),
        ({"share": -1.0}, r"^share: -1 s was read"),
        ({"share": 1e6}, r"^share: 1e\+06 s was read"),
    ],
)
def test_settings_that_cannot_be_measured_are_refused(more: dict[str, object], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        Settings(**more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "said"),
    [(7, "7 B"), (1500, "1.5 KiB"), (KIB, "1 KiB"), (999.6 * KIB, "1000 KiB"), (GIB, "1 GiB"), (5.5 * 2**40, "5.5 TiB"),
     (2.0**55, "32,768 TiB")],
)  # fmt: skip
def test_sizes_are_shown_for_people(size: float, said: str) -> None:
    assert choices.shown(size) == said


def test_cases_leave_out_what_does_not_bear_on_them() -> None:
    cases = Settings().cases()
    assert len(cases) == len(set(cases)) == 1 + 5 * 2 + 7 * 5 * 3 * 2
    assert cases.count(Case("ratchet", "", "", "", "AES-128-GCM")) == 1
    assert all(not one.group for one in cases if one.negotiation == "tls1.2-abbreviated")


# What is measured.


def planned(settings: Settings, folder: Path) -> dict[Key, Callable[[], Sample]]:
    return Plan(settings, folder).works()


def test_a_run_measures_parts_apart_and_enough_wholes(tmp_path: Path) -> None:
    settings = Settings(certificates=("P-256",), groups=("X25519",), authentications=("server-only",), quick=True)
    works = planned(settings, tmp_path)
    wholes = [one for one in works if isinstance(one, Whole)]
    assert len(wholes) >= 40
    assert max(one.volume for one in wholes) == GIB
    assert {one.message for one in wholes} == set(settings.messages)
    assert {one.case.cipher for one in wholes} == set(settings.ciphers)
    assert {one.case.negotiation for one in wholes} == set(settings.negotiations)
    for one in wholes:
        assert Negotiated(one.case) in works
        assert Carried(one.case.carriage, one.case.cipher, one.message) in works
        assert one.volume >= one.message


def test_what_the_library_lacks_is_skipped_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rekeyspec.benchmarks.cost import tls

    class Without:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def SSL_CTX_set1_curves_list(self, context: object, groups: bytes) -> object:  # noqa: N802
            return 0 if b"MLKEM" in groups else real.SSL_CTX_set1_curves_list(context, groups)

    real = tls.lib
    monkeypatch.setattr(tls, "lib", Without())
    settings = Settings(
        certificates=("P-256",), authentications=("server-only",), groups=("X25519MLKEM768", "X25519"),
        negotiations=("tls1.3-full", "tls1.2-full"), ciphers=("AES-256-GCM",), quick=True,
    )  # fmt: skip
    plan = Plan(settings, tmp_path)
    cases = {one.case for one in plan.works() if isinstance(one, Negotiated)}
    assert {one.group for one in cases} == {"X25519"}
    assert plan.notes == [
        "skipped: the library has no group X25519MLKEM768",
        "skipped: TLS 1.2 has no X25519MLKEM768",
    ]


# The model.


def test_the_line_through_exact_points_is_exact() -> None:
    line = model.fit((v, 3e-3 + 4e-9 * v) for v in (1e4, 1e6, 1e8, 1e10))
    assert line is not None
    assert line.fixed == pytest.approx(3e-3)
    assert line.per_byte == pytest.approx(4e-9)
    assert max(line.fixed_error, line.per_byte_error, line.worst) < 1e-9
    assert model.fit([(1, 1), (2, 2)]) is None


def test_the_errors_of_a_line_are_those_of_weighted_least_squares() -> None:
    numpy = pytest.importorskip("numpy")
    points = [(1e4, 3.1e-3), (1e5, 3.3e-3), (1e6, 7.1e-3), (1e7, 4.2e-2), (1e8, 4.1e-1)]
    x, y = (numpy.array(one) for one in zip(*points, strict=True))
    (slope, fixed), covariance = numpy.polyfit(x, y, 1, w=1 / y, cov=True)
    line = model.fit(points)
    assert line is not None
    assert (line.fixed, line.per_byte) == pytest.approx((fixed, slope))
    assert line.per_byte_error == pytest.approx(covariance[0, 0] ** 0.5)
    assert line.fixed_error == pytest.approx(covariance[1, 1] ** 0.5)
    assert line.worst == pytest.approx(max(abs((fixed + slope * x) / y - 1)))


@pytest.mark.parametrize("overhead", model.OVERHEADS)
def test_at_a_threshold_the_negotiation_adds_so_much(overhead: float) -> None:
    volume = model.volume_for(3e-3, 4e-9, overhead)
    assert model.predicted(3e-3, 4e-9, volume) == pytest.approx(4e-9 * volume * (1 + overhead))


# Tables, of figures that are known.


def known(client: float, server: float, wall: float = 1.0) -> Figures:
    return Figures(Ends(client, server), client, server, wall, 0.5, 0.75, 100, 200, 20, 10)


@pytest.fixture
def tables() -> Tables:
    case, ratchet = SMALL.case("tls1.3-full"), SMALL.case("ratchet")
    found: dict[Key, Figures] = {Negotiated(case): known(*HANDSHAKE), Negotiated(ratchet): known(1e-5, 1e-5)}
    for size in SMALL.messages:
        found[Carried("tls1.3", "AES-128-GCM", size)] = known(*(one * amount(size) for one in BYTE), wall=1e-3)
        found[Carried("records", "AES-128-GCM", size)] = known(1e-9 * amount(size), 1e-9 * amount(size))
    for volume in SMALL.volumes[:3]:
        cost = [h + b * volume for h, b in zip(HANDSHAKE, BYTE, strict=True)]
        found[Whole(case, 16 * KIB, volume)] = known(cost[0] * 1.05, cost[1] * 1.05, wall=2e-3)
    primitives = [
        Primitive("P-256", "sign", 1e-4),
        Primitive("P-256", "verify", 2e-4),
        Primitive("X25519", "exchange", 1e-5),
        Primitive("AES-128-GCM", "seal", 1e-10),
    ]
    return Tables(SMALL, found, {case: 1, ratchet: 0}, primitives)


def test_points_are_measured_or_the_models_and_say_which(tables: Tables) -> None:
    rows = list(tables.points())
    assert [(row["volume"], row["basis"]) for row in rows] == [
        (32 * KIB, "measured"), (256 * KIB, "measured"), (MIB, "measured"), (16 * GIB, "model"),
    ]  # fmt: skip
    assert [row["error"] for row in rows] == [pytest.approx(0.05)] * 3 + [None]
    last = rows[-1]
    assert last["client_s_per_gib"] == pytest.approx(1e-9 * GIB + 1e-3 / 16)
    assert last["server_s_per_gib"] == pytest.approx(3e-9 * GIB + 2e-3 / 16)
    assert last["overhead"] == pytest.approx(3e-3 / (4e-9 * 16 * GIB))
    assert last["wire_bytes"] == 300 + 300 * 16 * GIB // amount(16 * KIB)
    assert rows[2]["throughput_mib_s"] == pytest.approx(500)
    assert rows[2]["both_ms_per_mib"] == pytest.approx(1.05 * rows[2]["model_ms_per_mib"])


def test_fits_set_the_parts_beside_the_line(tables: Tables) -> None:
    (row,) = tables.fits()
    assert row["points"] == 3
    assert row["fitted_handshake_s"] == pytest.approx(1.05 * 3e-3)
    assert row["fitted_data_s_per_gib"] == pytest.approx(1.05 * row["data_s_per_gib"])
    assert row["worst_of_sum"] == pytest.approx(0.05)
    assert row["worst_of_fit"] < 1e-9


def test_thresholds_and_floors(tables: Tables) -> None:
    full, ratchet = tables.thresholds()
    assert full["equal_bytes"] == 750_000
    assert (full["volume_10%"], full["volume_1%"], full["volume_0.1%"]) == (7_500_000, 75_000_000, 750_000_000)
    assert (full["equal_bytes_client"], full["equal_bytes_server"]) == (1_000_000, 666_667)
    assert ratchet["equal_bytes"] == 10_000
    row = next(tables.negotiations())
    assert row["floor_s"] == pytest.approx(4e-5 + 1e-4 + 2 * 2e-4)
    assert next(tables.data())["floor_s_per_gib"] == pytest.approx(1e-10 * GIB)


@pytest.mark.parametrize(
    ("negotiation", "authentication", "expected"),
    [("tls1.3-full", "mutual", 4 + 2 * (10 + 200)), ("tls1.3-resumed-dhe", "mutual", 4), ("ratchet", "", 0),
     ("tls1.3-resumed-psk", "mutual", 0), ("tls1.2-abbreviated", "mutual", 0), ("wire-abbreviated", "mutual", 4)],
)  # fmt: skip
def test_the_floor_of_a_negotiation(negotiation: str, authentication: str, expected: float) -> None:
    case = Case(negotiation, "P-256", "X25519", authentication, "AES-128-GCM")
    primitives = [Primitive("X25519", "exchange", 1), Primitive("P-256", "sign", 10), Primitive("P-256", "verify", 100)]
    assert speed.floor(case, primitives) == expected
    assert speed.floor(Case("tls1.3-full", "Ed25519", "X25519", "mutual", ""), primitives) is None


def test_openssl_speed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        "rsa2048": "+F2:2:2048:2000.0:50000.0\n",
        "ed25519": "+F6:0:253:Ed25519:1000.0:500.0\n",
        "ecdhx25519": "+F5:22:253:20000.0:0.00005\n",
        "aes-128-gcm": "+H:16384\n+F:25:AES-128-GCM:2000000000.00\n",
    }
    monkeypatch.setattr(speed, "_speed", lambda words: said.get(words[-1], ""))
    monkeypatch.setattr(speed.shutil, "which", lambda _name: "/usr/bin/openssl")
    notes: list[str] = []
    settings = Settings(certificates=("RSA-2048", "Ed25519", "P-256"), groups=("X25519", "X25519MLKEM768"))
    found = {(one.name, one.operation): one.seconds for one in speed.measure(settings, notes)}
    assert found == {
        ("RSA-2048", "sign"): 5e-4, ("RSA-2048", "verify"): 2e-5, ("Ed25519", "sign"): 1e-3,
        ("Ed25519", "verify"): 2e-3, ("X25519", "exchange"): 5e-5, ("AES-128-GCM", "seal"): 5e-10,
    }  # fmt: skip
    assert notes == [f"floor: this openssl does not time {name}; skipped"
                     for name in ("P-256", "X25519MLKEM768", "AES-256-GCM", "ChaCha20-Poly1305")]  # fmt: skip
    monkeypatch.setattr(speed.shutil, "which", lambda _name: None)
    assert not list(speed.measure(settings, notes))
    assert notes[-1] == "floor: there is no openssl on PATH, so `openssl speed` was skipped"


# What is left and said.


def finished(tables: Tables, complete: bool = True) -> runs.Run:
    return runs.Run(tables, ("skipped: TLS 1.2 has no X25519MLKEM768",), complete)


def test_results_are_written_and_read_again_as_costs(tables: Tables, tmp_path: Path) -> None:
    files = finished(tables).results().write(tmp_path, {"cost": drawn(tables)})
    assert {one.name for one in files} >= {"cost.json", "cost-points.csv", "cost.svg", "cost.png"}
    document = json.loads((tmp_path / "cost.json").read_text(encoding="utf-8"))
    assert document["complete"] is True
    assert document["settings"]["volumes"] == list(SMALL.volumes)
    found = costs.load(tmp_path / "cost.json")
    key = found.handshake("tls1.3-full", "P-256", "X25519", "server-only")
    assert (key.cpu, key.stall_p99, key.wire, key.round_trips) == (HANDSHAKE, 0.75, 300, 1)
    assert found.handshake("ratchet", "RSA-2048").cpu.both == pytest.approx(2e-5)
    byte = found.byte("tls1.3-resumed-dhe", "AES-128-GCM", 16 * KIB)
    assert byte == pytest.approx(BYTE)
    assert found.volume_for(key, byte, 0.01) == pytest.approx(75_000_000)
    assert found.machine["cores"] >= 1
    with pytest.raises(BadInput, match=r"^costs: tls1.2-full, P-256, X25519, mutual was read, and was not measured"):
        found.handshake("tls1.2-full")
    with pytest.raises(BadInput, match=r"^costs: data by wire under AES-128-GCM was asked for; measured were records"):
        found.byte("wire-full")


def test_between_sizes_a_message_costs_a_fixed_part_and_its_bytes() -> None:
    each = {size: Ends((2e-6 + 1e-9 * size) / size, 1e-9) for size in (KIB, 16 * KIB, 64 * KIB)}
    found = costs.Costs({}, {("wire", "AES-128-GCM", size): one for size, one in each.items()})
    for size in (256, KIB, 4 * KIB, 40 * KIB, MIB):
        assert found.byte("wire-full", "AES-128-GCM", size) == pytest.approx(((2e-6 + 1e-9 * size) / size, 1e-9))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON"), ("[]", "no "), ("{}", "no 'bench'"), ('{"bench": "fleet", "form": 1}', "results of 'fleet'"),
        ('{"bench": "cost", "form": 1, "machine": {}, "versions": {}, "date": "", "tables": {}}', "interrupted"),
    ],
)  # fmt: skip
def test_files_that_hold_no_costs_are_refused(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "cost.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=f"cost.json.*{why}.*expected the cost.json of `rekeyspec bench cost`"):
        costs.load(path)
    path.unlink()
    with pytest.raises(BadInput, match="No such file"):
        costs.load(path)


def test_the_answer_comes_first_and_in_words(tables: Tables) -> None:
    out = StringIO()
    show(finished(tables), [Path("cost.json")], Console(file=out, width=80))
    lines = out.getvalue().splitlines()
    assert lines[0] == "A new key by tls1.3-full costs as much CPU as 732 KiB of data."
    assert lines[1].startswith("Negotiations add to what data costs: 10 % with 7.2 MiB, 1 % with 72 MiB, 0.1 %")
    assert "within 10 % of 3 of 3 keys" in " ".join(line.strip() for line in lines)
    assert "skipped: TLS 1.2 has no X25519MLKEM768" in lines
    assert "…" not in out.getvalue()


def test_an_interrupted_run_is_shown_and_drawn_for_what_it_has(tables: Tables) -> None:
    for keep in range(len(tables.figures) + 1):
        some = Tables(SMALL, dict(list(tables.figures.items())[:keep]), tables.round_trips)
        out = StringIO()
        show(finished(some, complete=False), [], Console(file=out, width=80))
        assert out.getvalue()
        drawn(some)
        json.loads(finished(some, complete=False).results().as_json())


TINY = Settings(
    quick=True, share=0.001, negotiations=("tls1.3-full",), certificates=("P-256",), groups=("X25519",),
    authentications=("server-only",), ciphers=("AES-128-GCM",), messages=(KIB,), volumes=(32 * KIB, MIB),
)  # fmt: skip


def test_a_run_from_end_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed.shutil, "which", lambda _name: None)
    found = runs.run(TINY)
    assert found.complete
    rows = found.results().tables
    assert [row["basis"] for row in rows["points"]] == ["measured", "measured"]
    assert all(row["server_s"] > 0 and row["client_s"] > 0 for row in rows["negotiations"])
    assert costs.of_tables(rows).handshake(authentication="server-only").round_trips == 1
    assert {row["who"] for row in rows["beside"]} >= {"nothing (what measuring costs)"}


def test_costs_can_be_measured_at_once() -> None:
    found = costs.measure_costs(TINY)
    assert set(found.handshakes) == {("tls1.3-full", "P-256", "X25519", "server-only")}
    assert set(found.data) == {("tls1.3", "AES-128-GCM", KIB)}
    assert found.machine["cores"] >= 1
    with pytest.raises(BadInput, match=r"^nothing of this can be measured here: skipped: TLS 1\.2 has no X25519ML"):
        costs.measure_costs(replace(TINY, negotiations=("tls1.2-full",), groups=("X25519MLKEM768",)))


def test_an_interrupted_run_keeps_what_it_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ends.whole

    def stops(*_: object) -> Sample:
        monkeypatch.setattr(ends, "whole", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(ends, "whole", stops)
    found = runs.run(TINY)
    assert not found.complete
    assert found.notes[0].startswith("interrupted: 2 of ")
    assert len(found.results().tables["negotiations"]) == 1
    assert not found.results().complete


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--volumes", "512"], "less than a message of 1 KiB"),
        (["--volumes", "-5KiB"], "expected sizes above 0"),
        (["--certificates", "DSA"], "'DSA' was read; expected some of P-256"),
        (["--output", "/proc/none"], "give another path"),
        (["--negotiations", "tls1.2-full", "--groups", "X25519MLKEM768"], "TLS 1.2 has no X25519MLKEM768"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(words: list[str], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rekeyspec", "bench", "cost", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("rekeyspec: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from rekeyspec.cli.commands.bench.cost import cost

    for name, package in (("OpenSSL", "pyOpenSSL"), ("matplotlib", "matplotlib")):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, name, None)
            with pytest.raises(BadInput, match=rf"no {package}.*pip install 'rekeyspec\[wire,bench\]'"):
                cost()


def test_the_command_leaves_results_and_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from rekeyspec.cli import app

    real = runs.run
    monkeypatch.setattr("rekeyspec.benchmarks.cost.run.run", lambda *a, **k: real(TINY, parts_only=True))
    result = CliRunner().invoke(app, ["bench", "cost", "--output", str(tmp_path / "a")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "a" / "cost.png").stat().st_size > 10_000
    whole = real(TINY, parts_only=True)
    monkeypatch.setattr(
        "rekeyspec.benchmarks.cost.run.run", lambda *a, **k: runs.Run(whole.tables, ("interrupted",), complete=False)
    )
    result = CliRunner().invoke(app, ["bench", "cost", "--output", str(tmp_path / "b")])
    assert result.exit_code == 130
    assert json.loads((tmp_path / "b" / "cost.json").read_text(encoding="utf-8"))["complete"] is False


def test_it_is_noted_where_a_connection_changes_its_ways(tmp_path: Path) -> None:
    plan = Plan(TINY, tmp_path, parts_only=True)
    plan.works()
    plan.check_again()
    assert plan.notes == []
    for carrier in plan._carriers.values():
        carrier._resumes = True
    plan.check_again()
    assert plan.notes == [
        "beware: at the end of the run, tls1.3-full: the library negotiates another resumption (False)"
    ]
