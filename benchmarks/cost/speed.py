"""The floor: what the primitives cost by `openssl speed`, in a process of its own and perhaps by another OpenSSL."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rekeyspec.benchmarks.cost.choices import Case, Settings

_SIGN: Final = {"RSA-2048": "rsa2048", "RSA-3072": "rsa3072", "RSA-4096": "rsa4096", "P-256": "ecdsap256",
                "Ed25519": "ed25519"}  # fmt: skip
_SHARE: Final = {"X25519": "ecdhx25519", "P-256": "ecdhp256"}
_CIPHER: Final = {"AES-128-GCM": "aes-128-gcm", "AES-256-GCM": "aes-256-gcm",
                  "ChaCha20-Poly1305": "chacha20-poly1305"}  # fmt: skip
_BITS: Final = {"RSA-2048": "2048", "RSA-3072": "3072", "RSA-4096": "4096"}
_LIMIT: Final = 30
"""No one primitive takes longer than this (s)."""


class Primitive(NamedTuple):
    """One operation: seconds each, or seconds a byte where it is `seal`."""

    name: str
    operation: str
    seconds: float


def measure(settings: Settings, notes: list[str]) -> Iterator[Primitive]:
    """The primitives of what was asked for, a second each. What cannot be had is noted."""
    if shutil.which("openssl") is None:
        notes.append("floor: there is no openssl on PATH, so `openssl speed` was skipped")
        return
    for certificate in settings.certificates:
        found = {one.operation: one for one in _signatures(certificate)}
        if set(found) != {"sign", "verify"}:
            notes.append(f"floor: this openssl does not time {certificate}; skipped")
        yield from found.values()
    for group in settings.groups:
        said = _speed([_SHARE[group]]) if group in _SHARE else ""
        found_share = re.search(r"^\+F5:\d+:\d+:([\d.]+)", said, re.MULTILINE)
        if found_share is None:
            notes.append(f"floor: this openssl does not time {group}; skipped")
        else:
            yield Primitive(group, "exchange", 1 / float(found_share[1]))
    for cipher in settings.ciphers:
        for message in sorted({min(one, 1 << 14) for one in settings.messages[:1]}):
            said = _speed(["-bytes", str(message), "-evp", _CIPHER[cipher]])
            found_cipher = re.search(r"^\+F:\d+:[^:]+:([\d.]+)", said, re.MULTILINE)
            if found_cipher is None:
                notes.append(f"floor: this openssl does not time {cipher}; skipped")
            else:
                yield Primitive(cipher, "seal", 1 / float(found_cipher[1]))


def _signatures(certificate: str) -> Iterator[Primitive]:
    said = _speed([_SIGN[certificate]])
    for line in said.splitlines():
        parts = line.split(":")
        if parts[0] in {"+F2", "+F4", "+F6"} and len(parts) >= 5:
            for operation, rate in zip(("sign", "verify"), parts[-2:], strict=True):
                yield Primitive(certificate, operation, 1 / float(rate))


def _speed(words: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            ["openssl", "speed", "-mr", "-seconds", "1", *words],
            capture_output=True, text=True, timeout=_LIMIT, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def version() -> str:
    """Whose primitives these are; empty without an openssl."""
    try:
        done = subprocess.run(["openssl", "version"], capture_output=True, text=True, timeout=_LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def floor(case: Case, primitives: Sequence[Primitive]) -> float | None:
    """What both ends of this negotiation spend on public-key operations alone (s); None where one was not timed.

    A key exchange is a key made and a secret derived at each end: four operations. Each certificate that is shown is
    signed with once, and verified with it two signatures: the authority's, and the end's.
    """
    known = {(one.name, one.operation): one.seconds for one in primitives}
    shown = 0
    if case.negotiation.endswith(("-full", "in-place")):
        shown = 2 if case.authentication == "mutual" else 1
    exchanged = case.negotiation in {"wire-full", "wire-abbreviated"} or not case.negotiation.endswith(
        ("abbreviated", "psk", "ratchet")
    )
    try:
        total = 4 * known[case.group, "exchange"] if exchanged else 0.0
        if shown:
            total += shown * (known[case.certificate, "sign"] + 2 * known[case.certificate, "verify"])
    except KeyError:
        return None
    return total
