"""A bulk rule lets through the calls that it means, and none that differs in one thing."""

import pytest

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import Below, Bulk, BulkAction, GateClosed, Guard, OneOf, Only, Stated
from onetrail.change.bulk import part_of
from onetrail.s3.bulk.bounds import Counterpart, EachNamed
from tests.unit.change.given import given_a_change

COPY = Bulk(
    BulkAction.COPY,
    ("CopyObject",),
    {"Bucket": "archive", "CopySource.Bucket": "old", "ObjectLockMode": "GOVERNANCE", "IfNoneMatch": "*"},
    {},
    bounds=(
        Counterpart((("corp/AWSLogs/", "AWSLogs/"),)),
        OneOf("StorageClass", ("STANDARD", "GLACIER_IR")),
        OneOf("ACL", (None, "bucket-owner-full-control")),
        Stated(("CopySourceIfMatch", "CopySource.VersionId")),
    ),
)
CALL = {
    "Bucket": "archive",
    "Key": "AWSLogs/1/a.gz",
    "CopySource": {"Bucket": "old", "Key": "corp/AWSLogs/1/a.gz"},
    "CopySourceIfMatch": '"e"',
    "ObjectLockMode": "GOVERNANCE",
    "StorageClass": "STANDARD",
    "IfNoneMatch": "*",
}


def permitted(bulk: Bulk, operation: str, parameters: dict) -> bool:
    """Whether the guard lets the call through while a change with this rule is open."""
    guard, change = Guard(AWS_REQUESTS), given_a_change(call=bulk.calls[0], bulk=bulk)
    try:
        with guard.opened(change, {}):
            guard.check(change.account, "s3", operation, parameters)
    except GateClosed:
        return False
    return True


@pytest.mark.parametrize(
    "same",
    [
        {},
        {"StorageClass": "GLACIER_IR"},
        {"ACL": "bucket-owner-full-control"},
        {"CopySource": "old/corp/AWSLogs/1/a.gz"},
        {"CopySource": "/old/corp%2FAWSLogs/1/a.gz?versionId=v"},
        {
            "CopySource": {"Bucket": "old", "Key": "corp/AWSLogs/1/a.gz", "VersionId": "v"},
            "CopySourceIfMatch": None,
        },
    ],
)
def test_a_call_within_the_rule_passes(same):
    """Every form in which the reviewed copy can be asked for."""
    assert permitted(COPY, "CopyObject", {**CALL, **same})


@pytest.mark.parametrize(
    "different",
    [
        {"Bucket": "other"},
        {"Key": "AWSLogs/1/b.gz"},  # another name than its counterpart
        {"Key": "corp/AWSLogs/1/a.gz"},  # the prefix was not taken off
        {"CopySource": {"Bucket": "other", "Key": "corp/AWSLogs/1/a.gz"}},
        {"CopySource": {"Bucket": "old", "Key": "AWSLogs/1/a.gz"}},  # outside of the folder
        {"CopySource": {}},
        {"CopySource": "old"},
        {"CopySource": None},
        {"StorageClass": "DEEP_ARCHIVE"},
        {"StorageClass": None},
        {"ObjectLockMode": "COMPLIANCE"},
        {"ObjectLockMode": None},
        {"ACL": "public-read"},
        {"IfNoneMatch": None},
        {"CopySourceIfMatch": None},  # whatever lies there now
    ],
)
def test_a_call_that_differs_in_one_thing_does_not_pass(different):
    """Twin: the same call without the difference passes."""
    assert not permitted(COPY, "CopyObject", {**CALL, **different})


@pytest.mark.parametrize(
    "operation", ["PutObject", "UploadPartCopy", "DeleteObject", "DeleteObjects", "PutBucketPolicy"]
)
def test_another_call_does_not_pass(operation):
    """A rule is about its own calls."""
    assert not permitted(COPY, operation, CALL)


def test_below_takes_any_of_its_folders():
    """`Below` is about the beginning of a key."""
    bound = Below("Key", ("AWSLogs/", "a/AWSLogs/"))
    keys = ("AWSLogs/x", "a/AWSLogs/x", "b/AWSLogs/x", "", None)
    assert [bound.holds({"Key": key}) for key in keys] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("parameters", "name", "value"),
    [
        ({"Retention": {"Mode": "COMPLIANCE"}}, "Retention.Mode", "COMPLIANCE"),
        ({"Retention": "COMPLIANCE"}, "Retention.Mode", None),
        ({}, "A.B.C", None),
        ({"CopySource": "b/k%20k"}, "CopySource.Key", "k k"),
        ({"CopySource": "b/k"}, "CopySource.VersionId", None),
        ({"CopySource": "b/k?versionId=v"}, "CopySource.VersionId", "v"),
        ({"CopySource": {"Bucket": "b"}}, "CopySource.Bucket", "b"),
    ],
)
def test_a_part_of_a_parameter(parameters, name, value):
    """What is not there is None, whatever stands in its place."""
    assert part_of(AWS_REQUESTS.by_parts(parameters), name) == value


