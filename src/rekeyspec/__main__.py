"""`python -m rekeyspec`: the same as the command."""

from rekeyspec.cli import main

main()
