"""The planner's arithmetic: the sizes from which each class wins, and the bill of a trail of small files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetrail.s3.decisions.planner import (
    CHEAPEST,
    CHEAPEST_WITH_RESTORE,
    CLASSIC,
    Cost,
    Histogram,
    PlanCost,
    allowed_for,
    cheapest,
    cost,
    plan_cost,
    plan_costs,
    size_bands,
)
from onetrail.s3.decisions.prices import EVERY, GB, KB, PRICES, READABLE, WITH_RESTORE, Price


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


PLAIN = {
    "STANDARD": Price(8.0, 2000.0, 0.0, 0.0, 0.0),
    "COLD": Price(1.0, 5000.0, 0.0, 0.0, 0.0, 128, 3.0),
    "GLACIER": Price(2.0, 7000.0, 0.0, 0.0, 0.0, 0, 4.0, 32, 8, readable=False),
    "INTELLIGENT_TIERING": Price(9.0, 3000.0, 0.0, 0.0, 0.0),
}
"""Prices that are easy to reckon with: dollars per GB-month, and per 1,000 requests."""


@pytest.mark.parametrize(
    ("name", "size", "months", "copy", "keep"),
    [
        ("STANDARD", GB, 5, 2.0, 40.0),
        ("STANDARD", GB, 0, 2.0, 0.0),
        ("COLD", GB, 5, 5.0, 5.0),
        ("COLD", GB, 2, 5.0, 3.0),  # three months are paid for
        ("COLD", 100, 5, 5.0, 128 * 5 / GB),  # and 128 bytes
        ("COLD", 129, 5, 5.0, 129 * 5 / GB),
        (
            "GLACIER",
            100,
            5,
            7.0,
            (132 * 2 + 8 * 8) * 5 / GB,
        ),  # its index at its own rate, its name at STANDARD's
        ("GLACIER", 0, 5, 7.0, (32 * 2 + 8 * 8) * 5 / GB),
        # small ones are neither watched nor moved
        ("INTELLIGENT_TIERING", 128 * KB - 1, 5, 3.0, (128 * KB - 1) / GB * 0.023 * 5),
        # a month at the full rate, two at the next, the rest at the third, and being watched
        ("INTELLIGENT_TIERING", GB, 5, 3.0, 5 * 0.0025 / 1000 + 0.023 + 2 * 0.0125 + 2 * 0.004),
        ("INTELLIGENT_TIERING", GB, 3, 3.0, 3 * 0.0025 / 1000 + 0.023 + 2 * 0.0125),
        ("INTELLIGENT_TIERING", GB, 2, 3.0, 2 * 0.0025 / 1000 + 0.023 + 0.0125),
        ("INTELLIGENT_TIERING", GB, 1, 3.0, 0.0025 / 1000 + 0.023),
        ("INTELLIGENT_TIERING", GB, 0.5, 3.0, 0.5 * 0.0025 / 1000 + 0.5 * 0.023),
        ("INTELLIGENT_TIERING", 128 * KB, 1, 3.0, 0.0025 / 1000 + 128 * KB / GB * 0.023),
    ],
)
def test_one_object_costs_its_request_and_what_is_billed_of_it(name, size, months, copy, keep):
    """Reckoned by hand."""
    found = cost(name, size, months, PLAIN)
    assert found == Cost(pytest.approx(copy), pytest.approx(keep, rel=1e-12))
    assert found.total == found.copy + found.keep


def test_of_two_classes_that_cost_the_same_the_first_is_taken():
    same = {**PLAIN, "A": PLAIN["STANDARD"], "B": PLAIN["STANDARD"], "C": Price(7.0, 2000.0, 0.0, 0.0, 0.0)}
    assert cheapest(100, 5, ("A", "B"), same) == "A"
    assert cheapest(100, 5, ("B", "A"), same) == "B"
    assert cheapest(100, 5, ("A", "C"), same) == "C"


def test_a_band_begins_with_the_first_size_at_which_its_class_wins():
    """To the byte: two lines that cross at 64 bytes of 1 GB-month each, and the step of a class that is billed for 128
    KB."""
    steep, flat = Price(2.0, 0.0, 0, 0, 0), Price(1.0, 64 / GB * 1000, 0, 0, 0)
    assert list(size_bands(1, ("STEEP", "FLAT"), {"STEEP": steep, "FLAT": flat, "STANDARD": steep})) == [
        (0, "STEEP"),
        (65, "FLAT"),
    ]
    bands = size_bands(1, ("STEEP", "FLAT"), {"STEEP": steep, "FLAT": flat, "STANDARD": steep})
    assert [bands.class_for(size) for size in (0, 64, 65, 10**9)] == ["STEEP", "STEEP", "FLAT", "FLAT"]
    never = Price(3.0, 1.0, 0, 0, 0)
    assert list(size_bands(1, ("STEEP", "NEVER"), {"STEEP": steep, "NEVER": never, "STANDARD": steep})) == [
        (0, "STEEP")
    ]
    least = Price(1.0, 0.0, 0, 0, 0, 128 * KB)
    assert list(size_bands(1, ("STEEP", "LEAST"), {"STEEP": steep, "LEAST": least, "STANDARD": steep})) == [
        (0, "STEEP"),
        (64 * KB + 1, "LEAST"),
    ]


@pytest.mark.parametrize("at", [0, 1, 127 * KB + 512, 128 * KB - 1, 128 * KB, 128 * KB + 512])
def test_a_crossing_at_the_end_of_a_line_or_beside_it_is_found(at):
    """Lines begin at 0 bytes, and again at the step at 128 KB. Where both cost the same the first one has it, from the
    next byte on not."""
    steep, flat = Price(2.0, 0.0, 0, 0, 0), Price(1.0, at / GB * 1000, 0, 0, 0)
    assert list(size_bands(1, ("STEEP", "FLAT"), {"STEEP": steep, "FLAT": flat, "STANDARD": steep})) == [
        (0, "STEEP"),
        (at + 1, "FLAT"),
    ]


def test_what_becomes_dearer_at_128_kb_loses_there():
    """Watching an object costs from that size on, and is no crossing of two lines."""
    prices = {"STANDARD": Price(0.0231, 0.0, 0, 0, 0), "INTELLIGENT_TIERING": Price(0.023, 0.0, 0, 0, 0)}
    bands = list(size_bands(1, ("INTELLIGENT_TIERING", "STANDARD"), prices))
    assert bands[:2] == [(0, "INTELLIGENT_TIERING"), (128 * KB, "STANDARD")]


def test_a_histogram_keeps_counts_and_bytes_of_each_cell():
    """Digests apart, months rounded up, sizes in cells of five bits; sums are exact."""
    histogram = Histogram()
    histogram.add(31, 2)
    histogram.add(32, 2)
    histogram.add(1000, 1.2, objects=3)
    histogram.add(1001, 2, objects=2)
    histogram.add(1000, 2, digest=True)
    assert list(histogram.cells()) == [
        (False, 2, 31.0, 1),
        (False, 2, 32.0, 1),
        (False, 2, 5002 / 5, 5),
        (True, 2, 1000.0, 1),
    ]
    assert (histogram.objects, histogram.size) == (8, 31 + 32 + 5002 + 1000)


@pytest.mark.parametrize(("size", "cell"), [(991, 2), (992, 1), (1023, 1), (1024, 3), (1087, 3), (1088, 4)])
def test_a_cell_ends_where_the_fifth_bit_changes(size, cell):
    """992 to 1023 is one, 1024 to 1087 the next."""
    histogram = Histogram()
    for other in (1000, 970, 1050, 1100):
        histogram.add(other, 1)
    histogram.add(size, 1)
    means = {1: 1000, 2: 970, 3: 1050, 4: 1100}
    assert [(mean, count) for _, _, mean, count in histogram.cells() if count == 2] == [((means[cell] + size) / 2, 2)]


def test_a_choice_costs_the_copies_and_the_storage_of_all_its_objects():
    """Each where it belongs; digests in STANDARD whatever was chosen."""
    histogram = Histogram()
    histogram.add(GB, 5, objects=2)
    histogram.add(GB, 5, digest=True, objects=3)
    assert plan_cost(histogram, "GLACIER", PLAIN) == PlanCost(
        "GLACIER",
        pytest.approx(2 * 7.0 + 3 * 2.0),
        pytest.approx(2 * ((GB + 32) * 2 + 64) / GB * 5 + 3 * 40.0),
        {"GLACIER": 2, "STANDARD": 3},
    )
    found = plan_cost(histogram, CLASSIC, PLAIN)
    assert (found.objects, found.copy, found.total) == (
        {"GLACIER": 5},
        pytest.approx(35.0),
        found.copy + found.keep,
    )


def test_every_choice_is_priced_and_of_two_that_cost_the_same_the_name_decides():
    histogram = Histogram()
    assert [row.choice for row in plan_costs(histogram)] == sorted([CHEAPEST, CHEAPEST_WITH_RESTORE, CLASSIC, *EVERY])
    histogram.add(10**6, 60)
    assert {row.choice for row in plan_costs(histogram)} == {CHEAPEST, CHEAPEST_WITH_RESTORE, CLASSIC, *EVERY}
    assert [row.choice for row in plan_costs(histogram, ("STANDARD", "GLACIER"), PLAIN)] == [
        "STANDARD",
        "GLACIER",
    ]
