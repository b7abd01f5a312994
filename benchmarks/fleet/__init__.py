"""A gateway with many links: how many negotiations a second it must bear."""
