"""The rules as data (`rules.yaml`, `profiles.yaml`, `models.yaml`) and as TLA+. Nothing here is code."""
