"""A fresh practice estate for each test, behind a door in this process."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.practice import snapshots
from onetrail.practice.estate import build
from tests.unit.practice.knocking import Estate


@pytest.fixture(scope="session")
def _door() -> Iterator[tuple[Estate, bytes]]:
    estate = Estate(lambda: build("empty", 7))
    yield estate, estate.do(lambda: snapshots.frozen(estate.world))
    estate.close()


@pytest.fixture
def estate(_door: tuple[Estate, bytes]) -> Estate:
    """A fresh estate of three accounts and their roles, no bucket."""
    found, pristine = _door
    found.world.requests.clear()
    found.world.faults.clear()
    found.do(lambda: snapshots.thaw(found.world, pristine))
    return found


@pytest.fixture
def refused() -> Callable[..., str]:
    """Calls and returns the error code, or an empty text when the call goes through."""

    def call(deed: Callable[..., Any], **kwargs: Any) -> str:
        try:
            deed(**kwargs)
        except ClientError as err:
            return str(err.response["Error"]["Code"])
        return ""

    return call
