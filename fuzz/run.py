"""`python -m fuzz.run`: fuzz a harness, replay a finding, or say what the kept corpus covers.

Exit code 0: nothing was found. 1: something was, and its input is stored; the last line says how to replay it. 2: bad
input, or atheris is missing (`pip install 'rekeyspec[fuzz]'`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from fuzz import corpus, link, parsers
from rekeyspec.conformance.audit import reading
from rekeyspec.reference.wire import frames, seal
from rekeyspec.reference.wire import link as wire

ROOT: Final = Path(__file__).resolve().parent.parent

HARNESSES: Final = {
    "link": (link.one_input, link.LONGEST, (wire, frames, seal)),
    "parsers": (parsers.one_input, parsers.LONGEST, (frames, reading)),
}


class Outcome(NamedTuple):
    """What a run came to: how it ended, how many inputs there were and how many got past the parser, and how long it
    took (s)."""

    code: int
    inputs: int
    past: int
    took: float


def main() -> int:
    """Do what the command line says; the exit code."""
    given = _arguments()
    try:
        if given.replay is not None:
            return replay(given.harness, given.replay)
        path = given.corpus or corpus.KEPT / f"{given.harness}.hex"
        seeds = corpus.read(path) if given.corpus else corpus.kept(given.harness)
    except (corpus.BadCorpus, OSError) as why:
        print(f"fuzz: {why}", file=sys.stderr)
        return 2
    code = 0
    if given.inputs:
        if find_spec("atheris") is None:
            print("fuzz: atheris is not installed; pip install 'rekeyspec[fuzz]'", file=sys.stderr)
            return 2
        code, seeds = fuzzed(given.harness, seeds, given.inputs, given.seed, given.findings, given.longest)
        if given.keep and not code:
            run, _, modules = HARNESSES[given.harness]
            seeds = corpus.least(seeds, run, modules)
            corpus.write(path, seeds)
            print(f"kept {len(seeds)} inputs in {path}")
    return code or (0 if given.quick else covers(given.harness, seeds, given.findings))


def fuzzed(
    harness: str, seeds: list[bytes], inputs: int, seed: int, findings: Path, longest: int
) -> tuple[int, list[bytes]]:
    """Fuzz, and say how it went: the exit code, and all inputs that libFuzzer found worth keeping."""
    findings.mkdir(parents=True, exist_ok=True)
    before = set(findings.iterdir())
    with tempfile.TemporaryDirectory() as made:
        grown = Path(made) / "corpus"
        grown.mkdir()
        for one in seeds:
            (grown / hashlib.sha256(one).hexdigest()[:24]).write_bytes(one)
        options = [
            f"-runs={inputs}",
            f"-seed={seed}",
            f"-max_len={longest or HARNESSES[harness][1]}",
            f"-artifact_prefix={findings}{os.sep}{harness}-",
            "-timeout=20",
            "-rss_limit_mb=1024",
            str(grown),
        ]
        done = _child(harness, options, Path(made) / "figures", Path(made) / "log")
        found = sorted(set(findings.iterdir()) - before)
        rate, share = done.inputs / done.took, done.past / max(done.inputs, 1)
        print(f"{harness}: {done.inputs:,} inputs in {done.took:.0f} s ({rate:,.0f}/s), seed {seed}")
        print(f"{share:.1%} got past the parser; {len(found)} findings")
        if done.code or found:
            print((Path(made) / "log").read_text(encoding="utf-8", errors="replace")[-3000:], file=sys.stderr)
            for path in found:
                print(f"found: {path}; python -m fuzz.run --harness {harness} --replay {path}")
            return 1, seeds
        return 0, [one.read_bytes() for one in sorted(grown.iterdir())]


def _child(harness: str, options: list[str], figures: Path, log: Path) -> Outcome:
    """Run libFuzzer in a process of its own, since it ends the one that it runs in."""
    command = [sys.executable, "-m", "fuzz.child", harness, str(figures), *options]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    began = time.monotonic()
    with log.open("wb") as out:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            code = child.wait()
        finally:
            child.kill()
            child.wait()
    took = time.monotonic() - began
    counted = json.loads(figures.read_text(encoding="ascii")) if figures.exists() else {"inputs": 0, "past": 0}
    return Outcome(code, counted["inputs"], counted["past"], took)


def covers(harness: str, inputs: list[bytes], findings: Path) -> int:
    """Say what these inputs cover, run without atheris; 1 if one of them is a finding."""
    run, _, (module, *_) = HARNESSES[harness]
    past = 0
    for one in inputs:
        try:
            past += run(one)
        except Exception as why:  # noqa: BLE001 -- whatever it is, it is a finding
            findings.mkdir(parents=True, exist_ok=True)
            path = findings / f"{harness}-{hashlib.sha256(one).hexdigest()[:24]}"
            path.write_bytes(one)
            print(f"found: {path} ({type(why).__name__}); python -m fuzz.run --harness {harness} --replay {path}")
            return 1
    part, missing = corpus.share(inputs, run, module)
    print(f"the corpus: {len(inputs)} inputs, {past / max(len(inputs), 1):.1%} past the parser")
    print(f"they run {part:.1%} of the lines of {Path(module.__file__ or '').name}; the others: {missing or 'none'}")
    return 0


def replay(harness: str, path: Path) -> int:
    """Tell an input's story, and how it ends."""
    data = path.read_bytes()
    told: list[str] = []
    try:
        if harness == "link":
            link.Story(data, told).to_the_end()
        else:
            told.append(repr(data))
            HARNESSES[harness][0](data)
    except Exception:  # noqa: BLE001 -- whatever it is, it is the finding
        why = traceback.format_exc()
    else:
        why = ""
    print("\n".join(told))
    print(why or "nothing is wrong with it")
    return 1 if why else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz.run", description="Fuzz the reference on the wire.")
    parser.add_argument("--harness", choices=HARNESSES, default="link")
    parser.add_argument("--inputs", type=_count, default=0, help="how many; 0, the default: only say what is covered")
    parser.add_argument("--seed", type=_count, default=1, help="of libFuzzer's choices")
    parser.add_argument("--longest", type=_count, default=0, help="the longest input, in bytes; 0: the harness's own")
    parser.add_argument("--corpus", type=Path, help="begin with these inputs; without it, with those that are kept")
    parser.add_argument("--keep", action="store_true", help="write what the run added to the corpus, made small")
    parser.add_argument("--findings", type=Path, default=Path("build/findings"), help="where a finding's input goes")
    parser.add_argument("--quick", action="store_true", help="do not measure what the corpus covers")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="tell the story of one input, and how it ends")
    return parser.parse_args()


def _count(given: str) -> int:
    number = int(given)
    if number < 0:
        raise ValueError
    return number


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
