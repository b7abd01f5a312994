"""`peer:asyncssh`: the asyncssh client, as installed, judged by what it does.

Needs the extra `rekeyspec[peers]`; without it the target is unsupported, and nothing fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rekeyspec.conformance.peers.experiment import PROFILE
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.verdict import Case

NAME: Final = "peer:asyncssh"

NOT_INSTALLED: Final = "not-installed: asyncssh is missing; pip install 'rekeyspec[peers]'"

_NOT_ASKED: Final = {
    "EST-1": "stated: there is no channel to write to before the first key exchange, so it cannot be asked to",
    "EST-2": "stated: no experiment here shows it a server with another key",
    "EST-3": "not-observable: what each end put into a key is known to them alone",
    "HB-5": "stated: a forged packet breaks an SSH link before anything reads it as a heartbeat",
    "HB-6": "stated: it has no option that holds data back while a reply is outstanding",
    "IDLE-4": "stated: it refuses no data after idleness (IDLE-3), so it has nothing to report",
    "IDLE-5": "stated: it closes no link for spoofing (IDLE-4)",
    "DEAD-3": "stated: it has no option to expect heartbeats of the server",
    "DEAD-4": "stated: replies carry no number in SSH, so which one a late reply answers is not said",
    "DEAD-5": "not-observable: whether keys are wiped is seen only inside the process",
    "GATE-1": "stated: a client does not admit links",
    "REKEY-4": "stated: in SSH either end may always start, and there is no message that asks the other to",
    "REKEY-5": "not-observable: two KEXINITs that cross look like one exchange, whoever began it",
    "REKEY-6": "stated: SSH has no notices; each end counts for itself",
    "CACHE-1": "stated: SSH has no abbreviated key exchange",
    "CACHE-2": "stated: SSH has no abbreviated key exchange",
    "CHAN-1": "stated: SSH sends everything over one connection",
    "LIM-1": "stated: its user learns of a full queue by a callback, which no experiment here watches",
    "LIM-2": "stated: it has no bound on renegotiations to provoke",
    "LIM-3": "not-observable: 2^32 packets under one key cannot be sent in an experiment's time",
    "IKE-1": "stated: this is SSH",
    "IKE-2": "stated: this is SSH",
    "EARLY-1": "stated: in SSH data cannot overtake the change of keys",
    "AUTH-1": "stated: a packet that is not sealed ends an SSH link; there is nothing to ignore",
}


def version() -> str | None:
    """The version of asyncssh that would be asked; None where there is none."""
    try:
        return metadata.version("asyncssh")
    except metadata.PackageNotFoundError:
        return None


def unsupported() -> dict[str, str]:
    """Rules that it cannot be asked, or whose keeping cannot be seen, each with the reason. Stated before any run.

    Without asyncssh that is every rule.
    """
    return dict(_NOT_ASKED) if version() else dict.fromkeys(rules(), NOT_INSTALLED)


def run(evidence_dir: Path, only: Sequence[str] = ()) -> list[Case]:
    """Perform the experiments (`only` these, by name) and save what was seen below `evidence_dir`.

    Takes some 15 s of real time and no traffic but on 127.0.0.1. BadInput for an unknown name, or a directory that
    cannot be written. On an exception, Ctrl-C included, no process is left.
    """
    installed = version()
    if installed is None:
        return [Case(NAME, PROFILE, "", (), {}, (), "unsupported", reason=NOT_INSTALLED)]
    return asyncio.run(_run(installed, evidence_dir, only))


async def _run(installed: str, evidence_dir: Path, only: Sequence[str]) -> list[Case]:
    # Imported here: the library may be missing, and the rest of this module must not be.
    from rekeyspec.conformance.peers.asyncssh_experiments import EXPERIMENTS  # noqa: PLC0415
    from rekeyspec.conformance.peers.asyncssh_scene import Stage  # noqa: PLC0415
    from rekeyspec.conformance.peers.experiment import Laboratory  # noqa: PLC0415
    from rekeyspec.conformance.peers.ssh_watch import make_keys  # noqa: PLC0415

    known = {e.name: e for e in EXPERIMENTS}
    for name in only:
        if name not in known:
            raise BadInput(f"{NAME} has no experiment {name!r}; it has {', '.join(known)}")
    with TemporaryDirectory(prefix="rekeyspec-") as private:
        stage = Stage(make_keys(Path(private)))
        laboratory = Laboratory(NAME, installed, stage.perform, evidence_dir)
        return await laboratory.cases([known[name] for name in only or known])
