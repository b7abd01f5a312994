"""What the programs that speak TLS have in common as peers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from rekeyspec.conformance.peers.experiment import Perform
from rekeyspec.conformance.peers.peer import Setting

NO_HEARTBEATS: Final = (
    "stated: none of today's TLS stacks has a heartbeat (RFC 6520's are gone from OpenSSL, and Erlang and Java never "
    "had them), so there is none to send it, and HB-1 is asked alone"
)

NOT_ASKED: Final = {
    "BYTE-2": NO_HEARTBEATS,
    "HB-2": NO_HEARTBEATS,
    "HB-3": NO_HEARTBEATS,
    "HB-4": NO_HEARTBEATS,
    "HB-5": NO_HEARTBEATS,
    "HB-6": NO_HEARTBEATS,
    "IDLE-4": "stated: it refuses no data after idleness (IDLE-3), so it has nothing to report",
    "IDLE-5": "stated: it closes no link for spoofing (IDLE-4)",
    "DEAD-1": NO_HEARTBEATS,
    "DEAD-2": NO_HEARTBEATS,
    "DEAD-4": NO_HEARTBEATS,
    "DEAD-5": "not-observable: whether keys are wiped is seen only inside the process",
    "GATE-1": "stated: a client does not admit links",
    "REKEY-4": "stated: in TLS either end may always start, and no message only asks the other to",
    "REKEY-6": "stated: TLS has no notices; each end counts for itself",
    "CACHE-1": "stated: a KeyUpdate is no handshake, so there is nothing to abbreviate",
    "CACHE-2": "stated: a KeyUpdate is no handshake, so there is nothing to abbreviate",
    "CHAN-1": "stated: TLS sends everything over one connection",
    "LIM-1": "not-observable: what a full queue does to its user is seen only inside the process",
    "LIM-3": "not-observable: 2^64 records under one key cannot be sent in an experiment's time",
    "IKE-1": "stated: this is TLS",
    "IKE-2": "stated: this is TLS",
    "ORDER-1": "stated: records of TLS cannot be lost or overtake another without breaking the link",
    "EARLY-1": "stated: in TLS data cannot overtake the change of keys",
    "AUTH-1": "stated: a record that is not sealed ends a TLS link; there is nothing to ignore",
}
"""Of every stack, but for what one of them is asked besides."""


def stage(stack: Callable[[], Any]) -> Callable[[Setting], AbstractAsyncContextManager[Perform[Any]]]:
    """The stage of a peer whose stack this makes. The extra `wire` may be missing until it is entered."""

    @asynccontextmanager
    async def staged(setting: Setting) -> AsyncIterator[Perform[Any]]:
        from rekeyspec.conformance.peers.tls.scene import Stage  # noqa: PLC0415
        from rekeyspec.conformance.peers.tls.watch import make_keys  # noqa: PLC0415

        made = stack()
        async with setting.starting:
            await made.prepare(setting.private)
        yield Stage(made, make_keys(setting.private / "keys"), setting.starting).perform

    return staged
