"""The little that is read of a packet."""

from __future__ import annotations

import struct

import pytest

pytestmark = pytest.mark.peer("asyncssh")


def text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (b"\x14" + bytes(16), ("KEXINIT", 17, "")),
        (b"\x5e" + bytes(4) + text(b"12345"), ("CHANNEL_DATA", 5, "")),
        (b"\x50" + text(b"keepalive@openssh.com") + b"\1", ("GLOBAL_REQUEST", 27, "keepalive@openssh.com")),
        (b"\x50" + text(b"hostkeys-00@openssh.com") + b"\0", ("GLOBAL_NOTICE", 29, "hostkeys-00@openssh.com")),
        (b"\x62" + bytes(4) + text(b"keepalive@openssh.com") + b"\1", ("CHANNEL_REQUEST", 31, "keepalive@openssh.com")),
        (b"\x62" + bytes(4) + text(b"exit-status") + b"\0", ("CHANNEL_NOTICE", 21, "exit-status")),
        (b"\x1e" + bytes(4), ("KEX_ECDH_INIT", 5, "")),
        (b"\x01" + bytes(4) + text(b"bye") + text(b"en"), ("DISCONNECT", 18, "bye")),
        (b"\xc8", ("TYPE_200", 1, "")),
    ],
)
def test_described(packet: bytes, expected: tuple[str, int, str]) -> None:
    from rekeyspec.conformance.peers.ssh.packets import described

    assert described(packet) == expected