@pytest.mark.parametrize(
    ("versions", "one", "passes"),
    [
        (False, {"Key": "a", "ETag": "1"}, True),
        (False, {"Key": "a", "ETag": "1", "VersionId": "v"}, False),
        (False, {"Key": "a"}, False),
        (True, {"Key": "a", "ETag": "1", "VersionId": "v"}, True),
        (True, {"Key": "a", "ETag": "1"}, False),
        (True, {"Key": "a", "ETag": "1", "VersionId": "null"}, False),  # a PUT replaces it
        (True, {"Key": "a", "ETag": "1", "VersionId": "v", "Size": 1}, False),
    ],
)
def test_each_object_of_a_deletion_is_named_as_its_bucket_demands(versions, one, passes):
    """By its version where the bucket has versions, and only there."""
    call = {"Bucket": "old", "Delete": {"Objects": [one]}}
    assert EachNamed(versions).holds(call) is passes


def test_every_object_of_a_deletion_is_named_and_there_is_one():
    """One that is not named is enough, and a call about nothing is no deletion that was reviewed."""
    good, bad = {"Key": "a", "ETag": "1"}, {"Key": "b"}
    holds = EachNamed(versions=False).holds
    assert holds({"Delete": {"Objects": [good, good]}})
    assert not holds({"Delete": {"Objects": [good, bad]}})
    for nothing in (
        {},
        {"Delete": {}},
        {"Delete": {"Objects": []}},
        {"Delete": {"Objects": None}},
        {"Delete": {"Objects": "a"}},
    ):
        assert not holds(nothing)


@pytest.mark.parametrize(
    ("source", "target", "holds"),
    [
        ("corp/AWSLogs/x", "AWSLogs/x", True),
        ("old/AWSLogs/x", "kept/AWSLogs/x", True),  # by the other pair
        ("corp/AWSLogs/x", "kept/AWSLogs/x", False),  # by half of each
        ("xorp/AWSLogs/x", "AWSLogs/x", False),  # as long as a prefix, and none
        ("corp/AWSLogs/x", "AWSLogs/y", False),
        ("corp/AWSLogs/x", None, False),
        (None, "AWSLogs/x", False),
        (None, None, False),
    ],
)
def test_a_counterpart_is_by_one_of_the_pairs_and_all_of_it(source, target, holds):
    """Source and target of the same pair, and the rest of the name unchanged."""
    bound = Counterpart((("corp/AWSLogs/", "AWSLogs/"), ("old/", "kept/")))
    assert bound.holds({"CopySource": {"Bucket": "old", "Key": source}, "Key": target}) is holds
    assert not bound.holds({"Key": target})


def test_a_listing_is_closed_with_its_block():
    """Though the rule is open still, and though nothing of the listing was asked for."""
    guard, change = Guard(AWS_REQUESTS), given_a_change(call="DeleteObjects", bulk=DELETE)
    with guard.opened(change, {}):
        with guard.listed(change, LISTING):
            pass
        with pytest.raises(GateClosed):
            guard.check(change.account, "s3", "DeleteObjects", deletion(LISTING[0]))


def test_only_lets_nothing_through_that_it_does_not_name():
    """A parameter that is None is not sent."""
    bound = Only(("Bucket", "Delete"))
    assert bound.holds({"Bucket": "old", "Delete": {}, "BypassGovernanceRetention": None})
    assert not bound.holds({"Bucket": "old", "Delete": {}, "BypassGovernanceRetention": True})


def test_only_is_about_a_part_where_it_names_one():
    """What a part does not name does not pass either; a part that is none does not."""
    bound = Only(("a", "b"), "Operation.Copy")
    assert bound.holds({"Operation": {"Copy": {"a": 1, "b": None}}, "Else": 1})
    for wrong in (
        {"Operation": {"Copy": {"a": 1, "c": 1}}},
        {"Operation": {"Copy": "a"}},
        {"Operation": {}},
        {},
    ):
        assert not bound.holds(wrong)
    assert bound.meaning() != Only(("a", "b")).meaning() == ["only", ["a", "b"]]


CONFIRM = Bulk(
    BulkAction.CONFIRM_JOBS,
    ("UpdateJobStatus",),
    {"AccountId": "1", "RequestedJobStatus": "Ready"},
    {},
    bounds=(Only(("AccountId", "JobId", "RequestedJobStatus")),),
    named="JobId",
)
READY = {"AccountId": "1", "JobId": "one", "RequestedJobStatus": "Ready"}


