"""While AWS is looked at, Python looks for garbage cycles seldom; afterwards as often as before."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from onetrail.aws.one_look import one_look
from onetrail.collecting import seldom_collecting


@pytest.fixture(autouse=True)
def often() -> Iterator[None]:
    """As Python does by itself."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@contextmanager
def given_a_panel(look: bool) -> Iterator[SimpleNamespace]:
    yield SimpleNamespace(standing=SimpleNamespace(line=""))


@contextmanager
def given_memory() -> Iterator[None]:
    yield


def test_a_look_collects_seldom_and_then_it_is_as_before() -> None:
    """Also where the look fails. Twin: the same function without a look."""
    clients = SimpleNamespace(panel=given_a_panel, remembered=SimpleNamespace(one_look=given_memory, reviewed=None))

    def observe(settings, clients):
        if settings == "fails":
            raise LookupError(gc.get_threshold())
        return gc.get_threshold()

    assert one_look(observe)("good", clients) == (50_000, 10, 10)
    with pytest.raises(LookupError, match="50000"):
        one_look(observe)("fails", clients)
    assert gc.get_threshold() == observe("good", clients) == (700, 10, 10)


@pytest.mark.parametrize(
    ("before", "within"),
    [((700, 10, 10), (50_000, 10, 10)), ((90_000, 5, 5), (90_000, 5, 5)), ((0, 10, 10), (0, 10, 10))],
)
def test_it_is_never_made_more_frequent_and_what_is_switched_off_stays_off(
    before: tuple[int, int, int], within: tuple[int, int, int]
) -> None:
    """Twin: the first row, in which it is less frequent."""
    gc.set_threshold(*before)
    with seldom_collecting():
        assert gc.get_threshold() == within
    assert gc.get_threshold() == before
