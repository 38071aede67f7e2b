"""The planner's arithmetic against worked examples that AWS published. Each row names where it stands.

Whoever changes a rule of billing here must find another published example that says so.
"""

from dataclasses import replace

import pytest

from onetrail.s3.decisions.planner import Histogram, cost, plan_cost
from onetrail.s3.decisions.prices import GB, KB, PRICES

FAQ = "https://aws.amazon.com/s3/faqs/"
CALCULATOR = (
    "https://serveraide.com/explain-aws-s3-glacier-storage-class-charges-141957, which quotes the AWS Pricing"
    " Calculator"
)
SMALL_FILES = "https://therub.org/2015/11/18/glacier-costlier-than-s3-for-small-files/, at the prices of 2015"


def monthly(storage_class, size, objects, prices=PRICES):
    """Storage of so many objects for one month of many, in dollars: what any least time adds is left out."""
    histogram = Histogram()
    histogram.add(size, 12, objects=objects)
    return plan_cost(histogram, storage_class, prices).keep / 12


@pytest.mark.parametrize(
    ("source", "storage_class", "size", "objects", "dollars"),
    [
        # 100 GB of 10 KB files: 320 GB of index at the class's rate, 80 GB of names at STANDARD's, and the data itself.
        (CALCULATOR, "DEEP_ARCHIVE", 10 * KB, 10_485_760, 0.3168 + 1.84 + 0.099),
        # "If you have archived 100,000 objects that are 1GB each": 100,003.2 GB of GLACIER and 0.8 GB of STANDARD. Its
        # KB are 1,000 bytes.
        (FAQ, "GLACIER", GB, 100_000, 100_003.2 * 0.0036 + 0.8 * 0.023),
        # "A 6KB object ... 6KB and an additional minimum object size fee equivalent to 122KB".
        (FAQ, "STANDARD_IA", 6 * KB, 1_000_000, (6 + 122) * KB / GB * 1_000_000 * 0.0125),
    ],
    ids=["calculator, deep archive", "FAQ, glacier", "FAQ, infrequent access"],
)
def test_a_month_of_storage_costs_what_aws_says(source, storage_class, size, objects, dollars):
    """To a hundredth of a percent; the next test shows that each overhead matters more than that."""
    assert monthly(storage_class, size, objects) == pytest.approx(dollars, rel=1e-4), source


@pytest.mark.parametrize(
    ("storage_class", "size", "dollars", "without"),
    [
        ("DEEP_ARCHIVE", 10 * KB, 2.2558, {"overhead_bytes": 0}),
        ("DEEP_ARCHIVE", 10 * KB, 2.2558, {"standard_overhead_bytes": 0}),
        ("STANDARD_IA", 6 * KB, 16.0, {"least_bytes": 0}),
    ],
)
def test_without_one_rule_of_billing_the_examples_do_not_come_out(storage_class, size, dollars, without):
    """The twin: index, name and least size are each needed."""
    prices = {**PRICES, storage_class: replace(PRICES[storage_class], **without)}
    found = monthly(storage_class, size, 10_485_760, prices)
    assert found != pytest.approx(dollars, rel=0.05)
    assert monthly(storage_class, size, 10_485_760) == pytest.approx(dollars, rel=0.001)


def test_a_gigabyte_has_two_to_the_thirty_bytes():
    """The FAQ counts 10 TB, 8 hours a day for 30 days, as 3303.77 GB-months of 744 hours (its example of S3 Express One
    Zone)."""
    byte_hours = 10_995_116_277_760 * 30 * 8
    assert byte_hours / 744 / GB == pytest.approx(3303.77, rel=1e-3), FAQ
    assert byte_hours / 744 / 10**9 != pytest.approx(3303.77, rel=0.05)


def test_small_files_cost_most_by_their_requests():
    """A million 1 KB files in the first year: 52.43 for requests, 5.65 for storage, where STANDARD took 0.36."""
    old = {
        "STANDARD": replace(PRICES["STANDARD"], storage=0.03),
        "GLACIER": replace(PRICES["GLACIER"], storage=0.007, put=0.05),
    }
    year = cost("GLACIER", KB, 12, old)
    assert (year.copy * 2**20, year.keep * 2**20) == (
        pytest.approx(52.43, abs=0.01),
        pytest.approx(5.65, abs=0.01),
    ), SMALL_FILES
    assert cost("STANDARD", KB, 12, old).keep * 2**20 == pytest.approx(0.36, abs=0.005), SMALL_FILES


@pytest.mark.parametrize(
    ("storage_class", "least"), [("STANDARD_IA", 1), ("GLACIER_IR", 3), ("GLACIER", 3), ("DEEP_ARCHIVE", 6)]
)
def test_who_leaves_early_pays_the_least_time(storage_class, least):
    """30, 90, 90 and 180 days (S3 User Guide, "Understanding and managing Amazon S3 storage classes"); a month more
    costs more."""
    kept = [cost(storage_class, GB, months).keep for months in (0.1, least, least + 1)]
    assert kept[0] == kept[1] < kept[2]
