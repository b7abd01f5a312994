"""What a policy costs on a workload, and what it leaves exposed: the reference run over days of virtual time."""
