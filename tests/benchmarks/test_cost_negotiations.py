"""Each negotiation that `bench cost` measures is what it says: asked of the connections themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("OpenSSL")

from OpenSSL._util import lib

from rekeyspec.benchmarks.cost import ends, peers, tls
from rekeyspec.benchmarks.cost.choices import AUTHENTICATIONS, CERTIFICATES, CIPHERS, MIB, Case
from rekeyspec.benchmarks.cost.ends import Meter
from rekeyspec.benchmarks.cost.identities import Identities, make
from rekeyspec.benchmarks.cost.links import Wire
from rekeyspec.benchmarks.cost.records import Records
from rekeyspec.benchmarks.cost.tls import Bare, Unavailable
from rekeyspec.reference.wire.link import Renewed

TLS13 = ("tls1.3-full", "tls1.3-resumed-dhe", "tls1.3-resumed-psk")
TLS12 = ("tls1.2-full", "tls1.2-abbreviated", "tls1.2-in-place")
ROUND_TRIPS = {"tls1.2-full": 2, "tls1.2-in-place": 2}
KEYS = {"P-256": "ECPublicKey", "RSA-2048": "RSAPublicKey", "Ed25519": "Ed25519PublicKey"}

identities = cache(make)


def case(negotiation: str, **more: str) -> Case:
    return Case(
        negotiation,
        more.get("certificate", "P-256"),
        more.get("group", "X25519"),
        more.get("authentication", "mutual"),
        more.get("cipher", "AES-128-GCM"),
    )


def pair(one: Case) -> Bare:
    made = Bare(one, identities(one.certificate), 1024)
    made.negotiate()
    return made


@pytest.mark.parametrize("authentication", AUTHENTICATIONS)
@pytest.mark.parametrize("negotiation", TLS13 + TLS12)
def test_a_negotiation_is_the_one_it_says(negotiation: str, authentication: str) -> None:
    made = pair(case(negotiation, authentication=authentication))
    version = "TLSv1.3" if negotiation in TLS13 else "TLSv1.2"
    for end in (made.client, made.server):
        assert end.get_protocol_version_name() == version
        assert lib.SSL_session_reused(end._ssl) == ("resumed" in negotiation or "abbreviated" in negotiation)
    assert made.client.get_peer_certificate() is not None
    assert (made.server.get_peer_certificate() is not None) == (authentication == "mutual")
    assert made.round_trips == ROUND_TRIPS.get(negotiation, 1)
    tls.check(made)


@pytest.mark.parametrize("negotiation", TLS13)
def test_only_resumption_without_dhe_shares_no_key(negotiation: str) -> None:
    assert tls.shares_key(pair(case(negotiation)).flights[1]) == (negotiation != "tls1.3-resumed-psk")


@pytest.mark.parametrize(
    ("group", "name"), [("X25519", "x25519"), ("P-256", "secp256r1"), ("X25519MLKEM768", "X25519MLKEM768")]
)
@pytest.mark.parametrize("negotiation", ["tls1.3-full", "tls1.3-resumed-dhe", "tls1.2-full", "tls1.2-in-place"])
def test_the_group_is_the_one_that_was_asked_for(negotiation: str, group: str, name: str) -> None:
    if negotiation in TLS12 and "MLKEM" in group:
        with pytest.raises(Unavailable, match=r"TLS 1\.2 has no X25519MLKEM768"):
            pair(case(negotiation, group=group))
        return
    try:
        made = pair(case(negotiation, group=group))
    except Unavailable as why:
        pytest.skip(str(why))
    assert made.client.get_group_name() == made.server.get_group_name() == name


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("negotiation", ["tls1.3-full", "tls1.2-full"])
def test_the_cipher_is_the_one_that_was_asked_for(negotiation: str, cipher: str) -> None:
    name = pair(case(negotiation, cipher=cipher)).client.get_cipher_name()
    assert name is not None
    assert cipher.replace("-", "").upper() in name.replace("_", "").replace("-", "").upper()


@pytest.mark.parametrize("certificate", KEYS)
def test_certificates_are_of_their_algorithm_and_both_ends_show_theirs(certificate: str) -> None:
    made = pair(case("tls1.3-full", certificate=certificate))
    for end, name in ((made.client, "server"), (made.server, "client")):
        shown = end.get_peer_certificate()
        assert shown is not None
        read = shown.to_cryptography()
        assert read.subject.rfc4514_string() == f"CN={name}"
        assert KEYS[certificate] in type(read.public_key()).__name__
    assert set(KEYS) < set(CERTIFICATES)


def test_renegotiation_in_place_stays_in_its_connection_and_changes_its_keys() -> None:
    made = pair(case("tls1.2-in-place"))
    client, finished = made.client, made.client.get_finished()
    made.negotiate()
    assert made.client is client
    assert client.total_renegotiations() == 2
    assert client.get_finished() != finished


def test_a_negotiation_that_came_to_another_is_unavailable() -> None:
    made = pair(case("tls1.3-full"))
    made.case = case("tls1.3-full", group="P-256")
    with pytest.raises(Unavailable, match=r"another group \(X25519\)"):
        tls.check(made)
    made.case = case("tls1.3-resumed-psk")
    with pytest.raises(Unavailable, match=r"another key exchange"):
        tls.check(made)


def test_a_group_that_the_library_lacks_is_unavailable_and_the_next_one_works() -> None:
    with pytest.raises(Unavailable, match="the library has no group X25519Kyber512"):
        pair(case("tls1.3-full", group="X25519Kyber512"))
    pair(case("tls1.3-full"))


class Without:
    """The library, without its call for groups."""

    def __getattr__(self, name: str) -> object:
        if name == "SSL_CTX_set1_curves_list":
            raise AttributeError(name)
        return getattr(lib, name)


def test_without_a_call_for_groups_openssl_chooses_and_another_group_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tls, "lib", Without())
    made = pair(case("tls1.3-full", group=""))
    chosen = made.client.get_group_name() or ""
    name = {"x25519": "X25519"}.get(chosen, chosen)
    tls.check(pair(case("tls1.3-full", group=name)))
    with pytest.raises(Unavailable, match="the library negotiates another group"):
        tls.check(pair(case("tls1.3-full", group="P-256")))
    with pytest.raises(Unavailable, match="cannot choose the wire's group, X25519"):
        wire("wire-full", identities("P-256"))


def test_openssl_conf_chooses_the_group_then(tmp_path: Path) -> None:
    conf = tmp_path / "openssl.cnf"
    conf.write_text(
        "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nGroups = P-256\n", encoding="ascii"
    )
    story = (
        "from rekeyspec.benchmarks.cost import choices, identities, tls; "
        "tls.set_group = lambda *_: None; "
        "case = choices.Case('tls1.3-full', 'P-256', 'P-256', 'mutual', 'AES-128-GCM'); "
        "tls.check(tls.Bare(case, identities.make('P-256'), 1024))"
    )
    command = [sys.executable, "-c", story]
    assert subprocess.run(command, env={**os.environ, "OPENSSL_CONF": str(conf)}, check=False).returncode == 0
    alone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Unavailable: tls1.3-full: the library negotiates another group" in alone.stderr


def wire(negotiation: str, who: Identities | None, **more: str) -> Wire:
    return Wire(case(negotiation, **more), who, 1024)


@pytest.mark.parametrize("authentication", AUTHENTICATIONS)
@pytest.mark.parametrize("negotiation", ["wire-full", "wire-abbreviated"])
def test_the_wire_renegotiates_as_it_says(negotiation: str, authentication: str) -> None:
    made = wire(negotiation, identities("P-256"), authentication=authentication)
    before = made.client.epoch
    made.negotiate()
    assert made.client.epoch == made.server.epoch == before + 1
    assert made.abbreviated() == (negotiation == "wire-abbreviated")
    peer = next(one.peer for one in made.server.news if isinstance(one, Renewed))
    assert bool(peer) == (authentication == "mutual")
    assert made.round_trips == 1


def test_the_wire_takes_the_group_it_is_told() -> None:
    sizes = {}
    for group in ("X25519", "P-256"):
        made = wire("wire-full", identities("P-256"), group=group)
        sizes[group] = ends.negotiation(made).to_server
    assert 25 <= sizes["P-256"] - sizes["X25519"] <= 40  # the client's key share is 33 bytes longer


def test_the_ratchet_gives_both_ends_the_same_new_key_and_forgets_the_old_one() -> None:
    made = Records("AES-256-GCM", 1024)
    old = made.client.aead
    sealed = old.encrypt(bytes(12), b"old", None)
    made.negotiate()
    assert (made.client.iv, made.client.number) == (made.server.iv, 0)
    with pytest.raises(Exception, match=r"^$"):
        made.server.aead.decrypt(bytes(12), sealed, None)
    made.carry(64 * 1024)


@pytest.mark.parametrize("message", [1, 1000, 16384, 65536])
def test_all_that_is_carried_arrives_and_is_counted(message: int) -> None:
    volume = 3 * message
    for made in (
        Bare(case("tls1.3-full"), identities("P-256"), message),
        Records("AES-128-GCM", message),
        Wire(case("wire-full"), identities("P-256"), message),
        Wire(case("wire-full"), None, message, plain=True),
        peers.Silent(message),
    ):
        sample = ends.data(made, volume)
        assert volume <= sample.to_server < 1.2 * volume + 3 * 120, type(made)
        assert sample.to_client == 0


def test_a_key_of_the_wire_is_renewed_before_it_is_spent_and_that_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rekeyspec.benchmarks.cost.links._MOST", 2 * MIB)
    made = Wire(case("wire-full"), identities("P-256"), 65536)
    epoch = made.client.epoch
    for _ in range(3):
        assert ends.data(made, MIB).to_client == 0
    assert made.client.epoch == epoch + 1


class Counted:
    """A clock on which every reading takes a second: what lies between two readings is one."""

    def __init__(self) -> None:
        self.t = 0.0

    def __call__(self) -> float:
        self.t += 1
        return self.t


def test_each_ends_seconds_are_its_own() -> None:
    meter = Meter(cpu=Counted(), wall=Counted())
    made = Bare(case("tls1.3-full"), identities("P-256"), 1024, meter)
    assert (meter.client, meter.server) == (3, 2)  # hello, finished, tickets; hello, tickets
    sample = ends.negotiation(made)
    assert (sample.client, sample.server) == (4, 3)  # and each makes its end
    sample = ends.data(made, 128 * 1024)
    assert (sample.client, sample.server) == (2, 2)  # two batches of 64 KiB


class Steps:
    """Costs so much for a negotiation, and for each message after it, at the client; a third of it at the server."""

    round_trips = 1

    def __init__(self, *costs: int) -> None:
        self.meter, self._costs = Meter(cpu=Counted(), wall=Counted()), list(costs)

    def negotiate(self) -> None:
        self.carry(0)

    def carry(self, _volume: int) -> None:
        cost = self._costs.pop(0)
        self.meter.client += 3 * cost
        self.meter.server += cost


def test_what_the_first_message_costs_more_is_the_negotiations() -> None:
    sample = ends.negotiation(Steps(1000, 50, 30))
    assert (sample.client, sample.server) == (3 * 1020, 1020)
    assert (sample.wall, sample.stall) == (1, 2)


def test_pythons_ssl_negotiates_as_it_is_told(tmp_path: Path) -> None:
    made = peers.Stdlib(case("tls1.2-full"), identities("P-256"), 1024, tmp_path)
    assert made.round_trips == 2
    assert ends.data(made, 4096).to_server > 4096
    for wrong in (case("tls1.3-full"), case("tls1.2-full", group="X25519MLKEM768")):
        with pytest.raises(Unavailable, match="cannot choose"):
            peers.Stdlib(wrong, identities("P-256"), 1024, tmp_path)
