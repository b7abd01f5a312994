"""Every command that a page shows is one: its words, options and choices are understood; what is quick is run.

Words in capitals stand for the reader's own; what has some, or would take minutes, is understood and not run.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from rekeyspec.cli import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), ROOT / "examples/README.md", ROOT / "spec/README.md"]
BLOCK = re.compile(r"^```(?:sh|bash|console|)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ |    )?(?:\.venv/bin/)?(rekeyspec .+)$", re.MULTILINE)
RUN = re.compile(
    r"rekeyspec (rules|traces|adapter test 'python ex|replay [a-z0-9-]+ (reference|exec:'python ex)|check (reference|"
    r"exec:'python ex)|explore reference --examples \d{1,3}\b)"
)
"""What takes a second or two, and needs nothing of the reader's."""


def shown(page: Path) -> list[str]:
    """The commands in the blocks of a page, without their remarks; a line that ends in a backslash goes on."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    indented = "\n".join(re.findall(r"^    .*$", BLOCK.sub("", text), re.MULTILINE))
    lines = [line for block in [*BLOCK.findall(text), indented] for line in COMMAND.findall(block)]
    return [re.sub(r"\s+#\s.*$", "", line).strip() for line in lines]


ALL = [(page, line) for page in PAGES for line in dict.fromkeys(shown(page))]


def words_of(line: str) -> list[str]:
    words = shlex.split(re.split(r"\s(?:\||>|2>|&&|;|<)\s?", line)[0])
    return [re.sub(r"^N$", "1", word) for word in words if word != "..." and not word.startswith("[")]


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that these words name, and the words that are left for it."""
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while rest and getattr(command, "commands", None) and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


@pytest.mark.parametrize(("page", "line"), ALL, ids=[f"{page.name}: {line}"[:90] for page, line in ALL])
def test_it_is_understood(page: Path, line: str) -> None:
    command, rest = command_of(words_of(line))
    assert not getattr(command, "commands", None) or rest in ([], ["--help"], ["--version"]), f"no such command: {line}"
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
    for word in rest:
        option = word.partition("=")[0]
        assert not re.match(r"--?[a-z]", option) or option in known, f"{page.name}: `{line}`: no option {option}"
    given = [word for word in rest if not word.startswith("-")]
    required = [one for one in command.params if one.required and one.param_type_name == "argument"]
    assert len(given) >= len(required) or "--help" in rest, f"{page.name}: `{line}`: an argument is missing"


QUICK = [
    (page, line) for page, line in ALL if RUN.match(line) and not re.search(r"\b[A-Z]{3,}\b(?!-)|mine\.yaml", line)
]


@pytest.mark.parametrize(("page", "line"), QUICK, ids=[f"{page.name}: {line}"[:90] for page, line in QUICK])
def test_it_runs(page: Path, line: str, tmp_path: Path) -> None:
    for name in ("examples", "conformance", "spec"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "expected.txt").touch()  # nothing is expected to fail
    words = [sys.executable, "-m", "rekeyspec", *words_of(line)[1:]]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{page.name}: `{line}`: {done.stderr}"


def test_there_are_many_and_a_wrong_one_is_seen() -> None:
    assert len(ALL) > 30
    assert len(QUICK) > 3
    with pytest.raises(AssertionError, match="no option --profil"):
        test_it_is_understood(ROOT / "README.md", "rekeyspec check reference --profil combined")
    with pytest.raises(AssertionError, match="no such command"):
        test_it_is_understood(ROOT / "README.md", "rekeyspec chek reference")
