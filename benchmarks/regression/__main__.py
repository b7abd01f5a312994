"""Has it become slower? `python -m rekeyspec.benchmarks.regression`.

The suite is run several times, and the fastest round of all of them counts. What is beyond the tolerance then is
measured again, twice at most, since other programs may have had the processor: only what is slower in all of it is
called slower. Exit 0: nothing is; 1: something is; 2: it could not be measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from rekeyspec.benchmarks.regression.ratios import BASELINE, Measured, compared, keep, merged, ratios, read
from rekeyspec.conformance.target import BadInput

SUITE = Path(__file__).with_name("suite.py")
PASSES = 3
AGAIN = 2
TOLERANCE = 1.4


def run() -> dict[str, float]:
    """The suite, once, in a process of its own: seconds of the fastest round of each. Raises BadInput."""
    if missing := [name for name in ("pytest_benchmark", "cryptography", "OpenSSL") if find_spec(name) is None]:
        raise BadInput(f"{', '.join(missing)} not installed; pip install 'rekeyspec[bench,wire]'")
    with TemporaryDirectory() as name:
        json = Path(name) / "measured.json"
        # Whatever is configured where it is called is not meant for it.
        words = ["-c", os.devnull, f"--rootdir={name}", "--import-mode=importlib", "-p", "no:cacheprovider", "-q"]
        command = [sys.executable, "-m", "pytest", *words, f"--benchmark-json={json}", str(SUITE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BadInput(f"the suite failed (exit {done.returncode}):\n{done.stdout}{done.stderr}".rstrip())
        return msgspec.json.decode(json.read_bytes(), type=Measured).fastest()


def main() -> int:
    """Measure, compare, and say how it ended."""
    parser = argparse.ArgumentParser(prog="python -m rekeyspec.benchmarks.regression", description="Is it slower now?")
    parser.add_argument("--save", action="store_true", help="keep these ratios as the baseline")
    parser.add_argument("--baseline", type=Path, default=BASELINE, metavar="FILE", help="another than the project's")
    asked = parser.parse_args()
    runs = [run() for _ in range(PASSES)]
    if asked.save:
        keep(now := ratios(merged(runs)), TOLERANCE, asked.baseline)
        print(f"kept {len(now)} ratios in {asked.baseline}")
        return 0
    baseline = read(asked.baseline)
    found = list(compared(ratios(merged(runs)), baseline))
    for _ in range(AGAIN):
        if not any(one.slower for one in found):
            break
        runs.append(run())
        found = list(compared(ratios(merged(runs)), baseline))
    for one in found:
        print(one.line())
    slower = [one.name for one in found if one.slower]
    said = f"slower: {', '.join(slower)}" if slower else "none is slower"
    print(f"{len(found)} ratios, tolerance {baseline.tolerance}: {said}")
    return 1 if slower else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BadInput as why:
        print(f"rekeyspec: {why}", file=sys.stderr)
        sys.exit(2)
