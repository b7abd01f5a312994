"""What charon is told: its two configuration files, as its user would write them.

Only the plugins that are needed are loaded, so that a daemon starts in a few ms. ESP runs in user space over a TUN
device (kernel-libipsec), since not every kernel has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

PLUGINS: Final = "random nonce openssl kdf kernel-libipsec kernel-netlink socket-default vici"

Version = Literal[1, 2]

Options = Mapping[str, str]


@dataclass(frozen=True)
class Settings:
    """The options of one end that an experiment is about, by the names of strongswan.conf and swanctl.conf; each part
    is added to what every experiment needs."""

    connection: Options = field(default_factory=dict)
    """Of `connections.<conn>`."""
    child: Options = field(default_factory=dict)
    """Of `connections.<conn>.children.<child>`."""
    charon: Options = field(default_factory=dict)
    """Of `charon`."""
    secret: str = ""
    """What this end proves itself by, where that is not the key that both share: an impostor's."""

    def written(self) -> str:
        """The same as its user would write it, on one line."""
        return " ".join(
            f"{name}={value}" for part in (self.connection, self.child, self.charon) for name, value in part.items()
        )


QUICK: Final[Options] = {"retransmit_timeout": "0.5", "retransmit_base": "1.0", "retransmit_tries": "2"}
"""A request is sent three times, 0.5 s apart, and given up 1.5 s after the first."""

GIVE_UP: Final = 1500
"""ms: what QUICK comes to."""

_CHARON: Final[Options] = {"install_virtual_ip": "no", "load": PLUGINS, **QUICK}
_CONNECTION: Final[Options] = {"mobike": "no", "rekey_time": "0", "reauth_time": "0"}
_CHILD: Final[Options] = {"esp_proposals": "aes128gcm16", "rekey_time": "0"}
_IKE: Final[Mapping[Version, str]] = {1: "aes128-sha256-ecp256", 2: "aes128-sha256-x25519"}

LOG: Final = """\
filelog {
    lines {
      path = /dev/stdout
      default = 1
      chd = 2
      time_format = %s
      time_add_ms = yes
      flush_line = yes
    }
  }
"""
"""Lines on its stdout, each with the time (s since 1970, ms as decimals) and the thread."""


@dataclass(frozen=True)
class Address:
    """Where an end lies: on the wire, and in the tunnel."""

    wire: str
    inner: str


def strongswan_conf(settings: Settings) -> str:
    """The text of strongswan.conf."""
    return (
        f"charon {{\n  {_block({**_CHARON, **settings.charon})}\n  {LOG}}}\nswanctl {{\n  load = random openssl\n}}\n"
    )


def swanctl_conf(version: Version, settings: Settings, here: Address, there: Address, secret: str) -> str:
    """The text of swanctl.conf."""
    connection = {
        "version": str(version),
        "local_addrs": here.wire,
        "remote_addrs": there.wire,
        "proposals": _IKE[version],
        **_CONNECTION,
        **settings.connection,
    }
    child = {
        "local_ts": f"{here.inner}/32",
        "remote_ts": f"{there.inner}/32",
        **_CHILD,
        **settings.child,
    }
    ends = "\n".join(f"{end} {{\nauth = psk\nid = {at.wire}\n}}" for end, at in (("local", here), ("remote", there)))
    # charon signs with the key whose identities fit best, and checks against all that fit.
    ids = f"id-1 = {here.wire}\nid-2 = {there.wire}\nsecret = {settings.secret}"
    impostor = f"ike-impostor {{\n{ids}\n}}\n" if settings.secret else ""
    children = f"children {{\nlink {{\n{_block(child)}\n}}\n}}"
    return (
        f"connections {{\nlink {{\n{_block(connection)}\n{ends}\n{children}\n}}\n}}\n"
        f"secrets {{\nike-link {{\nsecret = {secret}\n}}\n{impostor}}}\n"
    )


def without_secrets(text: str) -> str:
    """swanctl.conf as it may be kept."""
    return text.partition("secrets {")[0]


def write(directory: Path, settings: Settings, connections: str) -> None:
    """Both files in `directory`, for nobody else to read."""
    directory.mkdir(mode=0o700)
    (directory / "strongswan.conf").write_text(strongswan_conf(settings), encoding="utf-8")
    secret = directory / "swanctl.conf"
    secret.touch(mode=0o600)
    secret.write_text(connections, encoding="utf-8")


def _block(options: Options) -> str:
    return "\n  ".join(f"{name} = {value}" for name, value in options.items())
