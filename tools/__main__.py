"""`python -m rekeyspec.tools`: TLC on any spec."""

from rekeyspec.tools.wrapper.app import main

main()
