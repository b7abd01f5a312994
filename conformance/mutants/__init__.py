"""Implementations broken on purpose, each in one way: what a suite is worth shows in which of them it catches."""
