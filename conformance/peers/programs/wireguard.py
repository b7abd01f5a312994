"""`peer:wireguard`: wireguard-go, as installed, judged by what it does. Its timers are minutes long, and fixed."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.experiment import Experiment, Perform
from rekeyspec.conformance.peers.need import SPACES, path_of, program
from rekeyspec.conformance.peers.peer import Peer, Setting

if TYPE_CHECKING:
    from rekeyspec.conformance.peers.wireguard.scene import Provocation

_NO_BYTES: Final = "stated: it counts no bytes (BYTE-3)"
_NO_REPLY: Final = "stated: a keepalive has no reply in WireGuard"

_NOT_ASKED: Final = {
    "EST-2": "stated: no experiment here shows it a peer with another key",
    "EST-3": "not-observable: what each end put into a key is known to them alone",
    "BYTE-1": _NO_BYTES,
    "BYTE-2": _NO_BYTES,
    "BYTE-4": _NO_BYTES,
    "BYTE-5": _NO_BYTES,
    "HB-5": "not-observable: a keepalive has no effect at who gets it, so neither has a forged one",
    "HB-6": _NO_REPLY,
    "IDLE-4": "stated: it refuses no data after idleness (IDLE-3), so it has nothing to report",
    "IDLE-5": "stated: it closes no link for spoofing (IDLE-4)",
    "DEAD-4": _NO_REPLY,
    "DEAD-5": "not-observable: whether keys are wiped is seen only inside the process",
    "GATE-1": "stated: a peer is a key; it can have one link only",
    "REKEY-3": "stated: with fixed timers of two minutes, what a negotiation restarts is not told apart",
    "REKEY-4": "stated: either end may always start, and there is no message that asks the other to",
    "REKEY-6": "stated: there are no notices; each end keeps its own time",
    "CACHE-1": "stated: it has no abbreviated handshake",
    "CACHE-2": "stated: it has no abbreviated handshake",
    "CHAN-1": "stated: keepalives and data share one key and one port",
    "LIM-1": "stated: what waits is in a queue that drops the oldest, and its user is not told",
    "LIM-2": "stated: it has no bound on renegotiations to provoke",
    "LIM-3": "not-observable: 2^60 packets under one key cannot be sent in an experiment's time",
    "IKE-1": "stated: this is WireGuard",
    "IKE-2": "stated: this is WireGuard",
    "ORDER-1": "stated: no experiment here repeats or reorders data",
    "NEED-1": "stated: what starts one without need is asked about by the rule of its cause (HB-4, IDLE-2)",
    "EARLY-1": "not-observable: that a key is there is seen no sooner than data under it",
    "AUTH-1": "stated: no experiment here forges a packet",
}


def _version() -> str:
    told = subprocess.run(
        [path_of("wireguard-go"), "--version"], capture_output=True, text=True, timeout=10, check=False
    ).stdout.split()
    return told[1] if len(told) > 1 else ""


def _experiments() -> Sequence[Experiment[Provocation]]:
    from rekeyspec.conformance.peers.wireguard.experiments import EXPERIMENTS  # noqa: PLC0415

    return EXPERIMENTS


@asynccontextmanager
async def _stage(setting: Setting) -> AsyncIterator[Perform[Provocation]]:
    from rekeyspec.conformance.peers.wireguard.scene import Stage  # noqa: PLC0415

    yield Stage(setting.starting).perform


PEER: Final = Peer(
    name="wireguard",
    title="WireGuard (wireguard-go)",
    watched=(
        "a UDP relay that reads type and index of every packet, may withhold and delay it; the program's log; users of "
        "ours at both ends of the tunnel"
    ),
    needs=(program("wireguard-go", "wireguard-go"), program("wg", "wireguard-tools"), *SPACES),
    version=_version,
    experiments=_experiments,
    stage=_stage,
    not_asked=_NOT_ASKED,
    manual="https://www.wireguard.com/papers/wireguard.pdf",
    slow="its timers are fixed, the longest at three minutes; all experiments side by side take about six minutes",
)
