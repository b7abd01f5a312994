"""`peer:asyncssh`: the asyncssh client, as installed, judged by what it does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.experiment import Experiment, Perform
from rekeyspec.conformance.peers.need import installed, wheel
from rekeyspec.conformance.peers.peer import Peer, Setting

if TYPE_CHECKING:  # the library may be missing, and this module must not be
    from rekeyspec.conformance.peers.ssh.asyncssh_scene import Provocation

_NOT_ASKED: Final = {
    "EST-1": "stated: there is no channel to write to before the first key exchange, so it cannot be asked to",
    "EST-2": "stated: no experiment here shows it a server with another key",
    "EST-3": "not-observable: what each end put into a key is known to them alone",
    "HB-5": "stated: a forged packet breaks an SSH link before anything reads it as a heartbeat",
    "HB-6": "stated: it has no option that holds data back while a reply is outstanding",
    "IDLE-4": "stated: it refuses no data after idleness (IDLE-3), so it has nothing to report",
    "IDLE-5": "stated: it closes no link for spoofing (IDLE-4)",
    "DEAD-3": "stated: it has no option to expect heartbeats of the server",
    "DEAD-4": "stated: replies carry no number in SSH, so which one a late reply answers is not said",
    "DEAD-5": "not-observable: whether keys are wiped is seen only inside the process",
    "GATE-1": "stated: a client does not admit links",
    "REKEY-4": "stated: in SSH either end may always start, and there is no message that asks the other to",
    "REKEY-5": "not-observable: two KEXINITs that cross look like one exchange, whoever began it",
    "REKEY-6": "stated: SSH has no notices; each end counts for itself",
    "CACHE-1": "stated: SSH has no abbreviated key exchange",
    "CACHE-2": "stated: SSH has no abbreviated key exchange",
    "CHAN-1": "stated: SSH sends everything over one connection",
    "LIM-1": "stated: its user learns of a full queue by a callback, which no experiment here watches",
    "LIM-2": "stated: it has no bound on renegotiations to provoke",
    "LIM-3": "not-observable: 2^32 packets under one key cannot be sent in an experiment's time",
    "IKE-1": "stated: this is SSH",
    "IKE-2": "stated: this is SSH",
    "EARLY-1": "stated: in SSH data cannot overtake the change of keys",
    "AUTH-1": "stated: a packet that is not sealed ends an SSH link; there is nothing to ignore",
}


def _experiments() -> Sequence[Experiment[Provocation]]:
    from rekeyspec.conformance.peers.ssh.asyncssh_experiments import EXPERIMENTS  # noqa: PLC0415

    return EXPERIMENTS


@asynccontextmanager
async def _stage(setting: Setting) -> AsyncIterator[Perform[Provocation]]:
    from rekeyspec.conformance.peers.ssh.asyncssh_scene import Stage  # noqa: PLC0415
    from rekeyspec.conformance.peers.ssh.watch import make_keys  # noqa: PLC0415

    yield Stage(make_keys(setting.private), setting.starting).perform


PEER: Final = Peer(
    name="asyncssh",
    title="asyncssh client",
    watched="an instrumented SSH server that sees each packet decrypted, and can withhold any",
    needs=(wheel("asyncssh"),),
    version=lambda: installed("asyncssh") or "",
    experiments=_experiments,
    stage=_stage,
    not_asked=_NOT_ASKED,
    manual="https://asyncssh.readthedocs.io/en/stable/api.html#sshclientconnectionoptions",
)
