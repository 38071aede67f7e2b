"""Notebooks named on pytest's command line run against a practice estate of their own."""

pytest_plugins = ["tests.notebooks.nbval_estate"]
