"""What a peer needs of this machine, and the sentence that says so where it is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

SBIN: Final = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where daemons lie, which is on few users' PATH."""


@dataclass(frozen=True)
class Need:
    """One thing. `missing` is said when it is not `met`, with what to do about it."""

    missing: str
    met: Callable[[], bool]


def located(name: str) -> str | None:
    """The path of an installed program, daemons too; None where there is none."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{SBIN}")


def path_of(name: str) -> str:
    """The path of a program that is known to be installed."""
    return located(name) or name


def program(name: str, package: str) -> Need:
    """A program on PATH, or where daemons lie; `package` is Debian's, with its remedy."""
    return Need(f"not-installed: {name} is missing; apt-get install {package}", lambda: located(name) is not None)


def file(path: str, package: str) -> Need:
    """A file of a Debian package that is no program; `path` may have wildcards."""
    missing = f"not-installed: {path} is missing; apt-get install {package}"
    return Need(missing, lambda: any(Path("/").glob(path.lstrip("/"))))


def wheel(distribution: str) -> Need:
    """A Python distribution of the extra `peers`."""
    return Need(
        f"not-installed: {distribution} is missing; pip install 'rekeyspec[peers]'",
        lambda: installed(distribution) is not None,
    )


def installed(distribution: str) -> str | None:
    """The version of an installed Python distribution; None where there is none."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


ROOT: Final = Need(
    "stated: it makes network namespaces and a TUN device, which needs root; run it as root", lambda: os.geteuid() == 0
)

TUN: Final = Need(
    "stated: /dev/net/tun is missing; load the kernel's module tun, or give the container the device",
    lambda: Path("/dev/net/tun").exists(),
)

SPACES: Final = (
    program("ip", "iproute2"), program("unshare", "util-linux"), program("nsenter", "util-linux"), ROOT, TUN,
)  # fmt: skip
"""What network namespaces with a TUN device need."""


def unmet(needs: Sequence[Need]) -> list[str]:
    """What is missing, each in one sentence."""
    return [need.missing for need in needs if not need.met()]
