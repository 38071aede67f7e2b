"""Right before a plan is applied, the settings that it reviewed are read again, and what differs is named."""

import pytest

from onetrail.aws.one_look import one_look
from onetrail.aws.remembered import Answer
from onetrail.aws.reviewed import SETTINGS, difference, reviewed_by
from onetrail.aws.witness import EstateWitness
from onetrail.change import Bulk, BulkAction
from tests.unit.aws import test_guarded_clients, test_remembered
from tests.unit.aws.test_guarded_clients import LOG
from tests.unit.change.given import given_a_change, given_a_plan

clients, wire = test_guarded_clients.clients, test_remembered.wire
"""The fixtures of those modules."""
PLAN = given_a_plan(given_a_change(account=LOG, parameters={"Bucket": "old", "Policy": "{}"}))
UNSET = (404, "<Error><Code>NoSuchBucketPolicy</Code></Error>")
REFUSED = (403, "<Error><Code>AccessDenied</Code></Error>")


@one_look
def observe(settings, clients, bucket="old"):
    try:
        clients.client("s3", LOG).get_bucket_policy(Bucket=bucket, ExpectedBucketOwner=LOG)
    except clients.client("s3", LOG).exceptions.ClientError:
        pass


@pytest.mark.parametrize(
    ("reviewed", "now", "differences"),
    [
        ((200, '{"Statement": []}'), (200, '{"Statement": []}'), ()),
        (
            (200, '{"Statement": []}'),
            (200, '{"Statement": [{}]}'),
            (f"s3:GetBucketPolicy of old in account {LOG} answers differently now",),
        ),
        (UNSET, UNSET, ()),
        (
            UNSET,
            (200, '{"Statement": []}'),
            (f"s3:GetBucketPolicy of old in account {LOG} answers differently now",),
        ),
        # Nobody could look: that is not the same as before.
        (
            (200, '{"Statement": []}'),
            REFUSED,
            (f"s3:GetBucketPolicy of old in account {LOG} cannot be read now: AccessDenied: ",),
        ),
    ],
)
def test_a_setting_is_compared_as_aws_answers_it(clients, wire, reviewed, now, differences):
    """Its value, and that it is not set."""
    wire.answers = [reviewed, now]
    observe(clients.settings, clients)
    witness = EstateWitness(clients)
    assert witness.settings_of(PLAN) == 1
    assert witness.look_again(PLAN) == (1, differences)
    assert len(wire.sent) == 2


def test_a_later_observation_is_no_part_of_what_the_plan_reviewed(clients, wire):
    """The check of a notebook observes again before a person approves. Twin: a gate that is made after it."""
    wire.answers = [(200, '{"Statement": []}'), (200, '{"Statement": [{}]}')]
    observe(clients.settings, clients)
    witness = EstateWitness(clients)
    observe(clients.settings, clients)
    assert len(witness.look_again(PLAN).differences) == 1
    assert EstateWitness(clients).look_again(PLAN).differences == ()


def test_reading_again_does_not_become_what_was_reviewed(clients, wire):
    """A plan that was refused once is refused again."""
    wire.answers = [(200, '{"Statement": []}'), (200, '{"Statement": [{}]}')]
    observe(clients.settings, clients)
    assert len(EstateWitness(clients).look_again(PLAN).differences) == 1
    assert len(EstateWitness(clients).look_again(PLAN).differences) == 1


def test_what_the_plan_does_not_change_is_not_read_again(clients, wire):
    """Another bucket, or the same name in another account."""
    wire.answers = [(200, '{"Statement": []}')]
    observe(clients.settings, clients, "other")
    assert EstateWitness(clients).look_again(PLAN) == (0, ())
    assert len(wire.sent) == 1


def test_no_listing_is_read_again():
    """Neither of objects nor of roles."""
    listings = {call for _, call in SETTINGS if call.startswith("List")}
    assert listings == {"ListAliases", "ListAttachedRolePolicies", "ListRolePolicies", "ListTargetsForPolicy"}


def answer(asked, **parsed):
    return Answer(None, parsed, 0.0, asked)


