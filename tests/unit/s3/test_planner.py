"""The planner's arithmetic: the sizes from which each class wins, and the bill of a trail of small files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetrail.s3.planner import (
    CHEAPEST,
    CLASSIC,
    Histogram,
    allowed_for,
    cheapest,
    cost,
    plan_cost,
    plan_costs,
    size_bands,
)
from onetrail.s3.prices import KB, PRICES, READABLE, WITH_RESTORE


def first_kb(months, allowed=WITH_RESTORE):
    """The first whole KB at which each class wins."""
    return [(-(-start // KB), name) for start, name in size_bands(months, allowed)]


@pytest.mark.parametrize(
    ("months", "bands"),
    [
        (6, [(0, "STANDARD"), (108, "STANDARD_IA"), (206, "GLACIER_IR"), (1814, "DEEP_ARCHIVE")]),
        (12, [(0, "STANDARD"), (80, "GLACIER_IR"), (943, "DEEP_ARCHIVE")]),
        (24, [(0, "STANDARD"), (51, "GLACIER_IR"), (508, "DEEP_ARCHIVE")]),
        (36, [(0, "STANDARD"), (42, "GLACIER_IR"), (362, "DEEP_ARCHIVE")]),
        (60, [(0, "STANDARD"), (34, "GLACIER_IR"), (246, "DEEP_ARCHIVE")]),
        (84, [(0, "STANDARD"), (31, "GLACIER_IR"), (197, "DEEP_ARCHIVE")]),
    ],
)
def test_the_first_size_at_which_each_class_wins(months, bands):
    assert first_kb(months) == bands


def test_without_instant_retrieval_glacier_has_its_place():
    allowed = ("STANDARD", "GLACIER", "DEEP_ARCHIVE")
    assert first_kb(60, allowed) == [(0, "STANDARD"), (38, "GLACIER"), (102, "DEEP_ARCHIVE")]


@pytest.mark.parametrize(
    ("storage_class", "sizes"),
    [
        ("GLACIER", (72, 38, 32)),
        ("DEEP_ARCHIVE", (100, 46, 36)),
        ("GLACIER_IR", (51, 34, 31)),
        ("STANDARD_IA", (80, 74, 73)),
    ],
)
def test_the_smallest_kb_that_beats_standard_over_24_60_and_84_months(storage_class, sizes):
    assert tuple(first_kb(months, ("STANDARD", storage_class))[1][0] for months in (24, 60, 84)) == sizes


@pytest.mark.parametrize(
    ("choice", "dollars"),
    [
        ("STANDARD", 155),
        ("GLACIER", 488),
        ("GLACIER_IR", 493),
        ("DEEP_ARCHIVE", 628),
        ("STANDARD_IA", 1016),
        (CHEAPEST, 155),
    ],
)
def test_ten_million_files_of_8_kb_kept_60_months(choice, dollars):
    histogram = Histogram()
    histogram.add(8 * KB, 60, objects=10_000_000)
    assert round(plan_cost(histogram, choice).total) == dollars


def test_digests_stay_in_standard_but_the_classic_recipe_is_priced_as_people_do_it():
    histogram = Histogram()
    histogram.add(1500, 60, digest=True, objects=1000)
    assert plan_cost(histogram, "DEEP_ARCHIVE").objects == {"STANDARD": 1000}
    assert plan_cost(histogram, CLASSIC).objects == {"GLACIER": 1000}
    costs = plan_costs(histogram)
    assert [row.total for row in costs] == sorted(row.total for row in costs)
    assert costs[-1].choice == CLASSIC


@given(st.integers(0, 20 * 2**20), st.integers(0, 130), st.sampled_from([READABLE, WITH_RESTORE]))
def test_bands_and_cheapest_agree_on_the_price_at_every_size(size, months, allowed):
    banded = size_bands(months, allowed).class_for(size)
    best = cheapest(size, months, allowed)
    assert cost(banded, size, months).total == pytest.approx(cost(best, size, months).total, rel=1e-9)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 90)), min_size=1, max_size=40))
def test_a_histogram_prices_one_class_to_the_cent(objects):
    histogram = Histogram()
    for size, months in objects:
        histogram.add(size, months)
    exact = sum(cost("GLACIER", size, months).total for size, months in objects)
    assert plan_cost(histogram, "GLACIER").total == pytest.approx(exact, rel=1e-9)
    assert (histogram.objects, histogram.size) == (len(objects), sum(size for size, _ in objects))


def test_what_can_be_chosen():
    assert allowed_for("cheapest") == ("STANDARD", "STANDARD_IA", "GLACIER_IR")
    assert all(PRICES[name].readable for name in allowed_for("cheapest"))
    assert "DEEP_ARCHIVE" in allowed_for("cheapest_with_restore")
    assert allowed_for("GLACIER") == ("GLACIER",)
    with pytest.raises(ValueError, match="neither"):
        allowed_for("glacier")


def test_early_deletion_is_paid_for():
    assert cost("DEEP_ARCHIVE", 10**6, 1).keep == cost("DEEP_ARCHIVE", 10**6, 6).keep
    assert cost("STANDARD", 10**6, 1).keep < cost("STANDARD", 10**6, 6).keep
