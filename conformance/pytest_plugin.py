"""The pytest plugin: `pytest --rekeyspec-target=exec:'python my_adapter.py'` judges an implementation, one test for
each rule and trace, with no test file of the user's.

pytest loads this module in every run of everybody who has the package, so it imports nothing but pytest, and does
nothing unless a target was named on the command line or in pytest's own settings. All else is `pytest_items`.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

_OPTIONS = (
    ("target", "TARGET", "Judge this: reference, python:MODULE:ATTR, exec:COMMAND or pair:CLIENT SERVER; repeatable."),
    ("suite", "hand|model|DIR", "The traces to tell, as in `rekeyspec check --suite`; repeatable."),
)
_PROFILE = "The policy to judge by: a profile's name or a policy file."


class Asked(NamedTuple):
    """What the options say, of the command line or else of the settings: of each option the one or the other."""

    targets: tuple[str, ...]
    profile: str | None
    suites: tuple[str, ...]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, and the same as settings."""
    group = parser.getgroup("rekeyspec", "rules of changing keys and proving liveness (rekeyspec)")
    for name, metavar, text in _OPTIONS:
        group.addoption(f"--rekeyspec-{name}", action="append", metavar=metavar, help=text)
        parser.addini(f"rekeyspec_{name}", f"{text} One a line.", type="linelist", default=[])
    group.addoption("--rekeyspec-profile", metavar="NAME|FILE", help=_PROFILE)
    parser.addini("rekeyspec_profile", _PROFILE, type="string", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Where a target was named, add what collects its tests."""
    config.addinivalue_line("markers", "rekeyspec: a rule, asked of a target by one trace (set by the plugin)")
    asked = _asked(config)
    if asked.targets:
        from rekeyspec.conformance.pytest_items import Judging  # noqa: PLC0415  (most runs have no target)

        config.pluginmanager.register(Judging(asked.targets, asked.profile, asked.suites), "rekeyspec-judging")
        return
    for name in ("profile", "suite"):
        if config.getoption(f"--rekeyspec-{name}"):
            raise pytest.UsageError(
                f"--rekeyspec-{name}: read no --rekeyspec-target beside it, expected one; say what is to be judged"
            )


def _asked(config: pytest.Config) -> Asked:
    targets = config.getoption("--rekeyspec-target") or config.getini("rekeyspec_target")
    suites = config.getoption("--rekeyspec-suite") or config.getini("rekeyspec_suite")
    profile = config.getoption("--rekeyspec-profile") or config.getini("rekeyspec_profile")
    return Asked(tuple(dict.fromkeys(targets)), profile or None, tuple(suites))
