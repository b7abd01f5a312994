"""What docs/audit.md shows is so."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from rekeyspec.conformance.log import Header, LoggedEvent
from tests.conformance.audit.logs import ESTABLISHED, audited, body, header

PAGE = (Path(__file__).parents[3] / "docs/audit.md").read_text(encoding="utf-8")


def test_the_log_on_the_page_is_one_and_conforms() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    found = audited(shown)
    assert found.lives == {"conforms": 1}
    assert (found.events, found.origins) == (8, ["mine 1.2"])
    assert {json.loads(line).get("do") for line in shown.splitlines()} >= {"Open", "Arrive", "Offer", "Shut"}


def test_the_page_has_every_field() -> None:
    for form in (Header, LoggedEvent):
        assert not [name for name in form.__struct_fields__ if f"| `{name}` |" not in PAGE]


def test_the_page_has_every_option() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rekeyspec", "audit", "--help"], capture_output=True, text=True, check=True
    )
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", done.stdout)) - {"--help"}
    assert len(options) > 9
    assert not [option for option in options if option not in PAGE]


def test_the_commands_on_the_page_run(tmp_path: Path) -> None:
    """But the one that follows, which test_follow.py runs."""
    blocks = [text for kind, text in re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL) if not kind]
    commands = [line for block in blocks for line in block.splitlines()]
    commands = [line for line in commands if re.match(r"(rekeyspec|zcat) ", line) and "--follow" not in line]
    assert len(commands) == 5
    (tmp_path / "app.jsonl").write_text(header() + body(ESTABLISHED))
    subprocess.run(["gzip", "-k", "app.jsonl"], cwd=tmp_path, check=True)
    ours = shlex.join([sys.executable, "-m", "rekeyspec"])
    for command in commands:
        line = re.sub(r"\brekeyspec\b", ours, command, count=1)
        done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
