"""OpenSSH, client and server: what each can be configured to, and how it is started.

The client's user is `relay.py`; the server runs it for the watch. sshd runs in the foreground, with a configuration
file of its own. Started by root it insists on a directory of its own in /run: it gets one in a mount
namespace, which goes with it.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from rekeyspec.conformance.peers.need import path_of
from rekeyspec.conformance.peers.ssh.ability import NEW_KEYS_ONLY, ONLY_TRANSPORT, SPOILT, Ability, Subject
from rekeyspec.conformance.peers.ssh.start import RELAY, Daemon, Given, Options, Program, relayed, started
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Role

_DEFAULT_TIMEOUT: Final = Policy().negotiation_timeout

_LIMIT: Final = (
    "RekeyLimit is 'the maximum amount of data that may be transmitted or received before the session key is "
    "renegotiated, optionally followed by a maximum amount of time that may pass before the session key is "
    "renegotiated'"
)

AHEAD: Final = 10
"""messages: OpenSSH counts blocks of 8 bytes, and to those that were sent it adds the next packet's length in bytes
(`ssh_packet_need_rekeying` in packet.c), so it renews a key some eight messages before the limit."""

_ALIVE: Final[Mapping[Role, str]] = {"client": "ServerAlive", "server": "ClientAlive"}

_CLIENT_COUNT: Final = (
    "ServerAliveCountMax 'sets the number of server alive messages which may be sent without ssh(1) receiving any "
    "messages back from the server'"
)

_SERVER_COUNT: Final = (
    "ClientAliveCountMax 'sets the number of client alive messages which may be sent without sshd(8) receiving any "
    "messages back from the client'"
)


def version() -> str:
    """That of the installed client; the server comes from the same source, and does not tell its own."""
    told = subprocess.run([path_of("ssh"), "-V"], capture_output=True, text=True, timeout=10, check=False).stderr
    found = re.search(r"OpenSSH_(\S+)", told)
    return found.group(1).rstrip(",") if found else told.strip()


def _options(end: Role, first: str, stretch: int) -> Callable[[Policy], Options]:
    """`first` is the option that limits the first negotiation, `stretch` the ability's."""

    def options(p: Policy) -> Options:
        found: dict[str, str | float] = {}
        if p.byte_limit or p.age_limit:
            age = f" {p.age_limit // 1000}" if p.age_limit else ""
            found["RekeyLimit"] = f"{p.byte_limit or 'default'}{age}"
        if p.sends_heartbeats(end):
            found[f"{_ALIVE[end]}Interval"] = p.reply_timeout // (1000 * stretch)
            found[f"{_ALIVE[end]}CountMax"] = p.retries + 1
        if p.negotiation_timeout != _DEFAULT_TIMEOUT:
            found[first] = -(-p.negotiation_timeout // 1000)  # whole seconds, and no fewer
        return found

    return options


def _lines(options: Options) -> str:
    return "; ".join(f"{name} {value}" for name, value in options.items())


def _flags(options: Options) -> str:
    return " ".join(
        f'-o "{name} {value}"' if " " in str(value) else f"-o {name}={value}" for name, value in options.items()
    )


def _manual(end: Role) -> Mapping[Subject, str]:
    program, other = ("ssh(1)", "server") if end == "client" else ("sshd(8)", "client")
    option = f"{_ALIVE[end]}Interval"
    count = _CLIENT_COUNT if end == "client" else _SERVER_COUNT
    return {
        "bytes": _LIMIT,
        "received": _LIMIT,
        "age": _LIMIT,
        "idle": "it has no option that ties a new key to idleness: RekeyLimit is all",
        "reject": "it has no option to refuse data after idleness",
        "keepalive": (
            f"{option} is 'a timeout interval in seconds after which if no data has been received from the {other}, "
            f"{program} will send a message through the encrypted channel to request a response from the {other}'"
        ),
        "death": count,
        "traffic": count,
        "watch": f"it has no option to expect heartbeats of the {other}",
        "hold": "it has no option that holds data back while a reply is outstanding",
        "limit": (
            "ConnectTimeout is 'to performing the initial SSH protocol handshake and key exchange'; no option limits "
            "a later one"
            if end == "client"
            else "LoginGraceTime is until 'the user has successfully logged in'; no option limits a later key exchange"
        ),
        "first": (
            "of ConnectTimeout: 'This timeout is applied both to establishing the connection and to performing the "
            "initial SSH protocol handshake and key exchange'"
            if end == "client"
            else "LoginGraceTime: 'The server disconnects after this time if the user has not successfully logged in'"
        ),
        "old": NEW_KEYS_ONLY,
        "forged": SPOILT,
        "close": ONLY_TRANSPORT,
    }


_SKIPS: Final = {"HB-4-age": "it renews an old key of an idle link anyway, without a heartbeat"}

CLIENT: Final = Ability(
    "client",
    _options("client", "ConnectTimeout", 1),
    _flags,
    _manual("client"),
    unit=1000,
    seconds=True,
    truncates=True,
    ahead=AHEAD,
    age_trigger="timer",
    skips=_SKIPS,
    proof="any",
)

SERVER: Final = Ability(
    "server",
    _options("server", "LoginGraceTime", 2),
    _lines,
    _manual("server"),
    unit=1000,
    seconds=True,
    stretch=2,
    ahead=AHEAD,
    age_trigger="timer",
    skips=_SKIPS,
    proof="any",
)


def client(g: Given) -> AbstractAsyncContextManager[Program]:
    """The client, with no configuration but ours."""
    fixed = {
        "UserKnownHostsFile": str(g.keys.known_hosts), "GlobalKnownHostsFile": "none", "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes", "IdentityAgent": "none", "PreferredAuthentications": "publickey",
        "UpdateHostKeys": "no", "ControlPath": "none",
    }  # fmt: skip
    options = [f"-o{name}={value}" for name, value in {**fixed, **g.options}.items()]
    where = ["-p", str(g.port), "-i", str(g.keys.client_file), "user@127.0.0.1"]
    return started(Program(), [*RELAY, path_of("ssh"), "-F", "none", "-T", "-v", *options, *where])


def server(g: Given) -> AbstractAsyncContextManager[Program]:
    """The server, with a configuration file of its own."""
    fixed = {
        "ListenAddress": "127.0.0.1", "HostKey": g.keys.host_file, "AuthorizedKeysFile": g.keys.authorized,
        "PidFile": "none", "StrictModes": "no", "UsePAM": "no", "PermitRootLogin": "yes", "PrintMotd": "no",
        "PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no", "LogLevel": "DEBUG",
    }  # fmt: skip
    file = g.private / "sshd_config"
    file.write_text("".join(f"{name} {value}\n" for name, value in {**fixed, **g.options}.items()))

    def argv(port: int) -> Sequence[str]:
        command = [path_of("sshd"), "-f", str(file), "-D", "-e", "-p", str(port)]
        return [*IN_ITS_OWN_RUN, *command] if os.geteuid() == 0 else command

    return relayed(g, argv, "Server listening on", Daemon("Starting session", "do_cleanup"))


IN_ITS_OWN_RUN: Final = [
    "unshare", "--mount", "--", "sh", "-c", 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"', "sh",
]  # fmt: skip
"""Runs what follows with a /run that nobody else sees."""
