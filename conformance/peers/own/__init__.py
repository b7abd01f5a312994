"""Our own wire as a peer: `rekeyspec serve` and `connect`, judged by the logs that they write, with a proxy between
them (`proxy`) that loses, delays, repeats and alters frames."""
