"""Real programs by name: what `peer:NAME` stands for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol, cast

from rekeyspec.conformance import yamlfile
from rekeyspec.conformance.peers import asyncssh
from rekeyspec.conformance.verdict import Case


class Peer(Protocol):
    """A program that is installed, or is not: its module offers these."""

    def version(self) -> str | None:
        """The version found; None where there is none."""
        ...

    def unsupported(self) -> dict[str, str]:
        """Rules that it cannot be asked, or whose keeping cannot be seen, with the reason."""
        ...

    def run(self, evidence_dir: Path, only: Sequence[str] = ()) -> list[Case]:
        """Perform its experiments."""
        ...


PEERS: Final[dict[str, ModuleType]] = {"peer:asyncssh": asyncssh}


def peer_named(text: str) -> Peer:
    """The peer of this name. Raises BadInput when there is none."""
    if text not in PEERS:
        expected, remedy = yamlfile.choose(text, PEERS)
        raise yamlfile.problem("target", f"`{text}`", expected, remedy)
    return cast(Peer, PEERS[text])
