"""Every condition operator says what the IAM User Guide says, on present, missing and many-valued keys."""

import pytest

from onetrail.iam import PolicyError
from onetrail.iam.condition import clauses, holds
from onetrail.iam.match import arn_like

CASES = [
    # operator, policy value, request value (None: key missing), holds
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a", "A", False),
    ("StringEquals", ["b", "a"], "a", True),  # values are ORed
    ("StringEquals", "a*", "ab", False),  # no wildcard
    ("StringEquals", "a", None, False),
    ("StringNotEquals", "a", "b", True),
    ("StringNotEquals", ["a", "b"], "b", False),  # NORed
    ("StringNotEquals", "a", None, True),  # negated: holds on a missing key
    ("StringEqualsIgnoreCase", "Abc", "aBC", True),
    ("StringNotEqualsIgnoreCase", "Abc", "aBC", False),
    ("StringLike", "old/*", "old/AWSLogs/x", True),
    ("StringLike", "o?d/*", "old/AWSLogs/x", True),
    ("StringLike", "old/*", "older/x", False),
    ("StringNotLike", "old/*", "older/x", True),
    ("StringNotLike", ["old/*", "new/*"], "new/x", False),
    ("StringNotLike", "old/*", None, True),
    ("NumericEquals", "10", "10.0", True),
    ("NumericEquals", 10, "ten", False),
    ("NumericNotEquals", "10", "11", True),
    ("NumericLessThan", "10", "9", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericGreaterThan", "10", "10", False),
    ("NumericGreaterThanEquals", "10", "10", True),
    ("NumericGreaterThan", "9", "10", True),  # as numbers, not as text
    ("DateEquals", "2026-01-12T09:00:00Z", "1768208400", True),  # epoch seconds
    ("DateNotEquals", "2026-01-12T09:00:00Z", "2026-01-12T09:00:00Z", False),
    ("DateLessThan", "2026-01-12T15:00:00Z", "2026-01-12T14:59:59Z", True),
    ("DateLessThan", "2026-01-12T15:00:00Z", "2026-01-12T15:00:00Z", False),
    ("DateLessThanEquals", "2026-01-12T15:00:00Z", "2026-01-12T15:00:00Z", True),
    ("DateGreaterThan", "2026-01-12", "2026-01-12T00:00:01Z", True),  # a bare date is midnight UTC
    ("DateGreaterThanEquals", "2026-01-12T15:00:00+01:00", "2026-01-12T14:00:00Z", True),
    ("DateGreaterThanEquals", "2026-01-12T15:00:00Z", None, False),
    ("DateLessThan", "soon", "2026-01-12T15:00:00Z", False),
    ("Bool", "true", "true", True),
    ("Bool", True, "true", True),  # JSON boolean
    ("Bool", "false", "true", False),
    ("Bool", "false", None, False),
    ("BoolIfExists", "false", None, True),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
    ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
    ("IpAddress", "203.0.113.7", "203.0.113.7", True),
    ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
    ("IpAddress", "203.0.113.0/24", "2001:db8::1", False),
    ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
    ("NotIpAddress", "203.0.113.0/24", None, True),  # a service on its own behalf has no address
    ("ArnEquals", "arn:aws:iam::044455556666:role/x", "arn:aws:iam::044455556666:role/x", True),
    ("ArnEquals", "arn:aws:iam::*:role/x", "arn:aws:iam::044455556666:role/x", True),  # same as ArnLike
    ("ArnLike", "arn:aws:iam::044455556666:*", "arn:aws:iam::044455556666:role/x", True),
    ("ArnLike", "arn:aws:*:role/x", "arn:aws:iam::044455556666:role/x", True),  # not six parts: as text
    ("ArnLike", "arn:aws:s*:::b", "arn:aws:sns:us-east-1::b", False),  # a wildcard stays in its part
    ("ArnNotEquals", "arn:aws:iam::044455556666:role/x", "arn:aws:iam::044455556666:role/y", True),
    ("ArnNotEquals", "arn:aws:iam::044455556666:role/x", None, True),
    ("ArnNotLike", "arn:aws:iam::044455556666:role/*", "arn:aws:iam::044455556666:role/y", False),
    ("Null", "true", None, True),
    ("Null", "true", "x", False),
    ("Null", "false", "x", True),
    ("Null", False, None, False),
    ("StringEqualsIfExists", "a", None, True),
    ("StringEqualsIfExists", "a", "b", False),
    ("StringNotEqualsIfExists", "a", None, True),  # also true, so in a Deny it hits who has no key
    ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
    ("ForAllValues:StringEquals", ["a", "b"], ("a", "c"), False),
    ("ForAllValues:StringEquals", "a", None, True),  # the known trap: true on nothing
    ("ForAllValues:StringEquals", "a", (), True),
    ("ForAnyValue:StringEquals", ["a", "b"], ("c", "b"), True),
    ("ForAnyValue:StringEquals", "a", ("c", "b"), False),
    ("ForAnyValue:StringEquals", "a", None, False),
    ("ForAllValues:StringNotEquals", "a", ("b", "c"), True),
    ("ForAllValues:StringNotEquals", "a", ("a", "c"), False),
    ("ForAnyValue:StringNotEquals", "a", ("a", "c"), True),
    ("ForAnyValue:StringNotEquals", "a", None, False),
    ("ForAnyValue:StringLike", "aws:*", ("x", "aws:tag"), True),
    ("forallvalues:stringlike", "a*", ("ab",), True),  # operators without regard to case
]


@pytest.mark.parametrize(("operator", "wanted", "found", "verdict"), CASES)
def test_an_operator_holds_exactly_when_iam_says_so(operator, wanted, found, verdict) -> None:
    context = {} if found is None else {"aws:key": found}
    assert holds(clauses({operator: {"aws:Key": wanted}}), context, "2012-10-17") is verdict


def test_all_operators_and_keys_must_hold() -> None:
    condition = clauses({"StringEquals": {"aws:a": "1", "aws:b": "2"}, "Bool": {"aws:c": "true"}})
    full = {"aws:a": "1", "aws:b": "2", "aws:c": "true"}
    assert holds(condition, full, "2012-10-17")
    for key in full:
        assert not holds(condition, {**full, key: "other"}, "2012-10-17"), key


@pytest.mark.parametrize("operator", ["StringMatches", "NullIfExists", "ForSomeValues:StringEquals", ""])
def test_an_operator_iam_does_not_have_is_refused(operator) -> None:
    with pytest.raises(PolicyError, match="not one of IAM's"):
        clauses({operator: {"aws:Key": "x"}})


ARNS = [
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a:b/c", True),  # the last part may hold colons
    ("arn:aws:s3:::b/?", "arn:aws:s3:::b/:", True),
    ("arn:*:s3:::b", "arn:aws-cn:s3:::b", True),
    ("arn:aws*:s3:::b", "arn:aws:x:s3:::b", False),  # a star does not eat a colon
    ("arn:aws:iam::04445555666?:role/*", "arn:aws:iam::044455556666:role/a/b", True),
    ("arn:aws:iam::?:role/x", "arn:aws:iam:::role/x", False),
    ("*", "anything", True),
    ("arn:aws:s3:::b.c", "arn:aws:s3:::bxc", False),  # a dot is a dot
]


@pytest.mark.parametrize(("pattern", "arn", "verdict"), ARNS)
def test_arns_are_compared_part_by_part(pattern, arn, verdict) -> None:
    assert arn_like(pattern, arn) is verdict
