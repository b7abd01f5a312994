"""Certificates and keys: what is made, what is loaded, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from rekeyspec.reference.wire.credentials import BadCredentials, keygen, load


def test_what_keygen_makes_is_loaded(tmp_path: Path) -> None:
    made = keygen(tmp_path / "demo")
    assert sorted(one.name for one in made) == ["authority.pem", "client.key", "client.pem", "server.key", "server.pem"]
    assert all(one.stat().st_mode & 0o77 == 0 for one in made if one.suffix == ".key")
    folder = tmp_path / "demo"
    assert load(folder / "authority.pem", folder / "client.pem", folder / "client.key").key is not None
    assert load(folder / "authority.pem").key is None


def test_keygen_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "server.key").write_text("mine")
    with pytest.raises(BadCredentials, match=r"server\.key is there already; give another folder"):
        keygen(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["server.key"]


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    keygen(tmp_path)
    with pytest.raises(BadCredentials, match=r"nowhere\.pem: No such file or directory; `rekeyspec keygen`"):
        load(tmp_path / "nowhere.pem")
    with pytest.raises(BadCredentials, match=r"client\.key is not the key of .*server\.pem"):
        load(tmp_path / "authority.pem", tmp_path / "server.pem", tmp_path / "client.key")
    with pytest.raises(BadCredentials, match="give certificates in PEM"):
        load(tmp_path / "client.key")
    with pytest.raises(BadCredentials, match="give a private key in PEM without a passphrase"):
        load(tmp_path / "authority.pem", tmp_path / "server.pem", tmp_path / "server.pem")
