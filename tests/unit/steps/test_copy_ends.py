"""What the line at the end of step 05 says of objects that were not copied, and of copies without a hash."""

from types import SimpleNamespace

import pytest

from onetrail.change import BulkAction
from onetrail.s3.bulk.tally import Counts
from onetrail.steps.copy_history.apply import _not_copied, _unhashed
from onetrail.steps.copy_history.copying import _beside


def ended(*results, deed=BulkAction.COPY):
    """An outcome of which each copying rule came to one of these."""
    rule = SimpleNamespace(bulk=SimpleNamespace(deed=deed))
    plain = SimpleNamespace(change=SimpleNamespace(bulk=None), result={"outcomes": {"failed": 9}})
    return SimpleNamespace(done=[plain, *(SimpleNamespace(change=rule, result=result) for result in results)])


FAILED = {"outcomes": {"copied": 1, "failed": 50}, "reasons": {"SlowDown on CopyObject": 2, "no": 48}}


@pytest.mark.parametrize(
    ("results", "said"),
    [
        (
            [FAILED],
            [
                (
                    "50 objects were not copied (50 failed): the ledger names each, and the next run tries again. Why: 48 x"  # noqa: E501
                    " no, 2 x SlowDown on CopyObject."
                )
            ],
        ),
        (
            [FAILED, FAILED],
            [
                (
                    "100 objects were not copied (100 failed): the ledger names each, and the next run tries again. Why: 96"  # noqa: E501
                    " x no, 4 x SlowDown on CopyObject."
                )
            ],
        ),
        (
            [{"outcomes": {"source_changed": 1}}],
            ["1 object was not copied (1 source changed): the ledger names each, and the next run tries again."],
        ),
        ([{"outcomes": {"copied": 3}}], []),
        ([{}], []),
    ],
)
def test_reasons_stand_beside_the_numbers(results, said):
    """Of all buckets together, commonest first. Twin: what is left alone for a reason of its own, and a run without
    trouble."""
    assert _not_copied(ended(*results)) == said
    assert _not_copied(ended(*results, deed=BulkAction.DELETE)) == []


def test_copies_without_a_sha256_are_reported_once():
    """With the number of all of them. Twin: each has its hash."""
    assert _unhashed(ended({"unhashed": 2}, {"unhashed": 1}, {})) == ["S3 returned no SHA-256 for 3 copies."]
    assert _unhashed(ended({"outcomes": {"copied": 3}})) == []


def test_the_record_of_a_rule_says_no_more_than_there_is():
    """A run without trouble has the lines it had before."""
    assert _beside(Counts({"copied": 3}, 9, 0)) == {}
    assert _beside(Counts({}, 0, 0, reasons={"a": 1}, unhashed=2)) == {"reasons": {"a": 1}, "unhashed": 2}