def test_what_changes_by_itself_is_not_compared():
    """When a trail delivered last, and when a role was last used. Twin: that it logs, and whom the role trusts."""
    stop = given_a_change(service="cloudtrail", call="StopLogging", parameters={"Name": "old-trail"})
    key = ("cloudtrail", stop.account, "us-east-1", "", "GetTrailStatus", "")
    asked = {"Name": "old-trail"}
    was = answer(asked, IsLogging=True, LatestDeliveryTime=1)
    assert difference([stop], key, was, answer(asked, IsLogging=True, LatestDeliveryTime=2)) == ""
    assert "GetTrailStatus of old-trail" in difference([stop], key, was, answer(asked, IsLogging=False))
    key = ("iam", stop.account, "us-east-1", "", "GetRole", "")
    asked = {"RoleName": "r"}
    was = answer(asked, Role={"RoleName": "r", "RoleLastUsed": {"Region": "a"}})
    assert difference([], key, was, answer(asked, Role={"RoleName": "r", "RoleLastUsed": {}})) == ""
    assert difference([], key, was, answer(asked, Role={"RoleName": "r", "AssumeRolePolicyDocument": "x"})) != ""


def test_another_trail_of_the_region_is_no_difference():
    """Only those that the plan names."""
    drop = given_a_change(service="cloudtrail", call="DeleteTrail", parameters={"Name": "old-trail"})
    key = ("cloudtrail", drop.account, "us-east-1", "", "DescribeTrails", "")
    asked = {"includeShadowTrails": False}
    was = answer(asked, trailList=[{"Name": "old-trail", "S3BucketName": "a"}])
    more = answer(asked, trailList=[{"Name": "new"}, {"Name": "old-trail", "S3BucketName": "a"}])
    assert difference([drop], key, was, more) == ""
    gone = answer(asked, trailList=[{"Name": "new"}])
    assert difference([drop], key, was, gone) == (
        f"cloudtrail:DescribeTrails in us-east-1 in account {drop.account} answers differently now"
    )


def test_a_rule_over_a_bucket_reviews_the_settings_of_its_buckets():
    """Where it copies from and to."""
    fixed = {"Bucket": "new", "CopySource.Bucket": "old"}
    copy = given_a_change(
        call="CopyObject", parameters={}, resource="old -> new", bulk=Bulk(BulkAction.COPY, ("CopyObject",), fixed, {})
    )
    kept = {
        ("s3", copy.account, "us-east-1", "", "GetBucketPolicy", name): answer({"Bucket": name})
        for name in ("old", "new", "third")
    }
    assert [key[5] for key in reviewed_by([copy], kept)] == ["old", "new"]


def about(change, service, account, call, asked, **parsed):
    """How many of one answer are about this change."""
    key = (service, account, "us-east-1", "", call, "")
    return len(reviewed_by([change], {key: answer(asked, **parsed)}))


KEY, OTHER_KEY = (f"arn:aws:kms:us-east-1:{LOG}:key/{name}" for name in ("one", "two"))


def test_the_bucket_that_is_copied_from_is_read_again_whoever_reads_it():
    """A copy is sent in the log account, and its source was read in another. Twin: a bucket that it does not name."""
    rule = Bulk(BulkAction.COPY, ("CopyObject",), {"Bucket": "archive", "CopySource.Bucket": "old"}, {})
    copy = given_a_change(account=LOG, call="CopyObject", parameters={}, bulk=rule)
    assert about(copy, "s3", "111122223333", "GetBucketPolicy", {"Bucket": "old"}, Policy="{}") == 1
    assert about(copy, "s3", "111122223333", "GetBucketPolicy", {"Bucket": "else"}, Policy="{}") == 0


def test_an_alias_that_leads_to_another_key_now_is_a_difference():
    """The plan names the key that the alias led to. Twins: another alias that moved, and a key of which the plan says
    nothing."""
    put = given_a_change(
        account=LOG,
        call="PutBucketEncryption",
        parameters={"Bucket": "a", "Rules": [{"Apply": {"KMSMasterKeyID": KEY}}]},
    )
    assert about(put, "kms", LOG, "DescribeKey", {"KeyId": "alias/ours"}, KeyMetadata={"Arn": KEY, "KeyId": "one"}) == 1
    assert about(put, "kms", LOG, "DescribeKey", {"KeyId": "alias/x"}, KeyMetadata={"Arn": OTHER_KEY}) == 0
    ours, other = {"AliasName": "alias/ours", "TargetKeyId": "one"}, {"AliasName": "alias/x", "TargetKeyId": "three"}
    assert about(put, "kms", LOG, "ListAliases", {}, Aliases=[ours, other]) == 1
    assert about(put, "kms", LOG, "ListAliases", {}, Aliases=[other]) == 0
    key = ("kms", LOG, "us-east-1", "", "ListAliases", "")
    was = answer({}, Aliases=[ours, other])
    assert difference([put], key, was, answer({}, Aliases=[{**ours, "LastUpdatedDate": 2}])) == ""
    moved = answer({}, Aliases=[{**ours, "TargetKeyId": "two"}, other])
    assert (
        difference([put], key, was, moved) == f"kms:ListAliases in us-east-1 in account {LOG} answers differently now"
    )
