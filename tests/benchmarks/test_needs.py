"""A command whose extra is missing says which, and how to get it."""

from __future__ import annotations

import pytest

from rekeyspec.cli.commands.bench import needs
from rekeyspec.conformance.target import BadInput


@pytest.mark.parametrize(
    ("gone", "wire", "extras"), [("matplotlib", False, r"\[bench\]"), ("OpenSSL", True, r"\[wire,bench\]")]
)
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, gone: str, wire: bool, extras: str) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None if name == gone else object())
    with pytest.raises(BadInput, match=rf"bench cost: read no {gone.replace('Open', 'pyOpen')}.*rekeyspec{extras}"):
        needs.needs("bench cost", wire=wire)


def test_what_is_not_wanted_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None if name == "OpenSSL" else object())
    needs.needs("bench policies")
