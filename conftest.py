"""Notebooks named on pytest's command line run against a practice estate of their own; what belongs together runs in one lane."""

pytest_plugins = ["tests.exhaustive", "tests.lanes", "tests.notebooks.nbval_estate"]
