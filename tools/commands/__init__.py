"""The commands of `rekeyspec model`, each in a module of its own that imports what it needs when it runs."""
