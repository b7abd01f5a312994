"""Coverage-guided fuzzing of the reference on the wire, and the corpus that it found. `python -m fuzz.run --help`."""
