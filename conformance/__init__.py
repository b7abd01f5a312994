"""Judging an implementation: traces, the oracle, adapters, real programs and reports."""