@pytest.mark.parametrize(
    ("operation", "more", "names", "passes"),
    [
        ("UpdateJobStatus", {}, ("one", "two"), True),
        ("UpdateJobStatus", {"JobId": "two"}, ("one", "two"), True),
        ("UpdateJobStatus", {"JobId": "three"}, ("one", "two"), False),
        ("UpdateJobStatus", {"JobId": None}, ("one", "two"), False),
        ("UpdateJobStatus", {}, (), False),
        ("UpdateJobStatus", {}, None, False),  # nobody said which
        ("UpdateJobStatus", {"RequestedJobStatus": "Cancelled"}, ("one",), False),
        ("UpdateJobStatus", {"StatusUpdateReason": "x"}, ("one",), False),
        ("UpdateJobPriority", {"Priority": 1}, ("one",), False),
        ("UpdateJobPriority", {}, ("one",), False),
        ("DeleteJobTagging", {}, ("one",), False),
    ],
)
def test_a_rule_that_binds_names_is_about_these_alone(operation, more, names, passes):
    """A job has no id when the plan is made; what is open for some is closed for all others, before and after."""
    guard, change = (
        Guard(AWS_REQUESTS),
        given_a_change(call="UpdateJobStatus", service="s3control", bulk=CONFIRM),
    )

    def let_through():
        try:
            guard.check(change.account, "s3control", operation, READY | more)
        except GateClosed:
            return False
        return True

    with guard.opened(change, {}):
        if names is None:
            assert let_through() is passes
        else:
            with guard.named(change, iter(names)):
                assert let_through() is passes
        assert not let_through()
    with guard.named(change, ("one",)):
        assert not let_through()


def test_names_are_those_of_one_rule():
    """What one rule was given is not another one's."""
    guard, mine = (
        Guard(AWS_REQUESTS),
        given_a_change("mine", call="UpdateJobStatus", service="s3control", bulk=CONFIRM),
    )
    other = given_a_change("other", call="UpdateJobStatus", service="s3control", bulk=CONFIRM)
    with guard.opened(mine, {}), guard.named(other, ("one",)), pytest.raises(GateClosed):
        guard.check(mine.account, "s3control", "UpdateJobStatus", READY)
    assert CONFIRM.meaning()[-1] == "JobId"
    assert len(DELETE.meaning()) == len(CONFIRM.meaning()) - 1, "a rule that binds none means what it did"


DELETE = Bulk(BulkAction.DELETE, ("DeleteObjects",), {"Bucket": "old"}, {}, listing="a" * 64)
LISTING = [("a", "1", ""), ("b", "2", ""), ("c", "3", ""), ("d", "4", "")]
VERSIONS = [("a", "1", "v1"), ("b", "2", "v2"), ("b", "2", "v3")]


def deletion(*rows: tuple[str, ...]) -> dict:
    named = [dict(zip(("Key", "ETag", "VersionId"), row, strict=False)) for row in rows]
    objects = [{name: value for name, value in one.items() if value} for one in named]
    return {"Bucket": "old", "Delete": {"Objects": objects}}


def let_through(*calls: dict, listing=LISTING) -> list[bool]:
    """Which of these deletions pass, one after the other, while the listing is open."""
    guard, change = Guard(AWS_REQUESTS), given_a_change(call="DeleteObjects", bulk=DELETE)
    found = []
    with guard.opened(change, {}), guard.listed(change, listing):
        for call in calls:
            try:
                guard.check(change.account, "s3", "DeleteObjects", call)
            except GateClosed:
                found.append(False)
            else:
                found.append(True)
    with pytest.raises(GateClosed):
        guard.check(change.account, "s3", "DeleteObjects", calls[0])
    return found


def test_a_deletion_passes_for_the_listed_objects():
    """In their order, in any handfuls; one that is gone already may be left out."""
    assert let_through(deletion(*LISTING)) == [True]
    assert let_through(deletion(*LISTING[:2]), deletion(LISTING[3])) == [True, True]


@pytest.mark.parametrize(
    "call",
    [
        deletion(("aa", "1")),  # a key that is not listed
        deletion(("a", "9")),  # a listed key with other bytes
        deletion(("a", "1"), ("x", "1")),  # one too many
        {"Bucket": "old", "Delete": {"Objects": [{"Key": "a"}]}},  # whatever bytes it has
        deletion(("a", "1", "v1")),  # a version, where none was reviewed
        {"Bucket": "old", "Delete": {"Objects": []}},
        {"Bucket": "old"},
        {**deletion(("a", "1")), "Bucket": "other"},
    ],
)
def test_nothing_else_is_deleted(call):
    """Twin of the above: one difference, and the whole call is refused."""
    assert let_through(call) == [False]


@pytest.mark.parametrize(
    ("calls", "passes"),
    [
        ([VERSIONS], [True]),
        ([VERSIONS[:1], VERSIONS[2:]], [True, True]),
        ([[("a", "1", "v9")]], [False]),  # the same key and bytes in a version that nobody reviewed
        ([[("a", "1", "")]], [False]),  # no version at all, which would only hide it
        ([[("a", "9", "v1")]], [False]),
        ([[("b", "2", "v1")]], [False]),  # another key's version
    ],
)
def test_where_the_listing_has_versions_each_is_bound_with_its_key(calls, passes):
    """By its id, whatever bytes another version has."""
    assert let_through(*(deletion(*rows) for rows in calls), listing=VERSIONS) == passes


def test_what_was_deleted_is_not_deleted_again():
    """A listing is gone through once: somebody else's later object of that name is not ours."""
    assert let_through(deletion(("a", "1")), deletion(("a", "1"))) == [True, False]


def test_without_the_listing_nothing_is_deleted():
    """The hash in the plan alone lets nothing through: the guard must hold the objects it stands for."""
    assert not permitted(DELETE, "DeleteObjects", deletion(("a", "1")))
