"""Names that are imported when they are asked for: all are there, and who does not ask does not pay."""

import subprocess
import sys
from importlib import import_module

import pytest

LAZY = ("onetrail.s3", "onetrail.settings")


@pytest.mark.parametrize("package", LAZY)
def test_every_name_of_a_package_is_there(package: str) -> None:
    """As if it were imported at once, and the same each time. Twin: a name that it has not is an error that says so."""
    found = import_module(package)
    for name in found.__all__:
        assert getattr(found, name) is getattr(found, name)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        _ = found.nothing


def loaded(*asked: str) -> set[str]:
    """Which of the slow libraries a fresh interpreter has after importing these modules."""
    code = f"import sys, {', '.join(asked)}; print(*{{'pyarrow', 'pydantic'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_validate_starts_without_what_it_does_not_need() -> None:
    """Neither the ledger's PyArrow nor the settings' pydantic. Twins: who needs them has them."""
    assert loaded("onetrail.cli.validate") == set()
    assert loaded("onetrail.s3.ledger.parts") == {"pyarrow"}
    assert loaded("onetrail.settings.model") == {"pydantic"}
