"""The dropbear server: what it can be configured to, and how it is started.

It reads its users' keys from their homes, so in its mount namespace root's home is the run's own directory: the list of
users there says so. That needs root. It has options for heartbeats and idleness only; its limits on keys are compiled
in: 1 GB and 8 hours (`KEX_REKEY_DATA`, `KEX_REKEY_TIMEOUT`).
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from rekeyspec.conformance.peers.need import path_of
from rekeyspec.conformance.peers.ssh.ability import NEW_KEYS_ONLY, ONLY_TRANSPORT, SPOILT, Ability
from rekeyspec.conformance.peers.ssh.start import Daemon, Given, Options, Program, relayed
from rekeyspec.reference.policy import Policy

_LIMITS: Final = "it has no option for when a key is renewed; its manual does not speak of it"

_KEEPALIVE: Final = (
    "of -K: 'Ensure that traffic is transmitted at a certain interval in seconds. [...] If no response is received for "
    "3 consecutive keepalives the connection will be closed'"
)


def version() -> str:
    """Of the installed program."""
    told = subprocess.run([path_of("dropbear"), "-V"], capture_output=True, text=True, timeout=10, check=False)
    found = re.search(r"v(\S+)", told.stderr + told.stdout)
    return found.group(1) if found else ""


def _options(p: Policy) -> Options:
    found: dict[str, float] = {}
    if p.sends_heartbeats("server"):
        found["-K"] = p.reply_timeout // 1000
    if p.on_missed_heartbeat == "close":
        found["-I"] = (p.heartbeat_interval + p.grace) // 1000
    return found


SERVER: Final = Ability(
    "server",
    _options,
    lambda options: " ".join(f"{name} {value}" for name, value in options.items()),
    {
        "bytes": _LIMITS,
        "received": _LIMITS,
        "age": _LIMITS,
        "idle": _LIMITS,
        "reject": "it has no option to refuse data after idleness",
        "keepalive": _KEEPALIVE,
        "death": _KEEPALIVE,
        "traffic": _KEEPALIVE,
        "watch": "of -I: 'Disconnect the session if no traffic is transmitted or received for idle_timeout seconds'",
        "hold": "it has no option that holds data back while a reply is outstanding",
        "limit": "it has no option for how long a key exchange may take",
        "first": "it has no option for how long a login may take",
        "old": NEW_KEYS_ONLY,
        "forged": SPOILT,
        "close": ONLY_TRANSPORT,
    },
    unit=1000,
    seconds=True,
    woken=True,
    grace=2,
    least=3,
    repeats=3,
    skips={
        "BYTE-2-heartbeats": "it has no limit in bytes that heartbeats could fill",
        "LIM-2-many": "it starts no renegotiation in an experiment's time",
        "REKEY-5-both": "it starts no renegotiation in an experiment's time",
        "REKEY-2-old-key": "it starts no renegotiation in an experiment's time",
        "REKEY-1-slow": "it starts no renegotiation in an experiment's time",
        "EST-4-ignored": "it starts no renegotiation in an experiment's time",
        "EST-4-ignored-busy": "it starts no renegotiation in an experiment's time",
        "EST-4-ignored-heartbeats": "it starts no renegotiation in an experiment's time",
        "CLOSE-1-rekeying": "it starts no renegotiation in an experiment's time",
        "EST-4-first": "the 300 s that it allows for a login are compiled in",
        "DEAD-4-traffic": "traffic wakes it to send heartbeats early, which hides what else it is taken for",
    },
)


def server(g: Given) -> AbstractAsyncContextManager[Program]:
    """The server, with our host key in its own format, made by dropbearconvert of the same package."""
    home = g.private / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    (home / ".ssh" / "authorized_keys").write_bytes(g.keys.authorized.read_bytes())
    users = g.private / "passwd"
    users.write_text(f"root:x:0:0:root:{home}:/bin/sh\n")
    key = g.private / "host"
    convert = [path_of("dropbearconvert"), "openssh", "dropbear", str(g.keys.host_file), str(key)]
    options = [word for name, value in g.options.items() for word in (name, str(value))]

    def argv(port: int) -> Sequence[str]:
        program = [path_of("dropbear"), "-F", "-E", "-s", "-r", str(key), "-p", f"127.0.0.1:{port}", *options]
        return ["unshare", "--mount", "--", "sh", "-c", _AT_HOME, str(users), shlex.join(convert), *program]

    return relayed(g, argv, "Not backgrounding", Daemon("auth succeeded", "Exit"))


_AT_HOME: Final = 'mount --bind "$0" /etc/passwd && $1 2>/dev/null && shift && exec "$@"'
"""Runs what follows where root's home is another, once its host key is made."""
