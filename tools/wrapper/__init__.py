"""`python -m rekeyspec.tools`: TLC on any spec. Nothing in this folder knows the specification of this project."""
