"""What the SSH peers have in common: why a rule is not asked of any of them, and how a peer is put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from rekeyspec.conformance.peers.experiment import Experiment, Perform
from rekeyspec.conformance.peers.need import Need
from rekeyspec.conformance.peers.peer import Peer, Setting

if TYPE_CHECKING:  # the library may be missing, and this module must not be
    from rekeyspec.conformance.peers.ssh.ability import Ability
    from rekeyspec.conformance.peers.ssh.start import Start

NOT_ASKED: Final = {
    "EST-1": "stated: there is no channel to write to before the first key exchange, so it cannot be asked to",
    "EST-2": "stated: no experiment here shows it a peer with another key",
    "EST-3": "not-observable: what each end put into a key is known to them alone",
    "IDLE-4": "stated: it refuses no data after idleness (IDLE-3), so it has nothing to report",
    "IDLE-5": "stated: it closes no link for spoofing (IDLE-4)",
    "DEAD-5": "not-observable: whether keys are wiped is seen only inside the process",
    "GATE-1": "stated: no experiment here opens a second link of the same user",
    "REKEY-4": "stated: in SSH either end may always start, and there is no message that asks the other to",
    "REKEY-6": "stated: SSH has no notices; each end counts for itself",
    "CACHE-1": "stated: SSH has no abbreviated key exchange",
    "CACHE-2": "stated: SSH has no abbreviated key exchange",
    "CHAN-1": "stated: SSH sends everything over one connection",
    "LIM-1": "stated: what waits is bounded by windows and pipes, which no experiment here fills",
    "LIM-3": "not-observable: 2^32 packets under one key cannot be sent in an experiment's time",
    "IKE-1": "stated: this is SSH",
    "IKE-2": "stated: this is SSH",
    "EARLY-1": "stated: in SSH data cannot overtake the change of keys",
    "AUTH-1": "stated: a packet that nobody sealed is asked about as HB-5",
}
"""Rules that no experiment here asks any SSH program, and why."""

WATCH: Final = "an instrumented SSH {} that sees each packet decrypted, and can withhold, delay or spoil any"


def peer(  # noqa: PLR0913 - as many as a Peer has that differ
    name: str,
    title: str,
    needs: Sequence[Need],
    version: Callable[[], str],
    program: Callable[[], tuple[Ability, Start]],
    *,
    server: bool = False,
    not_asked: Mapping[str, str] | None = None,
    manual: str,
) -> Peer[Any]:
    """The SSH program of this name: a client, or a `server`. `program` tells what it can be configured to and how it is
    started, and is asked only where nothing is missing. `not_asked` is added to NOT_ASKED."""

    def experiments() -> Sequence[Experiment[Any]]:
        from rekeyspec.conformance.peers.ssh.experiments import experiments as made  # noqa: PLC0415

        return made(program()[0])

    @asynccontextmanager
    async def stage(setting: Setting) -> AsyncIterator[Perform[Any]]:
        from rekeyspec.conformance.peers.ssh.ends import make_keys  # noqa: PLC0415
        from rekeyspec.conformance.peers.ssh.scene import Stage  # noqa: PLC0415

        ability, start = program()
        keys = make_keys(setting.private)
        yield Stage(ability.end, start, keys, setting.private, setting.starting).perform

    return Peer(
        name=name,
        title=title,
        watched=WATCH.format("client" if server else "server"),
        needs=needs,
        version=version,
        experiments=experiments,
        stage=stage,
        not_asked=NOT_ASKED | dict(not_asked or {}),
        manual=manual,
    )
