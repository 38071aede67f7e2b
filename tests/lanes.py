"""Which tests stay together where the suite runs in several lanes (pytest -n 2 --dist loadgroup).

A file's tests share what its fixtures set up; the notebooks' cells share one estate and build on each other.
"""

import pytest

NOTEBOOKS = "notebooks"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One lane a file, and one for all notebooks: xdist takes what follows the @ of a test's id as its group."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        lane = NOTEBOOKS if item.path.suffix == ".ipynb" else item.nodeid.split("::")[0]
        item._nodeid = f"{item.nodeid}@{lane}"
