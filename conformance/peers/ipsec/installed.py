"""What the IPsec peers need, and the version that is found."""

from __future__ import annotations

import re
import subprocess
from typing import Final

from rekeyspec.conformance.peers.ipsec.daemon import CHARON
from rekeyspec.conformance.peers.need import SPACES, file, program

_PLUGINS: Final = "/usr/lib/ipsec/plugins/libstrongswan-"

NEEDS: Final = (
    file(CHARON, "strongswan-charon"),
    program("swanctl", "strongswan-swanctl"),
    file(f"{_PLUGINS}kernel-libipsec.so", "libcharon-extra-plugins"),
    file(f"{_PLUGINS}openssl.so", "libstrongswan-standard-plugins"),
    program("nft", "nftables"),
    *SPACES,
)


def version() -> str:
    """charon's own word."""
    told = subprocess.run([CHARON, "--version"], capture_output=True, text=True, check=False, timeout=10).stdout
    found = re.search(r"strongSwan (\S+)", told)
    return found[1].rstrip(",") if found else ""
