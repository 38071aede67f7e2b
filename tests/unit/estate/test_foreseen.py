"""At plan time each old bucket's policy, and its key's, is asked whether it will let the copier in."""

import re

import pytest

from onetrail.estate.backlog.backlog import direction_of
from onetrail.estate.backlog.obstacles import obstacles
from onetrail.estate.policy_documents.foreseen import owner_refused
from onetrail.iam import build
from tests.unit.steps.given_sources import KEY, LOG, OWNER, ROOT, SETTINGS, SOURCE, given_a_bucket, given_a_key

COPIER = f"arn:aws:iam::{LOG}:role/onetrail-copier"


def a_deny(sid="Perimeter", action="s3:Get*", **condition):
    where = ["arn:aws:s3:::old", "arn:aws:s3:::old/*"]
    said = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": where}
    return {**said, "Condition": condition} if condition else said


PERIMETER = a_deny(action=["s3:GetObject*", "s3:ListBucket*"], StringNotEquals={"aws:PrincipalAccount": SOURCE})
NETWORK = a_deny("VpcOnly", StringNotEquals={"aws:SourceVpce": "vpce-1"})
EVERYBODY = a_deny("Nobody")
EXEMPT = a_deny(StringNotEquals={"aws:PrincipalAccount": SOURCE}, ArnNotEquals={"aws:PrincipalArn": COPIER})


@pytest.mark.parametrize(
    ("statement", "direction", "why"),
    [
        # a data perimeter around the source account: its own copier is let through
        (
            PERIMETER,
            "push",
            (
                "its statement Perimeter refuses s3:GetObject (by aws:PrincipalAccount) to the log account's copier,"
                " and not to one of its own account"
            ),
        ),
        (EXEMPT, "pull", "a role of the log account can read it"),
        (NETWORK, "pull", "a role of the log account can read it"),  # push would meet it too
        (EVERYBODY, "pull", "a role of the log account can read it"),  # push would be refused too
    ],
)
def test_auto_pushes_what_a_pull_would_be_refused_and_a_push_not(statement, direction, why):
    """The reason names the statement and its condition."""
    assert direction_of(SETTINGS, given_a_bucket("old", statement), 0) == (direction, why)


@pytest.mark.parametrize(
    ("statement", "direction", "stops", "line"),
    [
        (
            PERIMETER,
            "pull",
            True,
            (
                "its statement Perimeter refuses s3:GetObject (by aws:PrincipalAccount) to onetrail-copier of the log"
                " account: set its direction to auto or push, or let the bucket's owner exempt the role"
            ),
        ),
        (
            EVERYBODY,
            "pull",
            True,
            (
                "its statement Nobody refuses s3:GetObject to onetrail-copier of the log account: let the bucket's"
                " owner exempt the role"
            ),
        ),
        (
            EVERYBODY,
            "push",
            True,
            (
                f"its statement Nobody refuses s3:GetObject to onetrail-copier of {SOURCE}: let the bucket's owner"
                " exempt the role"
            ),
        ),
        (
            NETWORK,
            "pull",
            False,
            (
                "its statement VpcOnly refuses s3:GetObject (by aws:SourceVpce) to onetrail-copier of the log"
                " account, unless the call carries the aws:SourceVpce it asks for: call from where it does, or let the"
                " bucket's owner exempt the role"
            ),
        ),
    ],
)
def test_a_policy_that_will_refuse_the_copier_is_an_obstacle_before_anything_is_sent(statement, direction, stops, line):
    """Which statement, by which condition, and what helps; one that depends on the network only warns."""
    (found,) = obstacles(SETTINGS, given_a_bucket("old", statement), direction)
    assert (found.name, found.stops, found.line) == ("05.bucket-policy", stops, line)


