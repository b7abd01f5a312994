"""The model checker: finding and running TLC, reading what it prints, and checking the models of `spec/models.yaml`."""
