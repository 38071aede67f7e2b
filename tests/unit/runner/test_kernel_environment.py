"""What kernels inherit: this library, whether it lies in a checkout or is installed."""

import os
import sysconfig
from pathlib import Path

import pytest

import onetrail
from onetrail.runner.kernel import kernel_environment


def test_a_checkout_comes_first_on_the_path_and_what_was_there_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And afterwards all is as before."""
    monkeypatch.setenv("PYTHONPATH", "mine")
    with kernel_environment({}, Path("practice")):
        library, *others = os.environ["PYTHONPATH"].split(os.pathsep)
    assert (Path(library), others) == (Path(onetrail.__file__).resolve().parents[1], ["mine"])
    assert os.environ["PYTHONPATH"] == "mine"


def test_what_is_installed_is_found_without_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: there, every installed package would come before Python's own modules."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    installed = Path(sysconfig.get_path("purelib")) / "onetrail" / "__init__.py"
    monkeypatch.setattr(onetrail, "__file__", str(installed))
    with kernel_environment({}, Path("practice")):
        assert "PYTHONPATH" not in os.environ
