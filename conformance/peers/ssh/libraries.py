"""What the Python libraries can be configured to: asyncssh, as client and as server, and paramiko."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rekeyspec.conformance.peers.ssh.ability import NEW_KEYS_ONLY, SPOILT, Ability
from rekeyspec.conformance.peers.ssh.start import Options
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Role

_DEFAULT_TIMEOUT: Final = Policy().negotiation_timeout


def keywords(options: Options) -> str:
    """Options as a Python user writes them."""
    return ", ".join(f"{name}={value}" for name, value in options.items())


def _asyncssh_options(end: Role) -> Callable[[Policy], Options]:
    def options(p: Policy) -> Options:
        found: dict[str, float] = {}
        if p.byte_limit:
            found["rekey_bytes"] = p.byte_limit
        if p.age_limit:
            found["rekey_seconds"] = p.age_limit / 1000
        if p.sends_heartbeats(end):
            found |= {"keepalive_interval": p.idle_period / 1000, "keepalive_count_max": p.retries + 1}
        if p.negotiation_timeout != _DEFAULT_TIMEOUT:
            found["login_timeout"] = p.negotiation_timeout / 1000
        return found

    return options


def asyncssh(end: Role) -> Ability:
    """asyncssh, whose options are the same at both ends. `login_timeout` is its only limit on a negotiation's time."""
    other = "server" if end == "client" else "client"
    sent = "rekey_bytes is 'the number of bytes which can be sent before the SSH session key is renegotiated'"
    return Ability(
        end,
        _asyncssh_options(end),
        keywords,
        {
            "bytes": sent,
            "received": sent,
            "age": "rekey_seconds is 'the maximum time in seconds before the SSH session key is renegotiated'",
            "idle": "it has no option that ties a new key to idleness: rekey_bytes and rekey_seconds are all",
            "reject": "it has no option to refuse data after idleness",
            "keepalive": (
                "keepalive_interval is 'the time in seconds to wait before sending a keepalive message if no data has "
                f"been received from the {other}'"
            ),
            "death": (
                "keepalive_count_max is 'the maximum number of keepalive messages which will be sent without getting a "
                "response before disconnecting'"
            ),
            "traffic": (
                "keepalive_count_max counts messages 'sent without getting a response', but a keepalive is sent only "
                f"'if no data has been received from the {other}'"
            ),
            "watch": f"it has no option to expect heartbeats of the {other}",
            "hold": "it has no option that holds data back while a reply is outstanding",
            "limit": "login_timeout is 'for authentication to complete'; no option limits a later key exchange",
            "first": "login_timeout is 'the maximum time in seconds allowed for authentication to complete'",
            "old": NEW_KEYS_ONLY,
            "forged": SPOILT,
        },
        tenths=True,
        repeats=3,
    )  # fmt: skip


def _paramiko_options(p: Policy) -> Options:
    found: dict[str, float] = {}
    if p.byte_limit:
        found["rekey_bytes"] = p.byte_limit
    if p.sends_heartbeats("client"):
        found["keepalive"] = p.idle_period / 1000
    if p.negotiation_timeout != _DEFAULT_TIMEOUT:
        found["handshake_timeout"] = p.negotiation_timeout / 1000
    return found


_PARAMIKO_NAMES: Final = {
    "rekey_bytes": "Packetizer.REKEY_BYTES = {}",
    "keepalive": "transport.set_keepalive({})",
    "handshake_timeout": "transport.handshake_timeout = {}",
}

_IGNORED: Final = (
    'of set_keepalive: \'after interval seconds without sending any data over the connection, a "keepalive" packet '
    "will be sent (and ignored by the remote host)'"
)

PARAMIKO: Final = Ability(
    "client",
    _paramiko_options,
    lambda options: "; ".join(_PARAMIKO_NAMES[name].format(value) for name, value in options.items()),
    {
        "bytes": "it has no option for a limit, but a constant, REKEY_BYTES, of which its manual says nothing",
        "received": "it has no option for a limit, but a constant, REKEY_BYTES, of which its manual says nothing",
        "age": "it has no option for the age of a key",
        "idle": "it has no option that ties a new key to idleness",
        "reject": "it has no option to refuse data after idleness",
        "keepalive": _IGNORED,
        "death": _IGNORED,
        "traffic": _IGNORED,
        "watch": "it has no option to expect heartbeats of the server",
        "hold": _IGNORED,
        "limit": "handshake_timeout is for the first key exchange; no option limits a later one",
        "first": "",
        "old": NEW_KEYS_ONLY,
        "forged": SPOILT,
        "close": "of Transport.close: 'close this session, and any open channels that are tied to it'",
    },
    tenths=True,
    byte_trigger="at-once",
    answered=False,
    skips={
        "HB-2-slow-replies": "its heartbeats ask for no reply that could be slow",
        "HB-2-sending": "its heartbeats are repeats of one that nothing answers, whatever it sends meanwhile",
        "HB-2-receiving": "the same, whatever it receives",
        "DEAD-1-late": "its heartbeats ask for no reply that could be late",
        "DEAD-4-traffic": "its heartbeats ask for no reply that something could stand for",
    },
)
