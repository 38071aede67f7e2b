"""Whether a trail logs what is done to the objects of a bucket follows from its selectors alone."""

import pytest

from onetrail.cloudtrail.data_events import logs_object_call
from onetrail.cloudtrail.selector import selectors_of
from onetrail.cloudtrail.writers import is_cloudtrail

ARCHIVE = "arn:aws:s3:::onetrail-archive"
LOG = f"{ARCHIVE}/AWSLogs/1/CloudTrail/a.json.gz"


def basic(values, kind="AWS::S3::Object", **more):
    return {"EventSelectors": [{"DataResources": [{"Type": kind, "Values": values}], **more}]}


def advanced(*fields):
    data = (
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    )
    return {"AdvancedEventSelectors": [{"FieldSelectors": [*data, *fields]}]}


def on(operator, *values, field="resources.ARN"):
    return {"Field": field, operator: list(values)}


@pytest.mark.parametrize(
    ("answer", "logs"),
    [
        ({"EventSelectors": [{"IncludeManagementEvents": True}]}, False),  # management events only
        (basic(["arn:aws:s3"]), True),  # every bucket
        (basic([f"{ARCHIVE}/"]), True),
        (basic([f"{ARCHIVE}/AWSLogs/1/"]), True),  # a part of it
        (basic(["arn:aws:s3:::onetrail-archive-2/"]), False),  # another bucket whose name begins alike
        (basic(["arn:aws:s3"], ReadWriteType="ReadOnly"), False),  # a copy is a write
        (basic(["arn:aws:s3"], ReadWriteType="WriteOnly"), True),
        (basic(["arn:aws:lambda"], "AWS::Lambda::Function"), False),
        (advanced(), True),
        (advanced(on("StartsWith", f"{ARCHIVE}/")), True),
        (advanced(on("Equals", LOG)), True),
        (advanced(on("Equals", "arn:aws:s3:::other/x")), False),
        (advanced(on("NotStartsWith", f"{ARCHIVE}/")), False),  # the archive left out
        (advanced(on("NotStartsWith", f"{ARCHIVE}/AWSLogs/1/")), True),  # a part of it left out
        (advanced(on("EndsWith", ".json.gz")), True),
        (advanced(on("EndsWith", ".csv")), False),
        (advanced(on("NotEndsWith", ".gz")), False),
        (advanced(on("NotEquals", LOG)), True),
        (advanced(on("Equals", "PutObject", field="eventName")), False),
        (advanced(on("StartsWith", "Copy", field="eventName")), True),
        (advanced(on("NotEquals", "CopyObject", field="eventName")), False),
        (advanced(on("Equals", "true", field="readOnly")), False),
        (
            advanced(on("NotEquals", "arn:aws:iam::1:role/x", field="userIdentity.arn")),
            True,
        ),  # who calls is not looked at
    ],
)
def test_a_copy_into_the_archive_is_logged_where_a_selector_takes_it(answer, logs):
    """Basic and advanced selectors alike; a selector that leaves the archive out logs nothing of it."""
    assert logs_object_call(selectors_of(answer), ARCHIVE, "CopyObject", read_only=False) is logs


@pytest.mark.parametrize(
    ("principal", "said"),
    [
        ("cloudtrail.amazonaws.com", True),
        ("arn:aws:iam::086441151436:root", True),  # policies of 2013 named an account a region
        ("086441151436", True),
        ("config.amazonaws.com", False),
        ("arn:aws:iam::086441151436:role/somebody", False),
        ("arn:aws:iam::111122223333:root", False),
    ],
)
def test_cloudtrail_is_its_service_and_its_old_accounts(principal, said):
    """Nobody else, whatever the name."""
    assert is_cloudtrail(principal) is said
