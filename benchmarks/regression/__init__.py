"""Has it become slower? Suites of pytest-benchmark, and ratios of an earlier run that they are held to.

A ratio is of two things measured in one run, the one under test and a yardstick that our code has no part in, so it is
much the same on another machine: seconds are never compared.
"""
