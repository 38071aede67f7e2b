"""Which tests stay together where the suite runs in several lanes (pytest -n 2 --dist loadfile).

A file's tests share what its fixtures set up; the notebooks' cells share one estate and build on each other.
"""

from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling

LONGEST: Final = "tests/integration/test_whole_run.py"
"""Starts first beside the notebooks, so that no lane is left waiting for it at the end."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file before the others."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


class _Lanes(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        """One lane a file, and one for all notebooks; what is exhaustive goes to whichever lane is free."""
        if "::test_exhaustive" in nodeid:
            return nodeid
        file = nodeid.split("::")[0]
        return "notebooks" if file.endswith(".ipynb") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Taken before xdist's own choice."""
    return _Lanes(config, log)
