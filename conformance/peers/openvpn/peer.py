"""What both ends of OpenVPN have in common as peers: what they need, what they cannot be asked, where they play."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from secrets import token_bytes
from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.experiment import Perform
from rekeyspec.conformance.peers.need import SPACES, Need, path_of, program, wheel
from rekeyspec.conformance.peers.peer import Setting
from rekeyspec.reference.vocabulary import Role

if TYPE_CHECKING:
    from rekeyspec.conformance.peers.openvpn.scene import Provocation

NEEDS: Final[tuple[Need, ...]] = (program("openvpn", "openvpn"), wheel("cryptography"), *SPACES)

WATCHED: Final = (
    "a UDP relay that reads opcode and key_id of every packet, may withhold, delay and repeat it; the program's log; "
    "users of ours at both ends of the tunnel"
)

MANUAL: Final = "https://openvpn.net/community-resources/reference-manual-for-openvpn-2-6/"

NOT_ASKED: Final = {
    "EST-1": "stated: its TUN device, to which data is offered, is made only when the first negotiation has completed",
    "EST-2": "stated: no experiment here shows it a peer with another authority's certificate",
    "HB-6": "stated: it has no option that holds data back while a reply is outstanding, and pings have no reply",
    "IDLE-4": "stated: it refuses no data after idleness (IDLE-3), so it has nothing to report",
    "IDLE-5": "stated: it closes no link for spoofing (IDLE-4)",
    "DEAD-5": "not-observable: whether keys are wiped is seen only inside the process",
    "GATE-1": "stated: it needs a second link of the same user, which no experiment here makes",
    "REKEY-4": "stated: either end may always start, and there is no message that asks the other to",
    "REKEY-6": "stated: there are no notices; each end counts for itself",
    "CACHE-1": "stated: it has no option for abbreviated negotiations; each is a TLS handshake of its own",
    "CACHE-2": "stated: it has no option for abbreviated negotiations",
    "LIM-1": "stated: what waits is in the queue of the TUN device, which is the kernel's, and drops what is too much",
    "LIM-3": "not-observable: 2^32 packets under one key cannot be sent in an experiment's time",
    "IKE-1": "stated: this is OpenVPN",
    "IKE-2": "stated: this is OpenVPN",
    "NEED-1": "stated: what starts one without need is asked about by the rule of its cause (BYTE-1, BYTE-2, HB-4)",
    "EARLY-1": "not-observable: that the keys are there is seen no sooner than data under them",
}


def version() -> str:
    """The version that is installed: `2.6.14`."""
    told = subprocess.run(
        [path_of("openvpn"), "--version"], capture_output=True, text=True, timeout=10, check=False
    ).stdout.split()
    return told[1] if len(told) > 1 else ""


def static_key(secret: bytes) -> str:
    """What both ends share for tls-crypt, as OpenVPN reads it."""
    lines = [secret[n : n + 16].hex() for n in range(0, len(secret), 16)]
    return "\n".join(["-----BEGIN OpenVPN Static key V1-----", *lines, "-----END OpenVPN Static key V1-----", ""])


def stage(end: Role) -> Callable[[Setting], AbstractAsyncContextManager[Perform[Provocation]]]:
    """Where experiments at this end are performed, with credentials made for it alone."""

    @asynccontextmanager
    async def staged(setting: Setting) -> AsyncIterator[Perform[Provocation]]:
        from rekeyspec.conformance.peers.openvpn.scene import Stage  # noqa: PLC0415
        from rekeyspec.reference.wire.credentials import keygen  # noqa: PLC0415

        keys = setting.private / "keys"
        keygen(keys, ("server",))
        shared = keys / "tls.key"
        shared.touch(mode=0o600)
        shared.write_text(static_key(token_bytes(256)), encoding="ascii")
        yield Stage(end, keys, setting.starting).perform

    return staged
