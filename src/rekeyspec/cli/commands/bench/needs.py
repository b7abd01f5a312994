"""A clear word where an extra is missing."""

from __future__ import annotations

from importlib.util import find_spec

MODULES = {"numpy": "numpy", "matplotlib": "matplotlib"}
WIRE = {"cryptography": "cryptography", "OpenSSL": "pyOpenSSL"}


def needs(command: str, *, wire: bool = False) -> None:
    """Raises BadInput where what this command imports is not installed."""
    from rekeyspec.conformance.yamlfile import problem

    wanted = MODULES | WIRE if wire else MODULES
    if missing := [name for module, name in wanted.items() if find_spec(module) is None]:
        extras = "wire,bench" if wire else "bench"
        remedy = f"install them with: pip install 'rekeyspec[{extras}]'"
        raise problem(command, f"no {', '.join(missing)}", ", ".join(wanted.values()), remedy)
