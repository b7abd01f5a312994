"""A Java that only prints what TLC printed, models for it, and the command that checks them."""

import os
import subprocess
import sys
from pathlib import Path

from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.models import Model

OUTPUTS = Path(__file__).parent / "outputs"


def a_model(specs: Path, cfg: str, expected: str, distinct: int | None = None, spec: str = "Counter") -> Model:
    return Model(
        id=cfg,
        about="A test.",
        folder=specs,
        spec=specs / f"{spec}.tla",
        cfg=specs / f"{cfg}.cfg",
        profile="key-based",
        rules=("EST-4",),
        quick=True,
        deadlock=True,
        expected=expected,
        distinct=distinct,
    )


def recordings(folder: Path) -> Tlc:
    """A Java that prints what TLC printed for the cfg."""
    java = folder / "java"
    java.write_text(f"""#!/bin/sh
while [ $# -gt 2 ]; do shift; done
name=$(basename $1 .cfg)
cat {OUTPUTS}/$name.txt
case $name in ok) exit 0;; deadlock) exit 11;; *) exit 12;; esac
""")
    java.chmod(0o755)
    return Tlc(java, folder / "tla2tools.jar")


MODELS = """\
models:
  - {{id: ok, about: It holds., spec: {0}/Counter.tla, cfg: {0}/ok.cfg, profile: key-based, rules: [EST-4], expect: ok,
     distinct: 16, quick: true}}
  - {{id: exchange, about: The finish is lost., spec: {0}/Exchange.tla, cfg: {0}/exchange.cfg, profile: key-based,
     rules: [EST-4], expect: ok, distinct: 9}}
  - {{id: syntax, about: It is none., spec: {0}/Syntax.tla, cfg: {0}/plain.cfg, profile: key-based, rules: [EST-4],
     expect: ok, distinct: 9}}
"""


def rekeyspec(*words: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rekeyspec", "model", *words]
    pipe = subprocess.PIPE
    environment = os.environ | {"COLUMNS": "200"}
    return subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True, env=environment)
