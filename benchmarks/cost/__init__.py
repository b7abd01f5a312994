"""What a key costs: negotiations, and the data that pays for them, measured and fitted."""
