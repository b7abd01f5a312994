"""Two runs of `bench cost`, compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from rekeyspec.benchmarks.cost.agreement import compared, main
from rekeyspec.benchmarks.cost.costs import Costs, Handshake
from rekeyspec.benchmarks.cost.ends import Ends
from rekeyspec.conformance.target import BadInput


def costs(*cpu: float, byte: float = 1e-9) -> Costs:
    made = {
        (f"n{number}", "P-256", "X25519", "mutual"): Handshake(Ends(one / 2, one / 2), 0, 0, 0, 1)
        for number, one in enumerate(cpu)
    }
    return Costs(made, {("tls1.3", "AES-128-GCM", 1024): Ends(byte, byte)})


def test_what_both_have_measured_is_compared() -> None:
    negotiations, data = compared(costs(1.0, 1.04, 1.2, 7.0), costs(1.0, 1.0, 1.0))
    assert negotiations.startswith("negotiations: 2 of 3 within 5%; apart by 4.0% (median)")
    assert "20.0% (at most: n2, P-256, X25519, mutual)" in negotiations
    assert data.startswith("data: 1 of 1 within 5%")


def test_what_cannot_be_compared_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput, match="no negotiations in common"):
        compared(costs(1.0), costs())
    assert main([str(tmp_path / "one.json"), str(tmp_path / "other.json")]) == 2
    assert "one.json" in capsys.readouterr().err
    assert main([]) == 2
