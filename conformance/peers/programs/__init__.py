"""One file for each program; each has a `PEER`. A new one is found here by its name: `peer:NAME` is `NAME.py`."""
