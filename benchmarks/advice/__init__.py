"""Which policy to use: tried on a workload, by what its keys cost and what they leave exposed."""
