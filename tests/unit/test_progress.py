"""Progress is a small value that any process can send, and a sum of such values says how far the work is."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import FrozenInstanceError
from types import SimpleNamespace

import pytest

from onetrail.progress import Count, Progress, Standing, counting


def halfway(part: str) -> Progress:
    """What a worker process sends back."""
    return Progress("read", part, 5, 10, retries=1)


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress("copied", "a", 851, 10_939), "851 of 10,939 objects copied"),
        (Progress("listed", "a", 1), "1 object listed"),
        (Progress("copied", "a", 0, 1), "0 of 1 object copied"),
        (Progress("read", "a", 0), "0 objects read"),
    ],
)
def test_how_far_a_part_is_reads_as_a_sentence(progress, line):
    """The number that is expected is left out where nobody knows it."""
    assert progress.line == line


def test_a_worker_process_can_send_it():
    """It is pickled as it is, and nobody can change it on its way."""
    one = Progress("copied", "a", 1, note="S3 asks to slow down")
    assert pickle.loads(pickle.dumps(one)) == one
    with pytest.raises(FrozenInstanceError):
        one.done = 2
    with ProcessPoolExecutor(1) as pool:
        standing = Standing()
        for said in pool.map(halfway, ["a", "b"]):
            standing(said)
    assert standing.line == "10 of 20 objects read"


def test_the_last_word_about_a_part_counts_and_the_parts_add_up():
    """In the order in which works began. Twin: of one part nobody knows how much there is, so not of all."""
    standing = Standing()
    assert standing.line == ""
    standing(Progress("compared", "b", 7, 7, size=5))
    standing(Progress("copied", "b", 1, 10, before=1))
    standing(Progress("copied", "a", 3, 20, size=2, retries=1, errors=1))
    standing(Progress("copied", "b", 4, 10, size=3, before=2))
    assert [one.part for one in standing.parts("copied")] == ["a", "b"]
    total = standing.total("copied")
    assert (total.done, total.of, total.size, total.retries, total.errors, total.before) == (7, 30, 5, 1, 1, 2)
    assert standing.line == "7 of 7 objects compared, 7 of 30 objects copied"
    assert standing.parts_over("compared") == (1, 1) and standing.parts_over("copied") == (0, 2)
    standing(Progress("copied", "of nothing", 0, 0))
    assert standing.parts_over("copied") == (0, 2)
    standing(Progress("copied", "c", 0))
    assert standing.total("copied").of is None and standing.parts_over("copied") == (0, 3)


def test_the_number_of_parts_does_not_go_down_and_a_part_with_nothing_to_do_is_not_done():
    """Two buckets are announced before the first is listed, and one is found empty. Twin: a region of which it is known
    that it has no files is neither done nor to be done."""
    standing, said = Standing(), []
    for word in (
        Progress("read", "a", 0),
        Progress("read", "b", 0),
        Progress("read", "without files", 0, 0),
        Progress("read", "a", 0, 0),
        Progress("read", "b", 3),
        Progress("read", "b", 7, 7),
    ):
        standing(word)
        said.append(standing.parts_over("read"))
    assert said == [(0, 1), (0, 2), (0, 2), (1, 2), (1, 2), (2, 2)]


def test_what_begins_now_comes_on_top_of_what_was_done():
    """Where more is done than was expected, that many were to be expected."""
    told = []
    more = counting(told.append, Progress("copied", "a", 2, 5, size=10, before=2))
    more("whatever", 3, 30, 1, 0)
    more("whatever", 4, 40, 1, 1)
    assert told == [
        Progress("copied", "a", 5, 5, size=40, retries=1, before=2),
        Progress("copied", "a", 6, 6, size=50, retries=1, errors=1, before=2),
    ]


def test_a_look_tells_once_for_many_objects_and_ends_with_what_there_was():
    """A thousand objects are three words, not a thousand. Twin: what breaks off never says that it is over."""
    told = []
    rows = [SimpleNamespace(size=2)] * 1000
    assert list(Count(told.append, Progress("listed", "a", 0), every=400).through(rows)) == rows
    assert [(one.done, one.of, one.size) for one in told] == [
        (0, None, 0),
        (400, None, 800),
        (800, None, 1600),
        (1000, 1000, 2000),
    ]
    told.clear()
    passed = Count(told.append, Progress("listed", "a", 0), every=400).through(rows)
    for _ in range(500):
        next(passed)
    passed.close()
    assert [one.of for one in told] == [None, None]
