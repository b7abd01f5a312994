"""Real programs by name: what `peer:NAME`, `peer:FILE.py` and `peer:all` stand for."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rekeyspec.conformance import yamlfile
from rekeyspec.conformance.peers import programs
from rekeyspec.conformance.peers.peer import Peer
from rekeyspec.conformance.target import BadInput

ALL: Final = "peer:all"
"""Every program that is not slow."""


def names() -> list[str]:
    """Every program that there is a file for, in the order of names."""
    [folder] = programs.__path__
    return sorted(path.stem.replace("_", "-") for path in Path(folder).glob("[!_]*.py"))


def peers() -> list[Peer[Any]]:
    """Every program, in the order of names."""
    return [_offered(name) for name in names()]


def peer_named(text: str) -> Peer[Any]:
    """The peer that a target names: `peer:NAME`, or `peer:FILE.py` for a file of one's own. Raises BadInput when there
    is none, or the file has no PEER."""
    name = text.removeprefix("peer:")
    if name.endswith(".py"):
        return _of_file(Path(name))
    if name not in names():
        expected, remedy = yamlfile.choose(text, [ALL, *(f"peer:{known}" for known in names())])
        raise yamlfile.problem("target", f"`{text}`", expected, remedy)
    return _offered(name)


def expanded(targets: Sequence[str]) -> list[str]:
    """The same targets, each once, with every program that is not slow in the place of `peer:all`."""
    found: list[str] = []
    for text in targets:
        found += [peer.target for peer in peers() if not peer.slow] if text == ALL else [text]
    return list(dict.fromkeys(found))


def _offered(name: str) -> Peer[Any]:
    module = importlib.import_module(f"{programs.__name__}.{name.replace('-', '_')}")
    peer: Peer[Any] = module.PEER
    return peer


def _of_file(path: Path) -> Peer[Any]:
    remedy = "give a Python file that defines PEER, a rekeyspec.conformance.peers.peer.Peer"
    name = f"rekeyspec_peer_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise BadInput(f"target: there is no file {path}; {remedy}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses of the file look themselves up there
    try:
        spec.loader.exec_module(module)
    except Exception as wrong:
        raise BadInput(f"{path}: cannot be imported: {type(wrong).__name__}: {wrong}; {remedy}") from wrong
    if not isinstance(found := getattr(module, "PEER", None), Peer):
        raise BadInput(f"{path}: PEER is {type(found).__name__}, expected a Peer; {remedy}")
    return found