def test_nothing_is_an_obstacle_where_the_policy_lets_the_copier_through():
    """Twin: our own freeze, a perimeter that exempts the copier, and one that a push does not meet."""
    assert obstacles(SETTINGS, given_a_bucket(), "pull") == ()
    assert obstacles(SETTINGS, given_a_bucket("old", EXEMPT), "pull") == ()
    assert obstacles(SETTINGS, given_a_bucket("old", PERIMETER), "push") == ()
    ended = build.old_bucket_open("aws", "old", COPIER, ("AWSLogs/",), "2000-01-01T00:00:00Z")
    assert obstacles(SETTINGS, given_a_bucket("old", *ended), "pull") == ()  # a grant that ended is ours to take out


def test_only_statements_on_the_versions_of_a_bucket_with_versions_count():
    """A Deny of reading versions refuses no copy where there are none."""
    versions = a_deny(action="s3:GetObjectVersion")
    assert obstacles(SETTINGS, given_a_bucket("old", versions), "pull") == ()
    (found,) = obstacles(SETTINGS, given_a_bucket("old", versions, versioning="Enabled"), "pull")
    assert found.line.startswith("its statement Perimeter refuses s3:GetObjectVersion to onetrail-copier")


def test_a_key_whose_policy_refuses_the_copier_is_pushed_or_named():
    """The statement of the key's policy is named; twin: a Deny of something else."""
    deny = {"Sid": "OurAccountOnly", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    deny["Condition"] = {"StringNotEquals": {"aws:PrincipalAccount": SOURCE}}
    bucket = given_a_bucket(encryption="aws:kms", kms_key=KEY)
    shut, fine = given_a_key(policy=(ROOT, deny)), given_a_key(policy=(ROOT, {**deny, "Action": "kms:Encrypt"}))
    why = f"of the policy of its key {KEY}, its statement OurAccountOnly refuses kms:Decrypt (by aws:PrincipalAccount)"
    assert direction_of(SETTINGS, bucket, 0, keys=(shut,)) == ("push", why)
    assert direction_of(SETTINGS, bucket, 0, keys=(fine,))[0] == "pull"
    (found,) = obstacles(SETTINGS, bucket, "pull", keys=[shut])
    assert (found.name, found.line.split(":", 5)[0]) == ("05.key", f"of the policy of its key {KEY}".split(":")[0])


def test_what_the_owner_will_be_refused_is_named():
    """A Deny of PutBucketPolicy to all but a pipeline; twin: the identity of the parameters is exempt, or root asks."""
    shut = given_a_bucket(
        "old", a_deny("PipelineOnly", "s3:PutBucketPolicy", ArnNotEquals={"aws:PrincipalArn": OWNER + "-ci"})
    )
    (found,) = owner_refused(SETTINGS, shut, OWNER)
    assert str(found) == "its statement PipelineOnly refuses s3:PutBucketPolicy (by aws:PrincipalArn)"
    assert owner_refused(SETTINGS, shut, OWNER + "-ci") == ()
    assert owner_refused(SETTINGS, shut, f"arn:aws:iam::{SOURCE}:root") == ()


def test_a_policy_without_room_for_the_copiers_statements_is_pushed_or_an_obstacle():
    """By name and bytes, and the other buckets go on; twin: a policy that has the room."""
    full = given_a_bucket("old", a_deny("Long" * 4_750, "s3:DeleteBucket"))
    room = given_a_bucket("old", a_deny("Long" * 1_000, "s3:DeleteBucket"))
    direction, why = direction_of(SETTINGS, full, 0)
    said = r"its policy would have 2\d,\d{3} bytes with the copier's statements, and AWS takes 20,480"
    assert direction == "push"
    assert re.fullmatch(said, why)
    assert direction_of(SETTINGS, room, 0)[0] == "pull"
    (found,) = obstacles(SETTINGS, full, "pull")
    assert (found.name, found.stops) == ("05.document-size", True)
    assert re.fullmatch(said + ": set its direction to auto or push, or let the bucket's owner shorten it", found.line)
    assert obstacles(SETTINGS, full, "push") == obstacles(SETTINGS, room, "pull") == ()
