"""Whom an end believes: certificates that are not what they should be, at either end and later in a link's life, and
attempts to make a negotiation weaker than both ends want it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.reference.wire.credentials import Authority, Credentials
from rekeyspec.reference.wire.frames import BODY, HEADER
from rekeyspec.reference.wire.link import Link
from rekeyspec.reference.wire.negotiation import Connections, Tls, Version
from rekeyspec.reference.wire.seal import CIPHERS
from tests.reference.wire.net import ANONYMOUS, AUTHORITY, Net, tls
from tests.reference.wire.tap import Frames, seen

FULL = 20_000
POLICY = Policy(
    byte_limit=FULL, idle_period=2_000, heartbeat_sender="both", reply_timeout=1_000, negotiation_timeout=3_000
)
NOW = dt.datetime.now(dt.UTC)
WAYS: list[tuple[Version, bool]] = [("1.3", False), ("1.2", False), ("1.2", True)]
OTHER: dict[Role, Role] = {"client": "server", "server": "client"}


def later(days: int) -> Authority:
    """The authority as it signs in some days: with its own key and name, so that only the date is wrong."""
    one = Authority.__new__(Authority)
    one.__dict__.update(AUTHORITY.__dict__)
    one._now = NOW + dt.timedelta(days=days)
    return one


def own(name: str) -> Credentials:
    """A certificate that has signed itself."""
    made = Authority(name)
    return Credentials((AUTHORITY.certificate,), (made.certificate,), made._key)


STRANGER = Authority("rekeyspec demo authority")
"""Of the same name, which anybody can take."""

SUSPICIOUS: dict[str, tuple[Callable[[Role], Credentials], str]] = {
    "expired": (lambda role: AUTHORITY.issue(role, days=-1), "the certificate has expired"),
    "not yet": (lambda role: later(10).issue(role), "the certificate is not valid yet"),
    "another": (lambda role: Authority("another").issue(role), "no authority that is trusted here has signed"),
    "same name": (STRANGER.issue, "no authority that is trusted here|X509_V_ERR"),
    "by itself": (own, "no authority|X509_V_ERR"),
}


def nothing_comes_of_it(net: Net) -> None:
    """Assert that no data comes through, and that both ends end in time. (With TLS 1.3 a client has its key before the
    server has judged its certificate; the server's it has judged itself.)"""
    for role in ROLES:
        net.ends[role].offer(b"secret", net.t)
    net.until(net.t + 3_000)
    for role in ROLES:
        assert net.ends[role].closed
        assert net.received(role) == []
    assert not any(one.do == "SendData" for one in net.logs["server"])
    assert net.server._known == 0
    net.judged()


@pytest.mark.parametrize(("version", "in_place"), WAYS)
@pytest.mark.parametrize("what", SUSPICIOUS)
@pytest.mark.parametrize("who", ROLES)
def test_an_end_with_a_certificate_that_is_not_right_gets_no_key(
    who: Role, what: str, version: Version, in_place: bool
) -> None:
    make, why = SUSPICIOUS[what]
    given = make(who)
    mine = Credentials((AUTHORITY.certificate,), given.chain, given.key)  # it believes the right authority itself
    peer = "server" if who == "client" else ""
    net = Net(
        POLICY, version, in_place, tls={who: Tls(mine, who, version=version, peer=peer, in_place=in_place)}
    ).open()
    nothing_comes_of_it(net)
    assert re.search(why, net.ended(OTHER[who])[0])
    assert who == "client" or net.client._known == 0


@pytest.mark.parametrize(("version", "in_place"), WAYS)
def test_a_server_of_another_name_gets_no_key(version: Version, in_place: bool) -> None:
    somebody = Tls(AUTHORITY.issue("somebody"), "server", version=version, in_place=in_place)
    net = Net(POLICY, version, in_place, tls={"server": somebody}).open()
    for role in ROLES:
        net.ends[role].offer(b"secret", net.t)
    net.until(3_000)
    assert net.ended("client") == ["negotiation failed: the certificate is not one of server"]
    assert net.ended("server")
    assert net.received("server") == net.received("client") == []
    assert net.client._known == 0
    net.judged()


@pytest.mark.parametrize("who", ROLES)
def test_what_has_expired_since_is_refused_at_the_next_negotiation(who: Role) -> None:
    net = Net(POLICY).open()
    negotiator = net.ends[who]._negotiator
    assert isinstance(negotiator, Connections)
    negotiator._context = negotiator._tls.fresh()
    store = negotiator._context.get_cert_store()
    assert store is not None
    store.set_time(NOW + dt.timedelta(days=40))
    net.offer("client", bytes(FULL))
    net.settle()
    assert net.ended(who) == ["negotiation failed: the certificate has expired"]
    net.until(net.t + 3_000)
    assert net.ended(OTHER[who])
    assert net.ends[who]._known == 1, "there was no second key"
    net.judged()


@pytest.mark.parametrize("who", ROLES)
def test_of_two_versions_neither_gives_in(who: Role) -> None:
    net = Net(POLICY, tls={who: tls(who, POLICY, "1.2")}).open()
    nothing_comes_of_it(net)


def test_a_client_without_a_certificate_gets_no_key_where_both_are_to_have_one() -> None:
    for version in ("1.2", "1.3"):
        client = Tls(ANONYMOUS, "client", version=version, peer="server")
        nothing_comes_of_it(Net(POLICY, version, tls={"client": client}).open())


def test_a_client_of_another_name_is_one_of_the_authority_all_the_same() -> None:
    """The server knows nobody's name; whoever the authority signs for may come, and stays the same."""
    somebody = Tls(AUTHORITY.issue("somebody"), "client", peer="server")
    net = Net(POLICY, tls={"client": somebody}).open()
    net.offer("client", bytes(FULL))
    net.settle()
    assert net.client.epoch == net.server.epoch == 2
    net.judged()


def other(net: Net, role: Role, policy: Policy = POLICY, cipher: str = "AES-128-GCM") -> None:
    """Make this end anew, with a choice of its own."""
    net.ends[role] = Link(policy, role, Connections(tls(role, POLICY)), cipher=cipher, log=net.logs[role].append)


@pytest.mark.parametrize("cipher", [name for name in CIPHERS if name != "AES-128-GCM"])
@pytest.mark.parametrize("who", ROLES)
def test_ends_that_were_told_different_ciphers_understand_nothing(who: Role, cipher: str) -> None:
    net = Net(POLICY)
    other(net, who, cipher=cipher)
    net.open()
    assert net.client.token != net.server.token, "the secrets differ, whatever is made of them"
    for role in ROLES:
        net.offer(role, b"secret")
    net.until(10_000)
    for role in ROLES:
        assert net.ends[role].closed
        assert net.received(role) == []
    net.judged()


def test_ends_that_were_told_different_numbers_of_channels_understand_nothing() -> None:
    net = Net(POLICY)
    other(net, "server", policy=POLICY.but(channels=2))
    net.open()
    assert net.client.epoch == net.server.epoch == 0
    net.offer("client", b"secret")
    net.until(10_000)
    assert net.client.closed
    assert net.server.closed
    assert net.received("server") == []
    net.judged()


FIELDS = {"kind": 0, "epoch": 4, "number": 12, "bytes": 20, "negotiation": 25, "session": 30}
"""Of the body of a frame, the last byte of each field."""


CHANGES = [(limit, which, field) for limit in ("own", "initiator") for which in range(3) for field in FIELDS]


@pytest.mark.parametrize(("limit_from", "which", "field"), CHANGES)
def test_what_is_clear_in_the_first_negotiation_cannot_be_changed_to_any_use(
    limit_from: str, which: int, field: str
) -> None:
    """Its start, its answer, its finish: either no key comes of it, or all is as if nothing had been changed."""
    policy = POLICY.but(limit_from=limit_from)
    count = 0

    def each(_to: Role, _connection: int, frame: bytes) -> bytes:
        nonlocal count
        count += 1
        if seen(frame).form or count != which + 1:
            return frame
        at = HEADER.size + FIELDS[field]
        return frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1 :]

    net = Net(policy)
    net.hand = Frames(each)
    net.open()
    limits = {end._engine.state.limit for end in net.ends.values() if end.epoch}
    assert limits <= {FULL} or net.client.token != net.server.token
    net.offer("client", b"hello")
    net.until(20_000)
    assert net.received("server") in ([], [b"hello"])
    net.judged()


def test_the_fields_are_those_of_a_body() -> None:
    assert BODY.size == max(FIELDS.values()) + 1
