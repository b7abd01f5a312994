"""What things cost, measured: the suites that produce the figures quoted in the documentation."""
