"""How the harness talks to an implementation: in this process, or over the adapter protocol to another."""
