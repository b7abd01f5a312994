"""A Chromium for tests of what it draws."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def chromium(browser: str, page: Path, *flags: str) -> str:
    """Let a Chromium show the page; what it prints. Whatever it started ends with it."""
    command = [browser, *FLAGS, f"--user-data-dir={page.parent / 'profile'}", *flags, page.as_uri()]
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env=os.environ | {"HOME": str(page.parent)},
    )
    try:
        return child.communicate(timeout=60)[0]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
