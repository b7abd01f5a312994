"""`peer:erlang`: the ssl application of Erlang/OTP, as installed, judged by what it does."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.need import file, program, wheel
from rekeyspec.conformance.peers.peer import Peer
from rekeyspec.conformance.peers.tls.erlang import Erlang
from rekeyspec.conformance.peers.tls.stage import NOT_ASKED, stage

if TYPE_CHECKING:  # the extra `wire` may be missing, and this module must not be
    from rekeyspec.conformance.peers.tls.stack import Options, Provocation

_VERSION: Final = (
    'ok = application:load(ssl), {ok, V} = application:get_key(ssl, vsn), io:format("~s (OTP ~s)", '
    "[V, erlang:system_info(otp_release)]), halt()."
)

_ONLY_BYTES: Final = (
    "key_update_at 'Configures the maximum amount of bytes that can be sent on a TLS 1.3 connection before an "
    "automatic key update is performed'; no option has to do with "
)

_MANUAL: Final = {
    "bytes": "key_update_at 'Configures the maximum amount of bytes that can be sent on a TLS 1.3 connection before an "
    "automatic key update is performed'",
    "uneven": "key_update_at is 'the maximum amount of bytes that can be sent [...] before an automatic key update': a "
    "message that would pass it gets a new key first, even where the key has carried nothing yet",
    "received": "key_update_at counts 'bytes that can be sent'",
    "age": f"{_ONLY_BYTES}a key's age",
    "idle": f"{_ONLY_BYTES}idleness",
    "heartbeat": "no option of ssl:connect has to do with heartbeats",
    "silent": "no option of ssl:connect ends a silent connection; the timeout of ssl:recv is its caller's",
    "first": "ssl:connect's Timeout is for the connection and its handshake",
    "verify": "verify is verify_none unless it is given, until OTP 26",
    "answer": "the answer is sent by itself",
}


def _experiments() -> Sequence[Experiment[Provocation]]:
    from rekeyspec.conformance.peers.tls.ask import LIMITS, SMALL, experiments  # noqa: PLC0415
    from rekeyspec.conformance.peers.tls.scripts import TIMEOUT  # noqa: PLC0415
    from rekeyspec.conformance.peers.tls.ways import Ways  # noqa: PLC0415

    verify = "{verify, verify_peer}"
    plain = f"[{verify}]"
    limited = {str(n): f"[{verify}, {{key_update_at, {n}}}]" for n in (*LIMITS, SMALL)}
    options: dict[str, Options] = {
        "plain": {"options": plain},
        "timed": {"options": plain, "timeout": str(TIMEOUT)},
        "careless": {"options": "[]"},
        **{limit: {"options": text} for limit, text in limited.items()},
    }
    written = {"plain": plain, "timed": f"{plain}, Timeout = {TIMEOUT}", "careless": "[]", **limited}
    return experiments(Ways(options, written, "next-data", _MANUAL))


def _version() -> str:
    told = subprocess.run(
        ["erl", "-noinput", "-eval", _VERSION], capture_output=True, text=True, timeout=20, check=False
    )
    return told.stdout.strip()


PEER: Final = Peer(
    name="erlang",
    title="Erlang ssl client",
    watched="an instrumented TLS server that opens each record, and answers, delays or ignores each KeyUpdate",
    needs=(
        program("erl", "erlang-base"),
        program("erlc", "erlang-base"),
        file("/usr/lib/erlang/lib/ssl-*", "erlang-ssl"),
        wheel("pyopenssl"),
    ),
    version=_version,
    experiments=_experiments,
    stage=stage(Erlang),
    not_asked=NOT_ASKED
    | {
        "EST-1": "stated: there is no socket to write to before ssl:connect returns",
        "FLOW-1": "stated: it is kept in every experiment in which data flows, and none is made for it alone",
    },
    manual="https://www.erlang.org/doc/apps/ssl/ssl.html",
)
